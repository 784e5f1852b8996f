"""Lines changed in one trait of the hand, and what that costs."""

import numpy as np
import pytest

from writerid.crops.strips import OnScan
from writerid.crops.windows import CROP, Packed
from writerid.explain import papers, pens, shapes, traits
from writerid.scores.decisions import Decisions


def test_what_a_change_costs_is_told_form_by_form_against_lines_drawn_anew():
    forms = np.repeat(np.arange(12), 5)
    labels = forms % 2

    def decided(wrong: np.ndarray) -> Decisions:
        return Decisions(np.log(np.where(np.eye(2)[np.where(wrong, 1 - labels, labels)] > 0, 0.9, 0.1)), labels, forms)

    anew, worse = np.arange(60) % 10 == 0, np.arange(60) % 5 < 2 + forms % 2
    told = traits.costs({traits.ANEW: decided(anew), "same": decided(anew), "worse": decided(worse)})
    assert told[traits.ANEW] == told["same"] == (0, 0, 0, 1)
    value, low, high, p = told["worse"]
    assert value == pytest.approx(anew.mean() - worse.mean())
    assert -1 <= low < value < high < 0
    assert p < 0.01


def written(crops: np.ndarray) -> Packed:
    """Crops one after another as lines, each of two crops that lap."""
    strips = np.concatenate(list(crops.transpose(0, 2, 1)))
    table = np.array([(40 * line + start, line, line % 3) for line in range(5) for start in (0, 8)], CROP)
    names = {"line": [f"l{n}" for n in range(5)], "form": [f"f{n}" for n in range(5)]}
    return Packed(strips, {"test": table}, names, 40 * np.arange(6), 32, ["a", "b", "c"])


def test_lines_are_changed_in_one_trait(crops: np.ndarray):
    packed = written(crops)

    def scanned(row: int, change: OnScan) -> np.ndarray:
        return change(packed.strips[40 * row : 40 * row + 40].T, 32).T  # as if it had been scanned so small

    table, known = packed.tables["test"], {trait.change: trait for trait in traits.traits("clip")}
    assert len(known) == len(traits.traits("clip"))
    strips, same = traits.changed(packed, table, known[traits.UNCHANGED], 0, scanned)
    assert (strips == packed.strips).all()
    assert (same == table).all()
    with pytest.raises(ValueError, match="squared paper: only scans can be changed so"):
        traits.changed(packed, table, known["squared paper"], 0)
    for change, trait in known.items():
        strips, other = traits.changed(packed, table, trait, 0, scanned)
        assert strips.dtype == np.uint8
        assert (other[["line", "label"]] == table[["line", "label"]]).all()
        columns = 40 + 4 * change.endswith(("10 % larger", "10 % wider")) - 4 * change.endswith(("smaller", "narrower"))
        if trait.trait != "direction":  # a line that was turned is as wide as its ink then stands
            assert len(strips) == 5 * columns
            last = other["start"][1::2] + 32
            assert last.tolist() == [columns * line for line in range(1, 6)]  # its last crop ends with it, as before
        kept = change == traits.UNCHANGED or "wiped out" in change  # these strokes have but the zone of small letters
        assert np.array_equal(strips, packed.strips) == kept, change
        assert (strips == traits.changed(packed, table, trait, 0, scanned)[0]).all()
        own = traits.of_line(packed, 3, trait, 0, scanned)
        assert trait.trait == "direction" or np.array_equal(own, strips[3 * columns : 4 * columns].T)


def test_only_toned_lines_are_cleaned_again():
    line = np.full((64, 400), 255, np.uint8)
    line[20:40, 20:380:12] = 0
    drawn = pens.pencil(line, np.random.default_rng(0))
    found = {tone: {t.change: t for t in traits.traits(tone)}["pencil: grey and grainy"] for tone in ("clip", "raw")}
    pencil = {tone: trait.apply(line, np.random.default_rng(0)) for tone, trait in found.items()}
    np.testing.assert_array_equal(pencil["raw"], drawn)
    np.testing.assert_array_equal(pencil["clip"], papers.recleaned(line, drawn))
    assert (pencil["clip"] != drawn).any()


@pytest.mark.parametrize(("change", "pixels"), [("wider", 0.5), ("thinner", -0.5)])
def test_strokes_change_by_the_same_share_of_any_height(change: str, pixels: float):
    trait = {trait.change: trait for trait in traits.traits("clip")}[f"strokes 1/128 of the height {change}"]
    for height in (32, 64, 80, 112, 128):
        line = np.full((height, 100), 255, np.uint8)
        line[:, 40:50] = 0  # an upright stroke, ten pixels wide
        wide = (255.0 - trait.apply(line, np.random.default_rng(0))).sum(axis=1) / 255
        assert wide == pytest.approx(10 + pixels * height / 64, abs=0.02)  # at 112 it is 1.75 times that at 64


def test_places_and_pieces_are_shares_of_the_height():
    known, rng = {trait.change: trait for trait in traits.traits("clip")}, np.random.default_rng(0)
    for height in (64, 112):
        line = np.full((height, 3 * height), 255, np.uint8)
        line[height // 2 : height // 2 + 8] = 0
        for change, rows in (("3/64 of the height further up", -3), ("3/64 of the height further down", 3)):
            ink = 255.0 - known[change].apply(line, rng)[:, 0]
            middle = (ink * np.arange(height)).sum() / ink.sum()
            assert middle == pytest.approx(height / 2 + 3.5 + rows * height / 64, abs=0.02)
        steps = np.broadcast_to(np.arange(3 * height) // (height // 4), (height, 3 * height)).astype(np.uint8)
        pieces = known["pieces of 1/4 of the height in any order"].apply(steps, rng)[0]
        assert np.flatnonzero(np.diff(pieces)).tolist() == [height // 4 * n - 1 for n in range(1, 12)]


def test_traits_are_changed_as_they_say():
    line, rng = np.full((32, 60), 255, np.uint8), np.random.default_rng(0)
    line[4:28, 30:33] = 0  # one upright stroke, from above small letters to below them
    line[12:20, 10:50] = 0
    known = {trait.change: trait.apply(line, rng).astype(float) for trait in traits.traits("clip")}

    def middle(rows: slice, change: str) -> float:
        ink = 255 - known[change][rows].sum(axis=0) / known[change][rows].shape[0]
        return float((ink * np.arange(len(ink))).sum() / ink.sum())

    top, bottom = slice(4, 8), slice(24, 28)
    assert middle(top, "leaning 5° more to the right") > middle(bottom, traits.UNCHANGED) + 0.5
    assert middle(top, "leaning 5° more to the left") < middle(bottom, traits.UNCHANGED) - 0.5
    ink = {change: (255 - found).sum() for change, found in known.items()}
    assert ink[traits.ANEW] == pytest.approx(ink[traits.UNCHANGED], rel=0.02)
    assert shapes.core(line) == (12, 20)
    above, below = (known[f"all {where} small letters wiped out"] for where in ("above", "below"))
    assert (above[:12] == 255).all()
    assert (above[12:] == line[12:]).all()
    assert (below[20:] == 255).all()
    assert (below[:20] == line[:20]).all()
    pieces = known["pieces of 1/4 of the height in any order"]
    assert sorted(map(bytes, pieces.astype(np.uint8).T)) == sorted(map(bytes, line.T))
