"""Splits: folds that test each form once, no form on two sides, every writer on all three, unseen writers apart."""

from collections import Counter
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest

from writerid.base.errors import InputError
from writerid.base.folds import folds
from writerid.dataset.splits import (
    SIDES,
    UNSEEN,
    SideLine,
    assign,
    by_form,
    by_line,
    check_apart,
    contents,
    physical_lines,
)

SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}
FIVE = {"train": 0.65, "validation": 0.15, "test": 0.2}
KNOWN = SIDES[:3]


def dataset(writers: int = 6, most: int = 59, seed: int = 0) -> tuple[list[str], list[str]]:
    """Forms of 1 to 20 lines, 5 or more a writer, as IAM's are: the form and the writer of each line."""
    rng = np.random.default_rng(seed)
    rows = [
        (f"{writer}-{form}", str(writer))
        for writer in range(writers)
        for form in range(int(rng.integers(5, most + 1)))
        for _ in range(int(rng.integers(1, 21)))
    ]
    return [form for form, _ in rows], [writer for _, writer in rows]


def on(side: str, items: list[str], sides: list[str]) -> set[str]:
    return {item for item, own in zip(items, sides, strict=True) if own == side}


@pytest.mark.parametrize("shares", [SHARES, FIVE, {"train": 0.1, "validation": 0.1, "test": 0.8}])
def test_by_form_shares_no_form_and_misses_no_writer(shares: dict[str, float]):
    forms, writers = dataset()
    for fold in range(folds(shares["test"])):
        sides = by_form(forms, writers, shares, 1, fold)
        assert all(not on(one, forms, sides) & on(other, forms, sides) for one, other in combinations(KNOWN, 2))
        assert all(on(side, writers, sides) == set(writers) for side in KNOWN)


