"""Two documents are compared: what the answer says, and what it never says."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.handmade import HANDS, identifier, page, save
from writerid.identifier import comparing
from writerid.identifier.answers import Comparison
from writerid.identifier.identify import Identifier
from writerid.scores.likelihood_ratio import Calibrator


@pytest.fixture(scope="module")
def known() -> Identifier:
    return identifier()


def test_a_comparison_weighs_and_never_names(known: Identifier, tmp_path: Path):
    one, other, third = (
        save(page(HANDS[name], seed), tmp_path / f"{name}{seed}.png")
        for name, seed in (("anna", 1), ("anna", 2), ("carla", 1))
    )
    same, different = known.compare(one, other), known.compare(one, third)
    assert same.log10_ratio > 0 > different.log10_ratio
    assert same.lowest <= same.low <= same.log10_ratio <= same.high <= same.highest
    assert "if one person wrote them than if two people wrote them" in same.words
    assert "if two people wrote them than if one person wrote them" in different.words
    assert same.population == "made up"
    assert (
        "moderate support for one writer: a ratio from 10 to 100, on the scale of Europe's forensic institutes"
        in same.words
    )
    assert f"it is {same.likeness:.2f} (1 at most); more than 0.64 speaks for one writer" in same.reasons[0]
    assert same.reasons[1].startswith("line by line, 25 of 25 pairs")
    blank = save(np.full((60, 400), 240, np.uint8), tmp_path / "blank.png")
    assert "blank" in known.compare(one, blank).problem


def test_a_comparison_with_itself_says_nothing_and_says_so(known: Identifier, tmp_path: Path):
    one, other = page(HANDS["anna"], 1), page(HANDS["anna"], 2)
    same = known.compare(save(one, tmp_path / "a.png"), save(one, tmp_path / "again.bmp"))
    assert "both are the same picture" in same.problem
    assert same.words == ""
    first, both = known.read(tmp_path / "a.png"), known.read(tmp_path / "a.png", save(other, tmp_path / "b.png"))
    assert "all of one document is also in the other" in known.compare_scans("a", first, "both", both).problem
    third = [*first, *known.read(save(page(HANDS["anna"], 3), tmp_path / "c.png"))]
    partly = known.compare_scans("ab", both, "ac", third)
    assert partly.problem == ""
    assert "5 lines are the same picture in both documents" in partly.warnings[0]


@pytest.mark.parametrize(
    ("value", "strength"),
    [
        (0.2, "hardly any support for one writer: a ratio below 2, where the scale of Europe's forensic institutes"),
        (-0.9, "is 7.9 times likelier if two people wrote them than if one person wrote them. That is weak support"),
        (-0.9, "weak support for two writers: a ratio from 2 to 10, on the scale of Europe's forensic institutes"),
        (1.5, "moderate support for one writer: a ratio from 10 to 100"),
        (2.5, "is 320 times likelier"),
        (6.5, "is 3,200,000 times likelier"),
        (2.5, "moderately strong support for one writer: a ratio from 100 to 1,000"),
        (3.5, "a ratio from 1,000 to 10,000"),
        (5.5, "very strong support for one writer: a ratio from 10,000 to 1,000,000"),
        (7.0, "extremely strong support for one writer: a ratio of 1,000,000 or more"),
    ],
)
def test_a_ratio_is_put_into_the_words_of_a_known_scale(value: float, strength: str):
    wide = Calibrator(1.0, 0.0, -9.0, 9.0, np.array([[1.0, 0.0, -9.0, 9.0]]), 10, "made up")
    assert strength in comparing.words(value, wide)


def test_an_interval_that_is_cut_off_at_a_bound_says_so():
    found = Comparison("a", "b", 0.5, 1.2, 0.4, 1.5, -1.0, 1.5, "", "", (), (), (1, 1))
    assert found.interval == "95 % interval 0.40 to 1.50, cut off at the upper bound"
    assert replace(found, low=-1.0).interval.endswith("cut off at the lower and the upper bound")
    assert replace(found, high=1.4).interval == "95 % interval 0.40 to 1.40"
