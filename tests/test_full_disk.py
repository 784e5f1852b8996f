"""A full disk is one clear line, nothing is left half-written, and a run with room succeeds."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import Run


@pytest.fixture
def small_disk(checkout: Path):
    """A folder of the checkout's on a disk of its own with 64 KB."""
    folder = checkout / "data"
    mount = shutil.which("mount")
    if not mount or not hasattr(os, "geteuid") or os.geteuid() != 0:
        pytest.skip("mounting a small disk takes root")
    mounted = subprocess.run([mount, "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)], capture_output=True)
    if mounted.returncode:
        pytest.skip("this machine lets nobody mount a disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=False)


def test_a_full_disk(checkout: Path, stage: Run, small_disk: Path):
    refused = stage("synthesize", check=False)
    assert refused.returncode == 1
    assert "error: No space left on device" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not list(small_disk.iterdir())
    subprocess.run(["umount", str(small_disk)], check=True)
    stage("synthesize")
    assert (small_disk / "synthetic.zip").is_file()
