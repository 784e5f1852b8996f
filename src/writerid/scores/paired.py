"""Paired comparisons: what two runs, changes or methods differ by on the very same forms, or pairs of writers.

Both see the same units (forms, mostly), so that what makes a unit hard cancels out. Units are few: the interval and the
p value are Student's, and where many things are compared at once the p values are corrected (S. Holm, A simple
sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6:65-70, 1979).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.stats import t as student
from statsmodels.stats.multitest import multipletests


class Difference(NamedTuple):
    """A mean difference, the bounds of its 95 % interval, its p value, and the number of units.

    The bounds are infinite where nothing tells how far units differ: there is one, or all differ by the same, which is
    not 0. Of n such units the p value is that of n coins that all fall alike, 2 ** (1 - n).
    """

    value: float
    low: float
    high: float
    p: float
    units: int


def difference(gained: np.ndarray, items: np.ndarray | None = None) -> Difference:
    """Return by how much the second of two is better than the first.

    Parameters: by unit, (units,), what the second has more than the first, summed over the unit's items; and the number
    of items (None: one each). The difference is per item, and its error is taken over units (the ratio estimator of
    W. Cochran, Sampling Techniques, 1977); with one item each it is the paired t test. Units without an item take no
    part; one must have some.
    """
    items = np.ones(len(gained)) if items is None else items
    gained, items = gained[items > 0].astype(np.float64), items[items > 0].astype(np.float64)
    units, value = len(items), float(gained.sum() / items.sum())
    apart = gained - value * items
    if np.allclose(apart, 0, atol=1e-12 * max(1.0, float(np.abs(gained).max()))):
        if value == 0 and units > 1:
            return Difference(0.0, 0.0, 0.0, 1.0, units)
        return Difference(value, -np.inf, np.inf, 2.0 ** (1 - units), units)
    error = float(np.sqrt(units / (units - 1) * (apart**2).sum()) / items.sum())
    reach = float(student.ppf(0.975, units - 1)) * error
    p = 2 * float(student.sf(abs(value) / error, units - 1))
    return Difference(value, value - reach, value + reach, p, units)


def over_forms(gained: np.ndarray, forms: np.ndarray) -> Difference:
    """Return the mean difference of items, float (items,), over units that are forms, int (items,)."""
    _, form = np.unique(forms, return_inverse=True)
    return difference(np.bincount(form, gained), np.bincount(form))


def holm(p: Sequence[float]) -> list[float]:
    """Return p values corrected for being looked at together, in their order."""
    return [float(value) for value in multipletests(p, method="holm")[1]] if len(p) else []
