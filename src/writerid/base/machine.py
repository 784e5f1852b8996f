"""The machine that a run was made on, in words."""

import os
import platform
from pathlib import Path


def processor() -> str:
    """Return the number of cores and the processor's name, which is the full one only on Linux."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{os.cpu_count()} cores of {name}"
