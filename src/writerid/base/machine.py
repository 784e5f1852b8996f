"""The machine that this process runs on."""

import os
import platform
from itertools import takewhile
from pathlib import Path

import pynvml

from writerid.base.parallel import cores


def processor() -> str:
    """Return the number of cores and the processor's name, which is the full one only on Linux."""
    name = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        name = next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    return f"{os.cpu_count()} cores of {name}"


def resources() -> dict[str, float]:
    """Return how many cores (CPU) and NVIDIA GPUs (GPU) this process may use."""
    try:
        pynvml.nvmlInit()
        count = pynvml.nvmlDeviceGetCount()
    except pynvml.NVMLError:
        return {"CPU": cores(), "GPU": 0}
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:  # CUDA counts up to the first that there is not, such as -1
        names = (name.strip() for name in visible.split(","))
        known = (name.startswith(("GPU-", "MIG-")) or (name.isdecimal() and int(name) < count) for name in names)
        count = min(count, len([*takewhile(bool, known)]))
    return {"CPU": cores(), "GPU": count}
