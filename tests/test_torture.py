"""What `make torture` does and says; tests/test_pipeline.py looks at a run that was killed as it kills them."""

from collections import Counter

from tests.torture import RESUMED, deal, told

STAGES = ["check", "synthesize", "map_writers", "split", "crop", "train", "evaluate", "explain"]


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
