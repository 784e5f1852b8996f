"""The test side's decisions, on log-probabilities that say what must come out."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.conftest import tiny_network
from writerid.crops.windows import CROP, Packed
from writerid.dataset.splits import SideLine
from writerid.evaluation.reported import METRICS, WRITER, Levels, Scores, evaluate
from writerid.network.models import build
from writerid.scores.decisions import log_softmax

# Most training lines are by b, most lines of all by a.
TRAINED = [SideLine("t-00", "t", "b"), SideLine("t-01", "t", "b"), SideLine("u-00", "u", "a")]


@pytest.fixture
def packed() -> Packed:
    """Lines 1 and 3 of writer a (one form), 4 of writer b; two crops a line, 10 columns wide, 5 apart."""
    crops = np.array([(line * 15 + offset, line, line // 4) for line in (1, 3, 4) for offset in (0, 5)], CROP)
    strips = np.arange(5 * 15 * 8, dtype=np.uint64).astype(np.uint8).reshape(75, 8)
    lines: dict[str, list[Any]] = {
        "line": list("vwxyz"),
        "form": ["f0", "f1", "f2", "f1", "f4"],
        "writer": list("aabab"),
        "width": [15, 15, 15, 700, 15],
        "height": [8] * 5,
    }
    return Packed(strips, {"test": crops, "validation": crops}, lines, np.arange(6) * 15, 10, ["a", "b"])


@pytest.fixture
def scores(packed: Packed) -> Scores:
    towards_a = np.array([3, 1, -2, -1, -3, 1])
    levels = Levels(packed, "test", log_softmax(np.column_stack([towards_a, -towards_a])))
    return Scores(packed, levels, {"crop": 1.0, "line": 2.0, "form": 1.0}, TRAINED)


def test_figures_by_level(scores: Scores):
    found = scores.figures(draws=100, seed=0)
    assert {level: found[level]["items"] for level in ("crop", "line", "form")} == {"crop": 6, "line": 3, "form": 2}
    assert found["crop"]["accuracy"] == pytest.approx(3 / 6)
    assert found["line"]["accuracy"] == pytest.approx(2 / 3)
    assert found["form"]["accuracy"] == 1
    assert found["line"]["balanced_accuracy"] == pytest.approx((1 / 2 + 1) / 2)
    assert found["largest_writer"] == {"crop": pytest.approx(2 / 6), "line": pytest.approx(1 / 3), "form": 0.5}
    assert found["chance"]["accuracy"] == 0.5
    assert found["line"]["temperature"] == 2
    assert found["line"]["calibrated_nll"] != found["line"]["nll"]
    assert found["crop"]["calibrated_nll"] == pytest.approx(found["crop"]["nll"])


def test_the_metrics_are_about_a_dozen_of_the_figures(scores: Scores):
    found = scores.figures(draws=100, seed=0)
    assert all(isinstance(found[level][name], float) for level, names in METRICS.items() for name in names)
    assert sum(map(len, METRICS.values())) == 8


def test_figures_by_length_and_by_lines_read(scores: Scores):
    found = scores.figures(draws=100, seed=0)
    assert found["short_lines"] == {"items": 2, "accuracy": 1}
    assert found["long_lines"] == {"items": 1, "accuracy": 0}
    read = found["lines_read"]
    assert list(read) == ["1", "2", "4", "8", "all"]
    assert 0.6 < read["1"] < 0.9  # one of the first form's two lines is wrong, the second form's one is right
    assert read["2"] == read["8"] == read["all"] == 1


def test_no_line_is_short(packed: Packed):
    packed = replace(packed, lines={**packed.lines, "width": [700] * 5})
    figures_ = Scores(
        packed,
        Levels(packed, "test", np.log(np.full((6, 2), 0.5))),
        dict.fromkeys(("crop", "line", "form"), 1.0),
        TRAINED,
    )
    assert figures_.figures(100, 0)["short_lines"] == {"items": 0, "accuracy": None}


def test_a_row_for_each_line_and_writer(scores: Scores):
    assert [row[:4] for row in scores.predictions()] == [
        ("w", "f1", "a", "a"),
        ("y", "f1", "a", "b"),
        ("z", "f4", "b", "b"),
    ]
    assert [row[5:] for row in scores.predictions()] == [(1, 2, 2, 2, 1), (2, 2, 0, 2, 1), (1, 2, 1, 2, 1)]
    table = [dict(zip(WRITER, row, strict=True)) for row in scores.by_writer()]
    assert [(row["writer"], row["lines"], row["line_accuracy"], row["crop_accuracy"]) for row in table] == [
        ("a", 2, "0.5000", "0.5000"),
        ("b", 1, "1.0000", "0.5000"),
    ]
    assert table[1]["line_accuracy_low"] == table[1]["line_accuracy_high"] == ""  # of one form, which shows no spread


def test_writers_with_two_forms_have_intervals(packed: Packed):
    packed = replace(packed, lines={**packed.lines, "form": ["f0", "f1", "f2", "f3", "f4"]})
    levels = Levels(packed, "test", np.log(np.full((6, 2), 0.5)))
    scores = Scores(packed, levels, {"crop": 1.0, "line": 1.0, "form": 1.0}, TRAINED)
    first, second = (dict(zip(WRITER, row, strict=True)) for row in sorted(scores.by_writer()))
    assert 0 <= float(str(first["line_accuracy_low"])) < float(str(first["line_accuracy_high"])) <= 1
    assert second["line_accuracy_low"] == ""


def test_every_crop_counts_once_whatever_the_batch(packed: Packed, monkeypatch: pytest.MonkeyPatch):
    model = build(tiny_network(height=8, width=10, classes=2, layers=1, filters=2), seed=0)
    whole = evaluate(model, packed, TRAINED).figures(100, 0)
    monkeypatch.setattr("writerid.network.prediction.BATCH", 4)
    assert evaluate(model, packed, TRAINED).figures(100, 0)["crop"]["nll"] == pytest.approx(
        whole["crop"]["nll"], abs=1e-5
    )
