"""The machine a run was made on, in words."""

import os
import platform
from pathlib import Path


def processor() -> str:
    """Return the processor, by its name where Linux tells it, and the number of its cores that this machine has."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{os.cpu_count()} cores of {name}"
