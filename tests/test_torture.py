"""What the scripts that torture do and say; tests/test_pipeline.py looks at a run that was killed as they kill it."""

import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests import torture_stages
from tests.torture import RESUMED, deal, told
from tests.torture_stages import End

STAGES = ["check", "synthesize", "map_writers", "split", "crop", "train", "evaluate", "explain", "enrol"]


def test_kills_are_dealt_out_to_every_stage():
    rounds = deal(STAGES, 30)
    counts = Counter(stage for each in rounds for stage in each)
    assert sum(counts.values()) == 30 and len(rounds) == 10
    assert set(counts) == set(STAGES) and min(counts.values()) >= 3 and max(counts.values()) <= 6
    assert sum("train" in each for each in rounds) >= RESUMED + 1
    assert all(len(each) == len(set(each)) and each == sorted(each, key=STAGES.index) for each in rounds)


def test_it_says_what_was_killed_and_went_on():
    counts = Counter({"kills": 3, "rounds": 1, "exact": 1, "fits resumed": 1, "epochs resumed": 4, "locks mended": 0})
    assert told(counts | Counter({"in train": 2, "in crop": 1})) == (
        "3 kills (2 in train, 1 in crop) in 1 rounds, 1 of them exact; 1 fits resumed in their middle, after 4 "
        "finished epochs; 0 of DVC's files mended"
    )


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="who listens to a signal is read from /proc")
def test_a_stage_that_ends_otherwise_is_told(checkout: Path):
    assert torture_stages.let_run(checkout, "check", {}).problem == "other bytes"
    made = torture_stages.outputs(checkout)
    assert "data/checked.json" in made
    assert torture_stages.let_run(checkout, "check", made)[1:] == (False, "")
    assert torture_stages.interrupt(checkout, "check", made, signal.SIGTERM, 0)[1:] == (True, "")
    (checkout / "params.yaml").write_text("{")
    assert "error: params.yaml" in torture_stages.let_run(checkout, "check", made).problem
    assert torture_stages.interrupt(checkout, "check", made, signal.SIGINT, 30).problem.startswith("1: error: params")


def test_hangs_and_tracebacks_are_counted(capsys: pytest.CaptureFixture[str]):
    ends = [End(1, True, ""), End(2, False, ""), End(300, True, "hangs: x"), End(3, True, "1: Traceback")]
    assert torture_stages.told("stops", iter(ends)) == ends
    assert capsys.readouterr().out.splitlines()[-1] == (
        "4 stops: 3 interrupted before their end, 2 right, 1 hung, 1 with a traceback; "
        "seconds: median 2.5, slowest 300.0"
    )
