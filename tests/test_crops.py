"""Crops: where they start, and that gathering copies just those columns."""

from pathlib import Path

import numpy as np
import pytest

from tests.conftest import crop_parameters
from writerid.base.errors import InputError
from writerid.crops.choice import even_starts, evenly, evenly_of_each, read_sides, tables, training_starts
from writerid.crops.windows import NO_LABEL, gather, labels

CROPS = crop_parameters(width=10, keep=0.25, min_ink=0.1, stride=7)
SEED = 3


def test_gather_gives_pictures_upright():
    strips = np.arange(40 * 5, dtype=np.uint8).reshape(40, 5)
    crops = gather(strips, np.array([3, 30]), 10)
    assert crops.shape == (2, 5, 10)
    np.testing.assert_array_equal(crops[1], strips[30:40].T)


def test_training_starts_skip_windows_without_ink():
    ink = np.concatenate([np.zeros(50), np.full(50, 0.2)])
    starts = training_starts(ink, 0.25, 0.1, np.random.default_rng(0))
    assert len(starts) == 25
    assert len(set(starts)) == 25
    assert starts.min() >= 50


def test_a_line_without_ink_still_gives_one_crop():
    ink = np.array([0.0, 0.02, 0.01])
    np.testing.assert_array_equal(training_starts(ink, 0.5, 0.1, np.random.default_rng(0)), [1])


def test_a_short_line_gives_one_crop():
    assert len(training_starts(np.full(4, 0.5), 0.1, 0.1, np.random.default_rng(0))) == 1


@pytest.mark.parametrize("windows", [1, 2, 7, 8, 9, 100])
def test_even_starts_cover_the_line(windows: int):
    starts = even_starts(windows, 7)
    assert starts[0] == 0
    assert starts[-1] == windows - 1
    assert (np.diff(starts) <= 7).all()
    assert len(set(starts)) == len(starts)


def test_tables():
    inks = [np.full(91, 0.5), np.full(1, 0.5), np.full(31, 0.5)]
    made, ends = tables(inks, [4, 2, 4], ["train", "validation", "test"], CROPS, SEED)
    assert len(made["unseen"]) == 0
    assert len(made["train"]) == round(0.25 * 91)
    assert made["validation"].tolist() == [(100, 1, 2)]
    assert made["test"]["start"].tolist() == [110, 116, 122, 128, 134, 140]
    assert set(made["test"]["line"]) == {2}
    assert ends.tolist() == [0, 100, 110, 150]
    again, _ = tables(inks, [4, 2, 4], ["train", "validation", "test"], CROPS, SEED)
    assert all((made[side] == again[side]).all() for side in made)


def test_unseen_lines_get_evenly_spaced_crops_without_a_label():
    known = labels(["b", "c", "a", "b"], ["a", "b"])
    assert known == [1, NO_LABEL, 0, 1]
    inks = [np.full(91, 0.5), np.full(31, 0.5), np.full(31, 0.5), np.full(31, 0.5)]
    made, _ = tables(inks, known, ["train", "unseen", "validation", "test"], CROPS, SEED)
    assert made["unseen"]["start"].tolist() == [100, 106, 112, 118, 124, 130]
    assert set(made["unseen"]["label"]) == {NO_LABEL}
    assert set(made["test"]["label"]) == {1}


def test_lines_without_a_side_and_sides_without_a_line():
    inks = [np.ones(5)] * 2
    with pytest.raises(InputError, match=r"row 3 of data/lines.csv has no side"):
        tables(inks, [0, 1], ["train", None], CROPS, SEED)
    with pytest.raises(InputError, match="no line is on the test side"):
        tables(inks, [0, 1], ["train", "validation"], CROPS, SEED)


@pytest.mark.parametrize("side", [0, 1, 2])
def test_a_side_without_ink_stops_the_stage(side: int):
    inks = [np.ones(5) * (row // 20 != side or row % 20 == 0) for row in range(60)]
    sides = ["train"] * 20 + ["validation"] * 20 + ["test"] * 20
    name = sides[20 * side]
    with pytest.raises(InputError, match=f"the {name} side has next to no ink: 1 of its 20 lines hold any"):
        tables(inks, [0] * 60, sides, CROPS, SEED)
    inks[20 * side + 1][3] = 0.001
    tables(inks, [0] * 60, sides, CROPS, SEED)


def test_a_line_on_two_sides(tmp_path: Path):
    split = tmp_path / "split.csv"
    split.write_text("line,split\na,train\nb,test\n")
    assert read_sides(split) == {"a": "train", "b": "test"}
    split.write_text("line,split\na,train\nb,train\na,test\n")
    with pytest.raises(InputError, match=r"split\.csv: line a stands in it twice"):
        read_sides(split)


def test_numbers_are_spread_evenly_from_the_first_to_the_last():
    assert evenly(5, 2000).tolist() == [0, 1, 2, 3, 4]
    assert evenly(0, 3).tolist() == []
    many = evenly(147_000, 2000)
    assert len(many) == 2000
    assert (many[0], many[-1]) == (0, 146_999)
    assert set(np.diff(many)) <= {73, 74}
    assert evenly_of_each(np.array(["b", "a", "b", "b", "a", "b", "b"]), 3).tolist() == [0, 1, 3, 4, 6]
