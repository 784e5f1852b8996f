"""Splits: no form on two sides, every writer on all three, as near the shares as forms allow."""

from collections import Counter
from dataclasses import replace
from itertools import product

import numpy as np
import pytest

from writerid.base.errors import InputError
from writerid.dataset.names import parse_name
from writerid.dataset.splits import SIDES, SideLine, _assign, by_form, by_line, check_apart, physical_lines, report

SHARES = {"train": 0.7, "validation": 0.15, "test": 0.15}


def dataset(seed: int = 0) -> tuple[list[str], list[str]]:
    rng = np.random.default_rng(seed)
    forms, writers = [], []
    for writer in range(6):
        for form in range(int(rng.integers(3, 9))):
            count = int(rng.integers(1, 12))
            forms += [f"{writer}-{form}"] * count
            writers += [str(writer)] * count
    return forms, writers


def test_by_form_shares_no_form_and_misses_no_writer():
    forms, writers = dataset()
    sides = by_form(forms, writers, SHARES, seed=1)
    assert all(len({side for f, side in zip(forms, sides, strict=True) if f == form}) == 1 for form in set(forms))
    for side in SIDES:
        assert {w for w, s in zip(writers, sides, strict=True) if s == side} == set(writers)


def test_by_form_follows_from_the_seed():
    forms, writers = dataset()
    assert by_form(forms, writers, SHARES, 1) == by_form(forms, writers, SHARES, 1)
    assert by_form(forms, writers, SHARES, 1) != by_form(forms, writers, SHARES, 2)


@pytest.mark.parametrize("seed", range(20))
def test_no_other_assignment_of_forms_is_nearer_to_the_shares(seed: int):
    rng = np.random.default_rng(seed)
    sizes = rng.integers(1, 15, int(rng.integers(3, 8))).tolist()

    def distance(sides: tuple[str, ...] | list[str]) -> float:
        lines = {side: sum(n for n, s in zip(sizes, sides, strict=True) if s == side) for side in SIDES}
        if min(lines.values()) == 0:
            return np.inf
        return sum((lines[side] - sum(sizes) * SHARES[side]) ** 2 for side in SIDES)

    assert distance(_assign(sizes, SHARES, (0, 0))) == pytest.approx(
        min(map(distance, product(SIDES, repeat=len(sizes))))
    )


def test_a_writer_with_too_few_forms_is_named():
    with pytest.raises(InputError, match=r"writer 7 has 2 .*min_forms: 3"):
        by_form(["a", "b", "c", "d", "e"], ["1", "1", "1", "7", "7"], SHARES, 0)


def test_by_line_has_the_references_counts():
    writers = [str(i % 50) for i in range(4898)]
    assert Counter(by_line(writers, SHARES, 0)) == {"train": 3428, "validation": 735, "test": 735}
    assert by_line(writers, SHARES, 0) != by_line(writers, SHARES, 1)


def test_by_line_names_a_writer_without_training_lines():
    with pytest.raises(InputError, match="writer b has no line on the train side"):
        for seed in range(50):
            by_line(["a"] * 9 + ["b"], SHARES, seed)


def test_names():
    assert parse_name("a01-000u-s02-03") == ("a01-000u", 2, 3)
    assert parse_name("a01-000u-03") == ("a01-000u", None, 3)
    assert parse_name("g06-037b-s02-01 (1)") is None
    assert parse_name("portrait") is None


def test_sentences_that_meet_on_a_physical_line():
    lines = ["f-s00-00", "f-s00-01", "f-s01-00", "f-s01-01", "f-s03-00", "g-s00-00", "g-00"]
    assert physical_lines(lines) == [("f", 0), ("f", 1), ("f", 1), ("f", 2), ("f", 3), ("g", 0), None]


def test_report_counts_what_sides_share():
    lines = ["f-s00-00", "f-s00-01", "f-s01-00", "g-s00-00"]
    counted = report(lines, ["f", "f", "f", "g"], ["1", "1", "1", "2"], ["train", "train", "test", "validation"])
    assert counted["train"] == {"lines": 2, "share": 0.5, "forms": 1, "writers": 1}
    assert counted["shared"]["train_test"] == {"forms": 1, "physical_lines": 1}
    assert counted["shared"]["train_validation"] == {"forms": 0, "physical_lines": 0}


def test_a_test_side_that_was_trained_on_is_refused():
    f0, f1, g0 = SideLine("f-00", "f", "1"), SideLine("f-01", "f", "2"), SideLine("g-00", "g", "3")
    with pytest.raises(InputError, match=r"^train and test share 1 line\(s\), f-01 among them; run it$"):
        check_apart({"train": [f0, f1], "test": [f1, g0]}, "line", "run it")
    with pytest.raises(InputError, match=r"group_by is form, but validation and test share 1 form\(s\), f among them"):
        check_apart({"train": [g0], "validation": [f0], "test": [f1]}, "form", "run it")
    check_apart({"train": [f0], "test": [f1, g0]}, "line", "run it")
    check_apart({"train": [f0, f1], "test": [g0]}, "form", "run it")


def test_a_line_under_another_name_is_refused():
    seen, renamed = SideLine("f-00", "f", "1"), SideLine("g-00", "g", "1")
    with pytest.raises(InputError, match=r"train and test share 1 line\(s\) under two names, f-00 and g-00 among them"):
        check_apart({"train": [seen], "test": [renamed]}, "form", "run it")
    check_apart({"train": [replace(seen, pixels=None)], "test": [replace(renamed, pixels=None)]}, "form", "run it")


def test_neither_validation_nor_test_gets_the_odd_lines_of_every_writer():
    forms = [
        f"{writer}-{form}"
        for writer in range(40)
        for form, count in enumerate((8, 8, 8, 8, 8, 8, 7, 9))
        for _ in range(count)
    ]
    sides = Counter(by_form(forms, [form.split("-")[0] for form in forms], SHARES, seed=0))
    assert abs(sides["validation"] - sides["test"]) <= 4
