"""A short round of `make torture`."""

import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.torture import RESUMED, deal, told, torture

STAGES = ["check", "synthesize", "map_writers", "split", "crop", "train", "evaluate", "explain"]


@pytest.mark.skipif(sys.platform == "win32", reason="process groups and SIGKILL are POSIX")
def test_a_killed_run_ends_as_if_it_had_not_been(tmp_path: Path):
    counts = torture(tmp_path, kills=1, seed=3, epochs=15, last="train")
    assert counts["rounds"] == counts["exact"] == counts["in train"] == counts["fits resumed"] == 1
    assert "1 kills (1 in train) in 1 rounds, 1 of them exact; 1 fits resumed in their middle" in told(counts)


def test_kills_are_dealt_out_to_every_stage():
    rounds = deal(STAGES, 30)
    counts = Counter(stage for each in rounds for stage in each)
    assert sum(counts.values()) == 30 and len(rounds) == 10
    assert set(counts) == set(STAGES) and min(counts.values()) >= 3 and max(counts.values()) <= 6
    assert sum("train" in each for each in rounds) >= RESUMED + 1
    assert all(len(each) == len(set(each)) and each == sorted(each, key=STAGES.index) for each in rounds)
