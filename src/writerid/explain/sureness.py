"""How sure the network is, and whether it may be: the surest and least sure lines, and reliability by bin."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from writerid.scores.decisions import ECE_BINS

TOP = 3
ENOUGH = 10  # decisions of a bin by which one can judge it


@dataclass(frozen=True)
class Example:
    """One line of a kind, by its number among the lines that were decided on, and the classes it may be of, top-3."""

    kind: str
    number: int
    classes: tuple[int, ...]
    confidences: tuple[float, ...]


class Bin(NamedTuple):
    """Decisions of about one confidence: their mean confidence, accuracy and its 95 % Wilson interval, their number."""

    confidence: float
    accuracy: float
    low: float
    high: float
    items: int


def examples(log_probs: np.ndarray, labels: np.ndarray, count: int) -> list[Example]:
    """Choose the surest wrong, the least sure and the surest right lines, `count` of each kind where there are so many.

    No line is chosen twice: where it is of two kinds, it is of that which comes first.

    Parameters: calibrated log-probabilities, float64 (lines, classes); labels, int (lines,).
    """
    probability = np.exp(log_probs)
    ranked = np.argsort(-probability, axis=1, kind="stable")[:, :TOP]
    sure = probability.max(axis=1)
    right = ranked[:, 0] == labels
    by_sureness = np.argsort(-sure, kind="stable")
    wrong = by_sureness[~right[by_sureness]][:count]
    least = _without(by_sureness[::-1], wrong)[:count]
    others = _without(by_sureness[right[by_sureness]], least)
    chosen = {"surest_wrong": wrong, "least_sure": least, "surest_right": _of_many(others, labels, count)}
    return [
        Example(
            kind,
            int(line),
            tuple(int(writer) for writer in ranked[line]),
            tuple(float(probability[line, writer]) for writer in ranked[line]),
        )
        for kind, lines in chosen.items()
        for line in lines
    ]


def _without(lines: np.ndarray, others: np.ndarray) -> np.ndarray:
    """The lines that are not among others, in their order."""
    return lines[~np.isin(lines, others)]


def _of_many(lines: np.ndarray, labels: np.ndarray, count: int) -> np.ndarray:
    """The first lines, one a writer as long as there are writers left."""
    _, first = np.unique(labels[lines], return_index=True)
    each = np.sort(first)
    rest = np.setdiff1d(np.arange(len(lines)), each)
    return lines[np.concatenate([each, rest])[:count].astype(int)]


def reliability(log_probs: np.ndarray, labels: np.ndarray) -> list[Bin]:
    """Return how sure and how right decisions are, by bins of confidence.

    The bins are those of scoring.ece, each put together with those above it until ENOUGH decisions are in it: one or
    two say nothing of how often the network is right.
    """
    confidence = np.exp(log_probs.max(axis=1))
    right = log_probs.argmax(axis=1) == labels
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    parts: list[np.ndarray] = []
    for number in np.unique(bins):
        if parts and len(parts[-1]) < ENOUGH:
            parts[-1] = np.append(parts[-1], np.flatnonzero(bins == number))
        else:
            parts.append(np.flatnonzero(bins == number))
    if len(parts) > 1 and len(parts[-1]) < ENOUGH:
        last = parts.pop()
        parts[-1] = np.append(parts[-1], last)
    items = np.array([len(part) for part in parts])
    low, high = wilson(np.array([right[part].sum() for part in parts]), items)
    return [
        Bin(float(confidence[part].mean()), float(right[part].mean()), float(low[i]), float(high[i]), len(part))
        for i, part in enumerate(parts)
    ]


def wilson(right: np.ndarray, items: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """95 % intervals (low, high), float64 (n,), of shares right / items (E. Wilson, JASA 22:209-212, 1927)."""
    z = 1.959964
    share, items = np.asarray(right) / items, np.asarray(items, float)
    middle = (share + z**2 / (2 * items)) / (1 + z**2 / items)
    half = z / (1 + z**2 / items) * np.sqrt(share * (1 - share) / items + z**2 / (4 * items**2))
    return np.clip(middle - half, 0, 1), np.clip(middle + half, 0, 1)
