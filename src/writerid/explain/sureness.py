"""How sure the network is, and whether it may be: the surest and least sure lines, and reliability by bin."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from writerid.scores.decisions import ECE_BINS
from writerid.scores.intervals import share

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
    """Decisions of about one confidence: its mean, their accuracy with its 95 % interval over forms, their number."""

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


def reliability(log_probs: np.ndarray, labels: np.ndarray, forms: np.ndarray) -> list[Bin]:
    """Return how sure and how right decisions are, by bins of confidence; `forms`, int (items,): the form of each.

    The bins are those of decisions.ece, each put together with those above it until ENOUGH decisions are in it: one or
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
    return [
        Bin(
            float(confidence[part].mean()),
            *share(np.bincount(forms[part], right[part]), np.bincount(forms[part])),
            len(part),
        )
        for part in parts
    ]
