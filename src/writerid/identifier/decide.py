"""Who wrote a document, from its vector and those of the candidates: arrays in, probabilities out."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from writerid.scores.decisions import log_softmax

NONE_FROM = 0.5  # probability of "none of them" from which nobody is named


@dataclass(frozen=True)
class Calibration:
    """What likenesses are worth, for documents of some lines (see `at`).

    lines: how many lines the documents had, ascending. temperature: by what likenesses (cosines) are divided so that
    their softmax is how often each of the candidates, if it is one of them, wrote the document. slope, offset: of the
    log-odds that it is one of them, by the likeness to the nearest; where `gallery` writers were candidates, and
    before any likeness it was as likely as not. bound: log-odds are never further from 0. Each has a value for each
    number of lines. strangers: so many people were nobody of the candidates; 0: it is not known how strangers look.
    """

    lines: Sequence[float]
    temperature: Sequence[float]
    slope: Sequence[float]
    offset: Sequence[float]
    gallery: int
    bound: float
    strangers: int

    def at(self, lines: int) -> tuple[float, float, float]:
        """Return temperature, slope and offset for a document of so many lines, between those that were tried."""
        where = np.log(np.clip(lines, self.lines[0], self.lines[-1]))
        known = np.log(self.lines)
        return (
            float(np.exp(np.interp(where, known, np.log(self.temperature)))),
            float(np.interp(where, known, self.slope)),
            float(np.interp(where, known, self.offset)),
        )

    def too_many(self, candidates: int) -> bool:
        """Whether among so many candidates it is always as likely as not that it is none of them."""
        return bool(self.strangers and np.log(max(1, candidates) / self.gallery) >= self.bound)


def decide(likeness: np.ndarray, lines: int, calibration: Calibration) -> tuple[np.ndarray, float]:
    """Return the probability of each candidate, float64 (candidates,), and that it is none of them.

    Parameters: the cosine to each candidate, float64 (candidates,), none: empty; the number of lines of the document.
    Among more candidates one is near by chance more often: the odds go down as their number goes up.
    """
    if not len(likeness):
        return likeness, 1.0
    temperature, slope, offset = calibration.at(lines)
    among = np.exp(log_softmax(likeness[None] / temperature)[0])
    if not calibration.strangers:
        return among, 0.0
    odds = slope * float(likeness.max()) + offset
    odds = float(np.clip(odds, -calibration.bound, calibration.bound)) - np.log(len(likeness) / calibration.gallery)
    none = float(1 / (1 + np.exp(odds)))
    return among * (1 - none), none


def largest(values: np.ndarray, count: int) -> np.ndarray:
    """Places of the largest values of (items,), up to so many of them, int (places,), the largest first."""
    some = np.sort(np.argpartition(-values, count)[:count]) if count < len(values) else np.arange(len(values))
    return np.asarray(some[np.argsort(-values[some], kind="stable")])
