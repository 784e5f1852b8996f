"""The likelihood ratio of two documents: how much likelier their score is if one person wrote both than if two did.

The score is the cosine between the documents' embeddings. A calibrator turns it into a ratio, and holds for documents
like those that it was fitted on (see ratio_fitting): as long, and by people like those. To apply one takes NumPy alone.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

LARGEST = 0.999  # score; what is more alike counts as this


class Calibrator(NamedTuple):
    """A straight line from `evened` score to log10 ratio, cut off where the data it was fitted on bear no more.

    slope, intercept: of the line. lower, upper: bounds of the log10 ratio, no more than 0 and no less. resampled:
    float64 (resamples, 4), these four as other writers would have them. writers: how many it was fitted on.
    population: in words, whose documents they were, and how large.
    """

    slope: float
    intercept: float
    lower: float
    upper: float
    resampled: np.ndarray
    writers: int
    population: str


class Ratio(NamedTuple):
    """Log10 ratios, and the bounds of their 95 % intervals, float64 in the shape of the scores."""

    value: np.ndarray
    low: np.ndarray
    high: np.ndarray


def log10_ratio(calibrator: Calibrator, score: float | np.ndarray) -> Ratio:
    """Return the log10 ratio of each score: above 0 it speaks for one writer, below 0 for two.

    The interval is over the writers that the calibrator was fitted on. It stays within the calibrator's bounds.
    """
    score = np.asarray(score, np.float64)
    value = bounded(np.array(calibrator[:4]), score)
    again = np.clip(bounded(calibrator.resampled.T, score[..., None]), calibrator.lower, calibrator.upper)
    low, high = np.percentile(again, [2.5, 97.5], axis=-1)
    return Ratio(value, np.minimum(low, value), np.maximum(high, value))


def bounded(line: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Log10 ratios by a slope, an intercept, a lower and an upper bound, float64 (4,), or of many such (4, lines)."""
    slope, intercept, lower, upper = line
    return np.clip(intercept + slope * evened(score), lower, upper)


def evened(score: np.ndarray) -> np.ndarray:
    """Scores whose spread is about the same everywhere: R. Fisher's z (Metron 1:3-32, 1921), as of correlations."""
    return np.arctanh(np.clip(score, -LARGEST, LARGEST))


def number(log10: float) -> str:
    """Return a ratio, 1 or more, from its log10, with two digits that count."""
    value = 10.0**log10
    return f"{value:.1f}" if value < 9.95 else f"{float(f'{value:.2g}'):,.0f}"


def plain(calibrator: Calibrator) -> dict[str, Any]:
    """Return a calibrator as JSON can hold it."""
    return calibrator._asdict() | {"resampled": calibrator.resampled.tolist()}


def restored(content: Mapping[str, Any]) -> Calibrator:
    """Return the calibrator that `plain` made this of.

    Raises ValueError where it is none: a field is missing or no number, or the bounds are on the wrong side of 0.
    """
    try:
        slope, intercept, lower, upper = (float(content[name]) for name in Calibrator._fields[:4])
        resampled = np.array(content["resampled"], np.float64)
        words = str(content["population"])
        found = Calibrator(slope, intercept, lower, upper, resampled, int(content["writers"]), words)
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"no calibrator: {error!r}") from None
    if resampled.ndim != 2 or resampled.shape[1] != 4 or not len(resampled):
        raise ValueError(f"no calibrator: of {resampled.shape} numbers where there should be four of each resample")
    four = np.vstack([found[:4], resampled])
    if not (
        np.isfinite(four).all() and (four[:, 0] >= 0).all() and (four[:, 2] <= 0).all() and (four[:, 3] >= 0).all()
    ):
        raise ValueError("no calibrator: its numbers cannot be")
    return found
