"""A short round of `make torture`."""

import sys
from pathlib import Path

import pytest

from tests.torture import torture


@pytest.mark.skipif(sys.platform == "win32", reason="process groups and SIGKILL are POSIX")
def test_a_killed_run_ends_as_if_it_had_not_been(tmp_path: Path):
    counts = torture(tmp_path, kills=1, seed=3, epochs=40, last="evaluate")
    assert counts["rounds"] == counts["exact"] == 1
