"""Kill `dvc repro` at random moments, go on, and compare with a run that was never interrupted.

    python -m tests.torture [--kills 30] [--seed 0]

Works in a temporary clone, on tiny data. A round starts from nothing, is killed (SIGKILL to the whole process
group) at a few random moments, and is then let run to its end: dvc.lock, the metrics and dvclive's tables must be
the same bytes, and nothing may be left lying about.
"""

import argparse
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.conftest import copy_checkout, edit_params, environment, runner

KILLS_A_ROUND = 3
EPOCHS = 40


def results(clone: Path) -> dict[str, bytes]:
    """All that must come out the same: the lock, which holds every output's hash, and the metrics and tables."""
    kept = [clone / "dvc.lock", *(p for p in sorted((clone / "metrics").rglob("*")) if p.is_file())]
    return {str(path.relative_to(clone)): path.read_bytes() for path in kept if path.name != "runtime.json"}


def litter(clone: Path) -> list[str]:
    """Return what should not be there after a whole run."""
    found = [*clone.rglob(".partial-*"), *clone.glob(".state")]
    return [str(path.relative_to(clone)) for path in found]


def start_over(clone: Path) -> None:
    """Remove all outputs, and DVC's memory of them."""
    for name in (".dvc/cache", ".dvc/tmp", ".state", "models", "data", "metrics"):
        shutil.rmtree(clone / name, ignore_errors=True)
    (clone / "dvc.lock").unlink(missing_ok=True)


def kill_after(clone: Path, seconds: float) -> bool:
    """Start `dvc repro` and kill its process group after so many seconds; whether it was still at work."""
    process = subprocess.Popen(
        ["dvc", "repro"],
        cwd=clone,
        env=environment(),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        return True
    return False


def mend_lock(clone: Path) -> bool:
    """Remove DVC's own lock file where a kill left it empty, as `make repro` does; whether there was one."""
    lock = clone / ".dvc/tmp/rwlock"
    empty = lock.is_file() and not lock.stat().st_size
    if empty:
        lock.unlink()
    return empty


def torture(folder: Path, kills: int, seed: int) -> dict[str, int]:
    """Run rounds until so many kills hit; returns counts of kills, rounds, and rounds that ended alike."""
    clone = copy_checkout(folder / "clone")
    run = runner(clone)
    run("git", "init", "--quiet")
    run("git", "-c", "user.name=t", "-c", "user.email=t@t.invalid", "commit", "--allow-empty", "--quiet", "-m", "x")
    edit_params(clone / "params.yaml", {"epochs": EPOCHS})
    start_over(clone)
    started = time.monotonic()
    run("dvc", "repro")
    whole = time.monotonic() - started
    expected = results(clone)
    assert not litter(clone), litter(clone)
    moments = random.Random(seed)
    counts = {"kills": 0, "rounds": 0, "exact": 0, "epochs resumed": 0, "locks mended": 0}
    while counts["kills"] < kills:
        start_over(clone)
        for _ in range(min(KILLS_A_ROUND, kills - counts["kills"])):
            counts["kills"] += kill_after(clone, moments.uniform(0.5, whole))
            counts["locks mended"] += mend_lock(clone)
        counts["epochs resumed"] += len(list(clone.glob(".state/train-*/check-*")))
        run("dvc", "repro")
        found = results(clone)
        different = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        different += litter(clone)
        counts["rounds"] += 1
        counts["exact"] += not different
        print(f"{counts['kills']:>3} kills, {counts['rounds']} rounds, {counts['exact']} exact", *different, flush=True)
    return counts


def main() -> None:
    """Print the counts; exit status 1 where a round did not end alike."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = torture(Path(folder), options.kills, options.seed)
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    sys.exit(counts["exact"] != counts["rounds"])


if __name__ == "__main__":
    main()
