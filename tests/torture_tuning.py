"""Kill parts of a running grid with SIGKILL at random moments, and see that the same command then ends it cleanly.

    python -m tests.torture_tuning [--kills 20] [--seed 0]

A round kills one process of one kind; PARTS names the kinds. The fits are stand-ins.
"""

import argparse
import os
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import psutil

from tests.tuning_clone import TUNE, Clone
from writerid.base.parallel import cores

# What a part's command line holds.
PARTS = {
    "the command": "stages[.]tune",
    "a Ray worker": r"^ray::(run|IDLE)|^\S*python( -\S+)* \S*default_worker[.]py",
    "the raylet": "raylet/raylet",
    "a guard": "-I -S -c",
    "DVC": "dvc exp run",
    "a stage": "-m stages[.]train",
    "Ray's server": "gcs/gcs_server",
    "Ray's agent": "^ray::.*Agent",
}
LIMIT = 600  # seconds, for a hang


def processes(clone: Clone) -> list[psutil.Process]:
    """All that a call has started, itself too: they share a variable, which a few overwrite with their titles."""
    found: set[psutil.Process] = set()
    for process in psutil.process_iter():
        try:
            if process.environ().get("FLAGS") == str(clone.flags) and process.status() != psutil.STATUS_ZOMBIE:
                found |= {process, *process.children(recursive=True)}
        except psutil.Error:
            continue
    return sorted(found, key=lambda process: process.pid)


def kill(clone: Clone, part: str = "") -> bool:
    """Kill one process of a kind, or of any; returns whether there was one."""
    for process in processes(clone):
        try:
            if re.search(PARTS.get(part, ""), " ".join(process.cmdline())):
                os.kill(process.pid, signal.SIGKILL)
                return True
        except (psutil.Error, ProcessLookupError):
            continue
    return False


def results(clone: Clone) -> dict[str, list[str]]:
    """What each experiment must hold, to the byte."""
    paths = ("dvc.lock", "params.yaml", "metrics/train")
    return {
        name: [clone.git("rev-parse", f"{rev}:{path}") for path in paths] for name, rev in clone.experiments().items()
    }


def start_over(clone: Clone) -> None:
    """Forget all experiments, what failed, and the fits in DVC's cache."""
    shutil.rmtree(clone.path / ".dvc/tmp/tune/logs", ignore_errors=True)
    for line in clone.git("for-each-ref", "--format=%(refname)", "refs/exps").splitlines():
        clone.git("update-ref", "-d", line)
    for path in sorted((clone.path / ".dvc/cache/runs").rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()


def go_on(clone: Clone, command: tuple[str, ...]) -> str:
    """Give the same command again, as its error says; returns what it said.

    Ray gives itself half a minute to start, which on a machine with far more work than cores may be too little.
    """
    said = ""
    for _ in range(5):
        process = clone.start(*command)
        said += process.communicate(timeout=LIMIT)[0]
        if process.returncode == 0:
            return said
        if "Ray does not start here; run the same command again" not in said:
            break
    raise AssertionError(said)


def torture(clone: Clone, kills: int, seed: int) -> Counter[str]:
    """Run a grid so many times, each with one kill, and go on; returns counts of kills by part, and of clean ends."""
    parts, places = list(PARTS), min(2, cores())
    tune = (*TUNE, "--until", "train", "--workers", str(places))
    go_on(clone, tune)
    expected = results(clone)
    assert len(expected) == 2
    moments = random.Random(seed)
    counts: Counter[str] = Counter()
    while counts["kills"] < kills:
        part = parts[counts["rounds"] % len(parts)]
        start_over(clone)
        counts["rounds"] += 1
        for layers in (1, 2):
            (clone.flags / f"wait-{layers}").touch()
        begun = len(clone.trained())
        process = clone.start(*tune)
        deadline = time.monotonic() + LIMIT
        # Half of the kills hit while fits go on, the others at any time before.
        if moments.random() < 0.5 or part == "a stage":
            while len(clone.trained()) < begun + places and process.poll() is None and time.monotonic() < deadline:
                time.sleep(0.1)
        time.sleep(moments.uniform(0, 3))
        while not kill(clone, part) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.1)
        counts["kills"] += 1
        counts[f"of {part}"] += 1
        for layers in (1, 2):
            (clone.flags / f"wait-{layers}").unlink()
        said = process.communicate(timeout=LIMIT)[0]
        went_on = process.returncode == 0
        if not went_on:
            said += go_on(clone, tune)
        while processes(clone) and time.monotonic() < deadline:
            time.sleep(0.2)
        problems = [name for name, value in expected.items() if results(clone).get(name) != value]
        problems += sorted(results(clone).keys() - expected.keys())
        problems += [str(path) for path in clone.path.glob(".dvc/tmp/tune/trials/*")]
        problems += [" ".join(each.cmdline()) for each in processes(clone)]
        problems += [clone.git("status", "--porcelain")] if clone.git("status", "--porcelain") else []
        counts["clean"] += not problems
        counts["in one call"] += went_on
        print(f"{counts['kills']:>3} {part}: {problems or 'clean'}", said if problems else "", flush=True)
    return counts


def main() -> None:
    """Print the counts; exit status 1 where an end was not clean."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    with tempfile.TemporaryDirectory() as folder:
        clone = Clone(Path(folder), {"layers": [1, 2]})
        try:
            counts = torture(clone, options.kills, options.seed)
        finally:  # also where `timeout` ends this; it sends its signal twice
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            while kill(clone):
                time.sleep(0.1)
    print(", ".join(f"{count} {name}" for name, count in counts.items()))
    sys.exit(counts["clean"] != counts["rounds"])


if __name__ == "__main__":
    main()
