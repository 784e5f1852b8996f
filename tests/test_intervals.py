"""Intervals of accuracies: they hold the truth, say something, and only narrow as errors go away."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from writerid.scores.intervals import largest_spread, share


def drawn(accuracy: float, alike: float, rng: np.random.Generator, forms: int) -> tuple[np.ndarray, np.ndarray]:
    """What is right, and what there is, in forms of 1 to 20 lines of 6 crops; with a large `alike` they vary less."""
    items = 6 * rng.integers(1, 21, forms)
    return rng.binomial(items, rng.beta(accuracy * alike, (1 - accuracy) * alike, forms)), items


@pytest.mark.parametrize(
    ("accuracy", "alike", "forms", "widest"),
    [(0.7, 4, 60, 0.23), (0.95, 4, 70, 0.1), (0.97, 20, 30, 0.12), (0.995, 4, 40, 0.09), (0.3, 10, 40, 0.2)],
)
def test_they_hold_the_truth_and_are_not_wide(accuracy: float, alike: float, forms: int, widest: float):
    rng = np.random.default_rng(1)
    found = [share(*drawn(accuracy, alike, rng, forms)) for _ in range(300)]
    assert np.mean([one.low <= accuracy <= one.high for one in found]) >= 0.94
    assert np.mean([one.high - one.low for one in found]) < widest
    assert np.mean([one.low < accuracy - widest / 2 or one.high > accuracy + widest / 2 for one in found]) > 0.02


def test_an_interval_that_resamples_crops_would_not_hold_the_truth():
    """The forms differ so much that 95 % intervals over crops miss the truth in most cases."""
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(200):
        right, items = (int(counts.sum()) for counts in drawn(0.9, 4, rng, 40))
        held += (
            beta.ppf(0.025, right + 0.5, items - right + 0.5)
            <= 0.9
            <= beta.ppf(0.975, right + 0.5, items - right + 0.5)
        )
    assert held < 0.6 * 200


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_an_interval_never_gets_wider_when_an_error_goes_away(data: st.DataObject):
    """Whatever the forms' sizes, wherever the errors; beyond half, where what is right is the rarer, it must."""
    items = np.array(data.draw(st.lists(st.integers(1, 40), min_size=1, max_size=30)))
    right = np.array([data.draw(st.integers(-(-own // 2), own)) for own in items])
    form = data.draw(st.sampled_from(range(len(items))))
    before = share(right, items)
    if right[form] == items[form]:
        return
    right[form] += 1
    after = share(right, items)
    assert after.high - after.low <= before.high - before.low + 2e-5
    assert after.low >= before.low - 2e-5
    assert after.high >= before.high - 2e-5


@pytest.mark.parametrize("forms", [2, 50])
def test_from_many_errors_to_none_each_step_narrows_it(forms: int):
    items = np.full(forms, 8)
    right = items.copy()
    widths, lows = [], []
    for error in range(4 * forms):
        interval = share(right, items)
        widths.append(interval.high - interval.low)
        lows.append(interval.low)
        right[error % forms] -= 1
    assert (np.diff(widths)[:forms] > 0).all()
    assert (np.diff(widths) > -2e-6).all()
    assert (np.diff(lows) < 0).all()


def test_no_error_does_not_show_that_there_are_none():
    alone, many = (share(np.full(forms, 8), np.full(forms, 8)) for forms in (1, 50))
    assert (alone.value, alone.high, many.value, many.high) == (1, 1, 1, 1)
    assert alone.low < 0.05
    assert many.low == pytest.approx(beta.ppf(0.025, 50, 0.5), abs=0.002)  # Jeffreys's, of 50 that are right


def test_what_is_right_and_what_is_wrong_mirror_one_another():
    right, items = drawn(0.8, 4, np.random.default_rng(0), 20)
    one, other = share(right, items), share(items - right, items)
    assert (one.low, one.high) == pytest.approx((1 - other.high, 1 - other.low))


def test_forms_without_an_item_take_no_part_and_copies_are_no_evidence():
    right, items = drawn(0.8, 4, np.random.default_rng(0), 20)
    expected = share(right, items)
    assert share(np.append(right, 0), np.append(items, 0)) == expected
    assert share(10 * right, 10 * items) == pytest.approx(expected)


def test_the_largest_spread_bounds_that_of_all_that_fewer_errors_can_be():
    rng = np.random.default_rng(0)
    items = rng.integers(1, 20, 12).astype(float)
    errors = np.floor(items * rng.random(12) / 2)

    def spread(errors: np.ndarray) -> float:
        return float(((errors - items * errors.sum() / items.sum()) ** 2).sum())

    most = max(spread(errors * np.array(kept)) for kept in product((0, 1), repeat=12))  # it is convex
    assert most > 1.1 * spread(errors)
    assert most <= largest_spread(errors, items) < 1.05 * most
