"""Kill `dvc repro` at random moments, go on, and compare with a run that was never interrupted.

    python -m tests.torture [--kills 30] [--seed 0] [--epochs 200]

Works in a temporary clone, on tiny data. A round starts from nothing, is killed (SIGKILL to the whole process
group) at random moments of a few stages, and is then let run to its end: dvc.lock, the metrics and dvclive's tables
must be the same bytes, and nothing may be left lying about. Kills are dealt out so that each stage gets its share,
and a fit is always killed when some of its epochs are done.
"""

import argparse
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from tests.conftest import copy_checkout, edit_params, environment, runner

KILLS_A_ROUND = 3
RESUMED = 5  # fits at least, of 30 kills
STAGE = re.compile(r"Running stage '(\w+)':")


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


def start(clone: Path) -> subprocess.Popen[str]:
    """Start `dvc repro`, in a process group of its own."""
    return subprocess.Popen(
        ["dvc", "repro"],
        cwd=clone,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def stage_seconds(clone: Path) -> dict[str, float]:
    """Let `dvc repro` run to its end; returns how long each stage took, with what DVC does after it."""
    started: dict[str, float] = {}
    with start(clone) as process:
        assert process.stdout
        for text in process.stdout:
            if found := STAGE.match(text):
                started[found[1]] = time.monotonic()
    assert process.returncode == 0
    ends = [*list(started.values())[1:], time.monotonic()]
    return {name: end - begin for (name, begin), end in zip(started.items(), ends, strict=True)}


def deal(stages: Sequence[str], kills: int) -> list[list[str]]:
    """Return the stages to kill, by round in the pipeline's order: a fit in each as long as there are rounds to do.

    The others take turns, so that none is killed twice more often than another.
    """
    others = [stage for stage in stages if stage != "train"]
    rounds: list[list[str]] = []
    turn = 0
    while kills > 0:
        count = min(KILLS_A_ROUND, kills)
        fit = ["train"] if len(rounds) <= RESUMED or not others else []
        dealt = [others[(turn + each) % len(others)] for each in range(count - len(fit))] if others else []
        turn += len(dealt)
        rounds.append(sorted(fit + dealt, key=list(stages).index))
        kills -= count
    return rounds


def kill_in(clone: Path, stage: str, seconds: float, epochs: int) -> bool:
    """Kill `dvc repro` so many seconds into a stage, or after so many epochs of a fit; whether it came to that."""
    with start(clone) as process:
        assert process.stdout
        if not any((found := STAGE.match(text)) and found[1] == stage for text in process.stdout):
            return False
        until = time.monotonic() + seconds
        while process.poll() is None:
            if finished_epochs(clone) >= epochs if stage == "train" else time.monotonic() >= until:
                os.killpg(process.pid, signal.SIGKILL)
                return True
            time.sleep(0.005)
    return False


def finished_epochs(clone: Path) -> int:
    """How many epochs of a fit that is not done are kept, so that they need not be done again."""
    return len(list(clone.glob(".state/train-*/check-*"))) if list(clone.glob(".state/train-*/state.npz")) else 0


def mend_lock(clone: Path) -> bool:
    """Let make mend DVC's own files, as `make repro` does; whether a kill had cut one off."""
    return "cut off" in runner(clone)("make", "--silent", "unlock").stdout


def torture(folder: Path, kills: int, seed: int, epochs: int) -> Counter[str]:
    """Run rounds of the pipeline until so many kills hit.

    Returns counts: kills, also by stage, rounds, rounds that ended alike, fits that went on, and their epochs.
    """
    clone = copy_checkout(folder / "clone")
    run = runner(clone)
    run("git", "init", "--quiet")
    run("git", "-c", "user.name=t", "-c", "user.email=t@t.invalid", "commit", "--allow-empty", "--quiet", "-m", "x")
    edit_params(clone / "params.yaml", {"epochs": epochs})
    start_over(clone)
    seconds = stage_seconds(clone)  # in the pipeline's order
    expected = results(clone)
    assert not litter(clone), litter(clone)
    moments = random.Random(seed)
    counts = Counter(dict.fromkeys(("kills", "rounds", "exact", "fits resumed", "epochs resumed", "locks mended"), 0))
    waiting = deal(list(seconds), kills)
    while waiting:
        start_over(clone)
        for stage in waiting.pop(0):
            moment = moments.uniform(0, seconds[stage])
            if kill_in(clone, stage, moment, moments.randint(1, max(1, epochs // 2))):
                counts["kills"] += 1
                counts[f"in {stage}"] += 1
            else:
                waiting.append([stage])  # it was done before its moment came
            counts["locks mended"] += mend_lock(clone)
        run("dvc", "repro")
        resumed = json.loads((clone / "metrics/runtime.json").read_text())["epochs_resumed"]
        counts["fits resumed"] += resumed > 0
        counts["epochs resumed"] += resumed
        found = results(clone)
        different = sorted(name for name in expected.keys() | found.keys() if expected.get(name) != found.get(name))
        different += litter(clone)
        counts["rounds"] += 1
        counts["exact"] += not different
        print(f"{counts['kills']:>3} kills, {counts['rounds']} rounds, {counts['exact']} exact", *different, flush=True)
    return counts


def told(counts: Counter[str]) -> str:
    """Return the counts in a sentence."""
    by_stage = ", ".join(f"{count} {name}" for name, count in counts.items() if name.startswith("in "))
    return (
        f"{counts['kills']} kills ({by_stage}) in {counts['rounds']} rounds, {counts['exact']} of them exact; "
        f"{counts['fits resumed']} fits resumed in their middle, after {counts['epochs resumed']} finished epochs; "
        f"{counts['locks mended']} of DVC's files mended"
    )


def main() -> None:
    """Print the counts; exit status 1 where a round did not end alike, or too few fits were resumed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=30)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=200, help="of a fit: enough that it outlasts its imports")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        counts = torture(Path(folder), options.kills, options.seed, options.epochs)
    print(told(counts))
    sys.exit(counts["exact"] != counts["rounds"] or counts["fits resumed"] < min(RESUMED, options.kills // 6))


if __name__ == "__main__":
    main()
