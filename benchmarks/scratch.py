"""The project's own stages, run and measured in a folder of their own."""

import os
import resource
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from tests.conftest import edit_params

ROOT = Path(__file__).resolve().parents[1]
DRAWN = ROOT / "data/synthetic.zip"


class Measured(NamedTuple):
    """Seconds from the start of a process to its end, by the clock and of all cores together, and its peak in MB."""

    seconds: float
    cpu: float
    peak: float


def prepare(folder: Path, archive: Path, changes: Mapping[str, Any]) -> Path:
    """Put params.yaml, with some values changed, into a folder, and a link to an archive, which is returned."""
    if not archive.exists():
        sys.exit(f"error: {archive}: there is no such archive")
    (folder / "data").mkdir()
    shutil.copyfile(ROOT / "params.yaml", folder / "params.yaml")
    edit_params(folder / "params.yaml", {**changes, "dataset": "data/set.zip"})
    link = folder / "data/set.zip"
    link.symlink_to(archive.resolve())
    return link


def measure(stages: Sequence[str], folder: Path) -> Measured:
    """Run stages in a folder, one after the other in one process.

    Peak memory is read from /proc: Linux only.
    """
    runs = "".join(f"import stages.{stage} as stage; stage.main(); " for stage in stages)
    program = f"{runs}print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    started = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=folder, env=environment, stdout=subprocess.PIPE, text=True
    )
    if done.returncode:
        sys.exit(f"{' '.join(stages)} ended with {done.returncode}")
    seconds, after = time.perf_counter() - started, resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Measured(seconds, cpu, int(done.stdout.split()[-1]) / 1024)
