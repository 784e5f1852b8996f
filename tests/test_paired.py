"""Paired comparisons: scipy's t test where units are alike, and no winner where there is none."""

import numpy as np
import pytest
from scipy import stats

from writerid.scores.paired import difference, holm, over_forms


def test_of_units_with_one_item_each_it_is_the_paired_t_test():
    rng = np.random.default_rng(0)
    one, other = rng.normal(size=(2, 12))
    found, expected = difference(other - one), stats.ttest_rel(other, one)
    assert found.p == pytest.approx(expected.pvalue)
    assert (found.low, found.high) == pytest.approx(tuple(expected.confidence_interval()))
    assert (found.value, found.units) == (pytest.approx(np.mean(other - one)), 12)


@pytest.mark.parametrize("units", [2, 3, 10])
def test_few_pairs_call_a_winner_in_5_of_100_cases_where_there_is_none(units: int):
    """Two standard errors, the rule before, called one in 30 of 100 with two pairs."""
    rng = np.random.default_rng(1)
    found = [difference(rng.normal(size=units)) for _ in range(2000)]
    assert np.mean([one.p < 0.05 for one in found]) == pytest.approx(0.05, abs=0.02)
    assert np.mean([one.low <= 0 <= one.high for one in found]) == pytest.approx(0.95, abs=0.02)


def test_large_units_count_for_more_and_the_interval_holds_the_truth():
    rng = np.random.default_rng(2)
    held = 0
    for _ in range(400):
        items = rng.integers(1, 21, 40)
        gained = rng.binomial(items, 0.3) - rng.binomial(items, rng.beta(2, 8, 40))  # 0.1 an item
        found = difference(gained, items)
        assert found.value == pytest.approx(gained.sum() / items.sum())
        held += found.low <= 0.1 <= found.high
    assert held / 400 == pytest.approx(0.95, abs=0.035)


def test_what_says_nothing_is_not_called_a_winner():
    assert difference(np.zeros(8)) == (0, 0, 0, 1, 8)
    assert difference(np.array([3.0])) == (3, -np.inf, np.inf, 1, 1)
    assert difference(np.array([2.0, 2.0])) == (2, -np.inf, np.inf, 0.5, 2)
    assert difference(np.array([2.0, 4.0, 0.0]), np.array([1, 2, 0])) == (2, -np.inf, np.inf, 0.5, 2)


def test_items_of_one_form_are_one_unit():
    gained, forms = np.array([1.0, 0, 1, 1, 0, -1]), np.array([7, 7, 3, 3, 3, 5])
    assert over_forms(gained, forms) == difference(np.array([2.0, -1, 1]), np.array([3, 1, 2]))
    many = over_forms(np.repeat(gained, 50), np.repeat(forms, 50))
    assert many == pytest.approx((*over_forms(gained, forms)[:4], 3))


def test_holm_by_hand():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.5, 0.9]) == pytest.approx([1, 1])
    assert holm([]) == []


def test_of_many_comparisons_hardly_one_is_called_where_there_is_none():
    rng = np.random.default_rng(3)
    calls = [min(holm([difference(rng.normal(size=8)).p for _ in range(12)])) < 0.05 for _ in range(20)]
    assert sum(calls) <= 3
