"""Lines changed in one trait of the hand, and what that costs."""

import numpy as np
import pytest

from writerid.crops.windows import CROP, Packed
from writerid.explain import traits
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
    table, known = packed.tables["test"], {trait.change: trait for trait in traits.traits(8)}
    assert len(known) == len(traits.traits(8))
    strips, same = traits.changed(packed, table, known[traits.UNCHANGED], 0)
    assert (strips == packed.strips).all()
    assert (same == table).all()
    for change, trait in known.items():
        strips, other = traits.changed(packed, table, trait, 0)
        assert strips.dtype == np.uint8
        assert (other[["line", "label"]] == table[["line", "label"]]).all()
        columns = 40 + 4 * change.endswith(("10 % larger", "10 % wider")) - 4 * change.endswith(("smaller", "narrower"))
        assert len(strips) == 5 * columns
        last = other["start"][1::2] + 32
        assert last.tolist() == [columns * line for line in range(1, 6)]  # a line's last crop ends with it, as before
        kept = change == traits.UNCHANGED or "wiped out" in change  # these strokes have but the zone of small letters
        assert np.array_equal(strips, packed.strips) == kept
        assert (strips == traits.changed(packed, table, trait, 0)[0]).all()


def test_traits_are_changed_as_they_say():
    line, rng = np.full((32, 60), 255, np.uint8), np.random.default_rng(0)
    line[4:28, 30:33] = 0  # one upright stroke, from above small letters to below them
    line[12:20, 10:50] = 0
    known = {trait.change: trait.apply(line, rng).astype(float) for trait in traits.traits(8)}

    def middle(rows: slice, change: str) -> float:
        ink = 255 - known[change][rows].sum(axis=0) / known[change][rows].shape[0]
        return float((ink * np.arange(len(ink))).sum() / ink.sum())

    top, bottom = slice(4, 8), slice(24, 28)
    assert middle(top, "leaning 5° more to the right") > middle(bottom, traits.UNCHANGED) + 0.5
    assert middle(top, "leaning 5° more to the left") < middle(bottom, traits.UNCHANGED) - 0.5
    ink = {change: (255 - found).sum() for change, found in known.items()}
    assert ink["strokes half a pixel thinner"] < ink[traits.UNCHANGED] < ink["strokes half a pixel wider"]
    assert ink[traits.ANEW] == pytest.approx(ink[traits.UNCHANGED], rel=0.02)
    assert (255 - known["3 pixels further up"])[1:5].any()
    assert not (255 - known["3 pixels further up"])[25:].any()
    assert traits.core(line) == (12, 20)
    above, below = (known[f"all {where} small letters wiped out"] for where in ("above", "below"))
    assert (above[:12] == 255).all()
    assert (above[12:] == line[12:]).all()
    assert (below[20:] == 255).all()
    assert (below[:20] == line[:20]).all()
    pieces = known["pieces of 8 pixels in any order"]
    assert sorted(map(bytes, pieces.astype(np.uint8).T)) == sorted(map(bytes, line.T))
