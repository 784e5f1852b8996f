"""Curves by which likelihood ratios are judged: Tippett's, and empirical cross-entropy by prior odds."""

from typing import NamedTuple

import numpy as np

from writerid.scores.verification import cross_entropy, pooled, weigh

POINTS = 61  # of Tippett's curves
ODDS = np.linspace(-2, 2, 41)  # log10 of prior odds of one writer, from 1 to 100 up to 100 to 1


class Tippett(NamedTuple):
    """Shares of pairs by one writer, and by two, whose log10 ratio is at least so high; float64 (POINTS,) each."""

    log10_ratio: np.ndarray
    same: np.ndarray
    different: np.ndarray


class CrossEntropy(NamedTuple):
    """Bits that are missing at log10 prior odds, float64 (odds,) each.

    With these ratios; with the best that a rising function of them could be; with none, that is ratios of 1.
    """

    log10_odds: np.ndarray
    these: np.ndarray
    best: np.ndarray
    none: np.ndarray


def tippett(ratios: np.ndarray, same: np.ndarray) -> Tippett:
    """Tippett's curves of log10 ratios, float64 (pairs,), of which `same`, bool (pairs,), are of one writer.

    C. Tippett et al., Journal of the Forensic Science Society 8:61-65, 1968.
    """
    at = np.linspace(min(ratios.min(), 0) - 0.1, max(ratios.max(), 0) + 0.1, POINTS)
    kinds = [np.sort(ratios[own]) for own in (same, ~same)]
    return Tippett(at, *(1 - np.searchsorted(kind, at - 1e-9) / len(kind) for kind in kinds))


def by_prior(ratios: np.ndarray, same: np.ndarray) -> CrossEntropy:
    """Empirical cross-entropy of log10 ratios, float64 (pairs,), of which `same`, bool (pairs,), are of one writer."""
    distinct, rank = np.unique(ratios, return_inverse=True)
    weights = weigh(rank, same)
    these, none = 1 / (1 + 10.0**-distinct), np.full(len(distinct), 0.5)
    return CrossEntropy(ODDS, *(cross_entropy(weights, each, ODDS) for each in (these, pooled(weights), none)))


def misleading(ratios: np.ndarray, same: np.ndarray) -> tuple[float, float]:
    """Share of pairs by one writer whose log10 ratio speaks for two, and of pairs by two whose ratio speaks for one."""
    return float(np.mean(ratios[same] < 0)), float(np.mean(ratios[~same] > 0))