@pytest.mark.parametrize("forms_of_writer", [3, 4, 5, 6, 11])
@pytest.mark.parametrize("shares", [SHARES, FIVE, {"train": 0.02, "validation": 0.48, "test": 0.5}])
def test_writers_with_few_forms_stand_on_every_side_of_every_fold(forms_of_writer: int, shares: dict[str, float]):
    forms = [f"{form}" for form in range(forms_of_writer) for _ in range(1 + 9 * (form == 0))]
    tested = Counter[str]()
    for fold in range(folds(shares["test"])):
        sides = by_form(forms, ["w"] * len(forms), shares, 0, fold)
        assert set(sides) == set(KNOWN)
        tested.update(on("test", forms, sides))
    assert max(tested.values()) <= -(-folds(shares["test"]) // forms_of_writer)


def test_five_folds_test_every_form_exactly_once():
    forms, writers = dataset(writers=20)
    sides = [by_form(forms, writers, FIVE, 3, fold) for fold in range(folds(0.2))]
    assert Counter(form for own in sides for form in on("test", forms, own)) == Counter(set(forms))


def test_shares_are_as_near_as_whole_forms_allow():
    forms, writers = dataset(writers=30)
    for fold in range(5):
        sides = np.array(by_form(forms, writers, FIVE, 0, fold))
        for side, share in FIVE.items():
            assert np.mean(sides == side) == pytest.approx(share, abs=0.005)
        for writer in set(writers):
            own = np.array(writers) == writer
            assert abs((sides[own] == "test").sum() - 0.2 * own.sum()) < 2 * 20  # a form at either end
            assert abs((sides[own] == "validation").sum() - 0.15 * own.sum()) < 20


def test_test_sides_of_two_seeds_share_what_chance_gives_and_no_size_is_preferred():
    forms, writers = dataset(writers=30)
    tested = np.array([[side == "test" for side in by_form(forms, writers, FIVE, seed, 0)] for seed in range(24)])
    overlap = [(one & other).sum() / one.sum() for one, other in combinations(tested, 2)]
    assert np.mean(overlap) == pytest.approx(0.2, abs=0.01)
    assert max(overlap) < 0.3
    names, first, size = np.unique(forms, return_index=True, return_counts=True)
    assert abs(np.corrcoef(size, tested[:, first].mean(axis=0))[0, 1]) < 4 / np.sqrt(len(names))


def test_fold_0_validates_on_the_same_forms_whatever_the_test_share():
    """So lines by which a recipe was chosen are no test lines of fold 0, whatever shares the figures are of."""
    forms, writers = dataset(writers=20)
    chosen_by = by_form(forms, writers, SHARES, 0, 0)
    reported = by_form(forms, writers, FIVE, 0, 0)
    assert on("validation", forms, chosen_by) == on("validation", forms, reported)
    assert on("test", forms, chosen_by) < on("test", forms, reported)


def test_the_split_follows_from_the_seed():
    forms, writers = dataset()
    for split in (
        lambda seed: by_form(forms, writers, SHARES, seed, 0),
        lambda seed: by_line(writers, SHARES, seed, 0),
    ):
        assert split(1) == split(1)
        assert split(1) != split(2)


def test_a_writer_with_too_few_forms_is_named():
    with pytest.raises(InputError, match=r"writer 7 has 2 .*min_forms: 3"):
        by_form(["a", "b", "c", "d", "e"], ["1", "1", "1", "7", "7"], SHARES, 0, 0)


def test_by_line_has_the_references_counts():
    writers = [str(i % 50) for i in range(4898)]
    assert Counter(by_line(writers, SHARES, 0, 0)) == {"train": 3428, "validation": 735, "test": 735}


def test_folds_by_line_test_every_line_exactly_once():
    writers = [str(i % 50) for i in range(4898)]
    sides = np.array([by_line(writers, FIVE, 0, fold) for fold in range(5)])
    assert ((sides == "test").sum(axis=0) == 1).all()
    assert np.ptp((sides == "validation").sum(axis=1)) <= 1


def test_by_line_names_a_writer_without_training_lines():
    with pytest.raises(InputError, match="writer b has no line on the train side"):
        for seed in range(50):
            by_line(["a"] * 9 + ["b"], SHARES, seed, 0)


@pytest.mark.parametrize(("test", "count"), [(0.5, 2), (0.2, 5), (0.15, 6), (0.1, 10), (0.8, 1)])
def test_a_fold_out_of_range_says_how_many_there_are(test: float, count: int):
    forms, writers = dataset()
    shares = {"train": 0.9 - test, "validation": 0.1, "test": test}
    told = f"there are {count} folds, 0 to {count - 1}" if count > 1 else "there is one fold, 0 to 0"
    with pytest.raises(InputError, match=f"split.fold: {count} is out of range; with split.test: {test:g} {told}"):
        assign(forms, writers, shares, group_by="form", seed=0, fold=count, unseen_writers=0)


@pytest.mark.parametrize("group_by", ["form", "line"])
def test_unseen_writers_are_on_no_other_side_and_the_folds_take_them_in_turn(group_by: str):
    forms, writers = dataset(writers=20)
    unseen = []
    for fold in range(5):
        sides = assign(forms, writers, FIVE, group_by=group_by, seed=0, fold=fold, unseen_writers=4)
        unseen.append(on(UNSEEN, writers, sides))
        assert all(not unseen[-1] & on(side, writers, sides) for side in KNOWN)
        assert on("train", writers, sides) | unseen[-1] == set(writers)
        held = contents(["x"] * len(sides), forms, writers, sides)
        assert (held[UNSEEN]["writers"], held["train"]["writers"]) == (4, 16)
        assert held["unseen_writers"] == sorted(unseen[-1])
    assert set().union(*unseen) == set(writers)


def test_without_unseen_writers_all_are_known_and_their_split_is_that_of_by_form():
    forms, writers = dataset()
    sides = assign(forms, writers, FIVE, group_by="form", seed=2, fold=1, unseen_writers=0)
    assert sides == by_form(forms, writers, FIVE, 2, 1)


def test_unseen_writers_leave_the_others_forms_where_they_are():
    forms, writers = dataset(writers=20)
    few = assign(forms, writers, FIVE, group_by="form", seed=0, fold=0, unseen_writers=5)
    none = assign(forms, writers, FIVE, group_by="form", seed=0, fold=0, unseen_writers=0)
    assert all(one in (other, UNSEEN) for one, other in zip(few, none, strict=True))


@pytest.mark.parametrize("count", [5, 6, 7])
def test_two_writers_must_stay_known(count: int):
    forms, writers = dataset()
    with pytest.raises(
        InputError, match=rf"split.unseen_writers: without {count} of the 6 writers .*; set it to at most 4"
    ):
        assign(forms, writers, FIVE, group_by="form", seed=0, fold=0, unseen_writers=count)
    assign(forms, writers, FIVE, group_by="form", seed=0, fold=0, unseen_writers=4)


def test_sentences_that_meet_on_a_physical_line():
    lines = ["f-s00-00", "f-s00-01", "f-s01-00", "f-s01-01", "f-s03-00", "g-s00-00", "g-00"]
    assert physical_lines(lines) == [("f", 0), ("f", 1), ("f", 1), ("f", 2), ("f", 3), ("g", 0), None]


def test_what_sides_hold_and_share():
    lines = ["f-s00-00", "f-s00-01", "f-s01-00", "g-s00-00"]
    counted = contents(lines, ["f", "f", "f", "g"], ["1", "1", "1", "2"], ["train", "train", "test", "validation"])
    assert counted["train"] == {"lines": 2, "share": 0.5, "forms": 1, "writers": 1}
    assert counted["shared"]["train_test"] == {"forms": 1, "physical_lines": 1}
    assert counted["shared"]["train_validation"] == {"forms": 0, "physical_lines": 0}


def test_a_test_side_that_was_trained_on_is_refused():
    f0, f1, g0 = SideLine("f-00", "f", "a", "1"), SideLine("f-01", "f", "a", "2"), SideLine("g-00", "g", "a", "3")
    with pytest.raises(InputError, match=r"^train and test share 1 line\(s\), f-01 among them; run it$"):
        check_apart({"train": [f0, f1], "test": [f1, g0]}, "line", "run it")
    with pytest.raises(InputError, match=r"group_by is form, but validation and test share 1 form\(s\), f among them"):
        check_apart({"train": [g0], "validation": [f0], "test": [f1]}, "form", "run it")
    check_apart({"train": [f0], "test": [f1, g0]}, "line", "run it")
    check_apart({"train": [f0, f1], "test": [g0]}, "form", "run it")


@pytest.mark.parametrize("group_by", ["form", "line"])
def test_an_unseen_writer_on_another_side_is_refused(group_by: str):
    known, other = SideLine("f-00", "f", "a", "1"), SideLine("g-00", "g", "a", "2")
    message = r"train and unseen share 1 writer\(s\), a among them, and unseen writers must be on no other side; run it"
    with pytest.raises(InputError, match=message):
        check_apart({"train": [known], UNSEEN: [other]}, group_by, "run it")
    check_apart({"train": [known], UNSEEN: [replace(other, writer="b")]}, group_by, "run it")


def test_a_line_under_another_name_is_refused():
    seen, renamed = SideLine("f-00", "f", "a", "1"), SideLine("g-00", "g", "a", "1")
    with pytest.raises(InputError, match=r"train and test share 1 line\(s\) under two names, f-00 and g-00 among them"):
        check_apart({"train": [seen], "test": [renamed]}, "form", "run it")
    check_apart({"train": [replace(seen, pixels=None)], "test": [replace(renamed, pixels=None)]}, "form", "run it")


def test_neither_validation_nor_test_gets_the_odd_lines_of_every_writer():
    sizes = (8, 8, 8, 8, 8, 8, 7, 9)
    forms = [f"{writer}-{form}" for writer in range(40) for form, count in enumerate(sizes) for _ in range(count)]
    sides = Counter(by_form(forms, [form.split("-")[0] for form in forms], SHARES, 0, 0))
    for side, share in SHARES.items():
        assert sides[side] == pytest.approx(share * len(forms), abs=20)
