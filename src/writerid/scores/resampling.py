"""95 % intervals by resampling whole groups, such as writers: what one group holds is alike and counts once."""

import numpy as np


def draws(groups: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """How often each group stands in each resample, int (resamples, groups)."""
    return rng.multinomial(groups, np.full(groups, 1 / groups), size=resamples)


def of_mean(values: np.ndarray, groups: np.ndarray, resamples: int, rng: np.random.Generator) -> tuple[float, float]:
    """Bounds of the mean of values in 0..1, float64 (items,), of which the members of a group are drawn together.

    Parameters: `groups`, int (items,), the group of each item. Where all values are 0 or all are 1, see `exact`.
    """
    names, group_of = np.unique(groups, return_inverse=True)
    total, items = np.bincount(group_of, weights=values), np.bincount(group_of)
    weights = draws(len(names), resamples, rng)
    low, high = np.percentile((weights @ total) / (weights @ items), [2.5, 97.5])
    return exact(float(low), float(high), len(names), none=not values.any(), all_=bool((values == 1).all()))


def exact(low: float, high: float, groups: int, *, none: bool, all_: bool) -> tuple[float, float]:
    """Bounds of a share; where none or all are hits, the exact one of so many groups without an exception.

    Resamples cannot differ there, and would claim that the next group is no exception either (C. Clopper and
    E. Pearson, Biometrika 26:404-413, 1934).
    """
    beyond = 0.025 ** (1 / groups)  # of so many groups, all are alike this rarely where their share is no larger
    return (beyond, high) if all_ else (low, 1 - beyond) if none else (low, high)
