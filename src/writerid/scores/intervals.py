"""95 % intervals of accuracies over forms, by one method for all.

Lines of one form share pen, paper and mood: what varies is taken from the spread between forms, never between lines or
crops. The interval is that of a beta distribution with the mean and the variance of the share of errors, as E. Korn and
B. Graubard have it (Survey Methodology 24:193-201, 1998), with half a form of mean size in which all is wrong beside
the forms, as Jeffreys's prior has half a failure: no error in 50 forms does not show that there are none.

An error that goes away never makes it wider. Two things see to that: there is one method for none, one and many errors;
and the variance is the largest that these errors, or fewer, could have between the forms. The plain variance grows when
an error goes away from a form that has fewer of them than others, since forms then differ more.

It holds the truth in about 95 % of cases or more, in 89 % or more where each form is right or wrong as a whole, and is
wider than it need be where forms are few or errors spread evenly (benchmarks/coverage.py).
"""

from typing import NamedTuple

import numpy as np
from scipy.stats import beta

BOUNDS = (0.025, 0.975)
STEPS = 512  # shares of the errors at which the largest variance is looked for


class Interval(NamedTuple):
    """A share, and the bounds of its 95 % interval."""

    value: float
    low: float
    high: float

    def named(self, name: str) -> dict[str, float]:
        """Return them by their names in a report: that of the share, and with `_low` and `_high` behind it."""
        return {name: self.value, f"{name}_low": self.low, f"{name}_high": self.high}


def share(right: np.ndarray, items: np.ndarray) -> Interval:
    """Return the share of items that are right, with its interval.

    Parameters: what is right and what there is by form, (forms,), counts or sums of weights. Forms without an item take
    no part; one must have some.
    """
    right, items = right[items > 0].astype(np.float64), items[items > 0].astype(np.float64)
    value = float(right.sum() / items.sum())
    if value < 0.5:  # what is rarer counts as the error
        low, high = _rare(right, items)
    else:
        low, high = (1 - bound for bound in reversed(_rare(items - right, items)))
    return Interval(value, min(low, value), max(high, value))


def _rare(errors: np.ndarray, items: np.ndarray) -> tuple[float, float]:
    """Bounds of the share of errors, from errors and items by form, float64 (forms,)."""
    total, half = items.sum(), items.mean() / 2
    mean = (errors.sum() + half) / (total + half)
    variance = (largest_spread(errors, items) + 2 * half**2) / ((total + half) * (total + 3 * half))
    size = mean * (1 - mean) / variance - 1
    low, high = beta.ppf(BOUNDS, mean * size, (1 - mean) * size)
    return max(0.0, float(low) - half / (total + half)), float(high)


def largest_spread(errors: np.ndarray, items: np.ndarray) -> float:
    """Return the most that the sum of (errors - share * items) ** 2 over forms can be with these errors or fewer.

    For each share that is left, errors are kept where they add most to the sum, part of a form's errors in proportion:
    that bounds the sum from above, and the bound never grows when an error goes away.
    """
    shares = np.linspace(0, errors.sum() / items.sum(), STEPS + 1)[:, None]
    errors, of_items, total, squares = errors[errors > 0], items[errors > 0], items.sum(), (items**2).sum()
    gain = errors - 2 * shares * of_items  # of each error that is kept
    order = np.argsort(-gain, axis=1, kind="stable")
    there = errors[order]
    kept = np.clip(shares * total - (np.cumsum(there, axis=1) - there), 0, there)
    return float(((kept * np.take_along_axis(gain, order, axis=1)).sum(axis=1) + shares[:, 0] ** 2 * squares).max())
