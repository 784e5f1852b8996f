"""Verification: are two documents by one writer? Pairs of documents, and how well a score parts them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.optimize import isotonic_regression
from scipy.special import xlogy

from writerid.scores import resampling

BINS = 2000  # of scores, at most


@dataclass(frozen=True)
class Pairs:
    """Pairs of documents of different forms.

    score: float64 (pairs,), the cosine between their vectors. writers: int (pairs, 2), who wrote them.
    """

    score: np.ndarray
    writers: np.ndarray

    @property
    def same(self) -> np.ndarray:
        """Whether one writer wrote both, bool (pairs,)."""
        return self.writers[:, 0] == self.writers[:, 1]


def pairs(vectors: np.ndarray, writers: np.ndarray, forms: np.ndarray) -> Pairs:
    """Pair all documents of different forms: vectors of length 1, float (documents, features), and int (documents,)."""
    one, other = paired(forms)
    return Pairs((vectors @ vectors.T)[one, other].astype(np.float64), np.column_stack([writers[one], writers[other]]))


def paired(forms: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Numbers of the two documents of each pair, int (pairs,) each, of documents' forms, int (documents,)."""
    one, other = np.triu_indices(len(forms), 1)
    apart = forms[one] != forms[other]
    return one[apart], other[apart]


@dataclass(frozen=True)
class Tally:
    """Pairs counted by their source, which is who wrote them, and by score.

    score: float64 (bins,), the mean of each bin's, ascending. count: float64 (sources, bins), pairs. of_two: int
    (sources, 2), the writers, 0..writers-1. source: int (pairs,), of each pair.
    """

    score: np.ndarray
    count: np.ndarray
    of_two: np.ndarray
    writers: int
    source: np.ndarray

    @property
    def same(self) -> np.ndarray:
        """Whether a source is one writer, bool (sources,)."""
        return self.of_two[:, 0] == self.of_two[:, 1]

    @cached_property
    def shares(self) -> np.ndarray:
        """Share of each source's pairs that have each score, float64 (sources, bins)."""
        return np.asarray(self.count / self.count.sum(axis=1, keepdims=True))

    def weights(self, drawn: np.ndarray) -> np.ndarray:
        """How often each source stands in a resample in which writers do so often, int (writers,): float64 (sources,).

        One of two writers stands there as often as both are drawn together.
        """
        one, other = self.of_two.T
        return np.where(self.same, drawn[one], drawn[one] * drawn[other]).astype(float)


def tally(pairs: Pairs) -> Tally:
    """Count pairs, with scores told apart as finely as BINS allow, each of which holds at most that share of them."""
    shares = weigh(rank := np.unique(pairs.score, return_inverse=True)[1], pairs.same)
    both = (shares.same + shares.different) / 2
    bins = np.unique(np.minimum(((np.cumsum(both) - both) * BINS).astype(int), BINS - 1)[rank], return_inverse=True)[1]
    names, writer = np.unique(pairs.writers, return_inverse=True)
    of_two, source = np.unique(np.sort(writer.reshape(pairs.writers.shape), axis=1), axis=0, return_inverse=True)
    size = int(bins.max()) + 1
    count = np.bincount(source.ravel() * size + bins, minlength=len(of_two) * size).reshape(-1, size).astype(float)
    mean = np.bincount(bins, weights=pairs.score) / np.bincount(bins)
    return Tally(mean, count, of_two, len(names), source.ravel())


@dataclass(frozen=True)
class Weights:
    """The share of same-writer pairs, and of others, at each distinct score, ascending: float64 (scores,)."""

    same: np.ndarray
    different: np.ndarray


def weigh(rank: np.ndarray, same: np.ndarray) -> Weights:
    """Shares of pairs at each score: `rank`, int (pairs,), counts the distinct scores from the lowest, 0."""
    size = int(rank.max()) + 1
    return Weights(*(np.bincount(rank[own], minlength=size) / np.count_nonzero(own) for own in (same, ~same)))


def eer(weights: Weights) -> float:
    """Equal error rate: the share of pairs that are wrong at the threshold where both kinds err alike.

    Between two thresholds errors are interpolated.
    """
    missed = np.concatenate([[0], np.cumsum(weights.same)])  # with a threshold above that many of the lowest scores
    alarms = 1 - np.concatenate([[0], np.cumsum(weights.different)])
    return float(np.interp(0, missed - alarms, missed))


def cllr(log_ratios: np.ndarray, same: np.ndarray) -> float:
    """Log-likelihood-ratio cost in bits, of ratios to base 10 (N. Bruemmer and J. du Preez, CSL 20:230-275, 2006).

    0 is perfect; 1 is what ratios of 1, which say nothing, cost.
    """
    cost = _cost(log_ratios, same)
    return float((cost[same].mean() + cost[~same].mean()) / 2)


def _cost(log_ratios: np.ndarray, same: np.ndarray) -> np.ndarray:
    with np.errstate(invalid="ignore"):  # of ratios that are unknown
        return np.logaddexp(0, np.where(same, -log_ratios, log_ratios) * np.log(10)) / np.log(2)


def cllr_min(weights: Weights) -> float:
    """The least Cllr that any rising function of the score could have: the cost of what the score does not part."""
    return float(cross_entropy(weights, pooled(weights), np.zeros(1))[0])


def pooled(weights: Weights) -> np.ndarray:
    """Probability of one writer at even odds by the rising function of the score that costs least, float64 (scores,).

    It is found by pooling adjacent violators (Bruemmer and du Preez, as for `cllr`); 0.5 where no pair has a score.
    """
    total = weights.same + weights.different
    held = total > 0
    probability = np.full(len(total), 0.5)
    probability[held] = isotonic_regression(weights.same[held] / total[held], weights=total[held]).x
    return probability


def cross_entropy(weights: Weights, probability: np.ndarray, log10_odds: np.ndarray) -> np.ndarray:
    """Empirical cross-entropy, in bits, at log10 prior odds of one writer, float64 (odds,).

    D. Ramos et al., Entropy 20:208, 2018. `probability`: of one writer at even odds, at each score, float64 (scores,).
    At even odds the cost is Cllr.
    """
    odds = 10.0 ** log10_odds[:, None]
    after = probability * odds / (probability * odds + 1 - probability)
    cost = odds * xlogy(weights.same, after) + xlogy(weights.different, 1 - after)
    return np.asarray(-cost.sum(axis=1) / (1 + odds[:, 0]) / np.log(2)) + 0.0


def summary(pairs: Pairs, ratios: np.ndarray, resamples: int, rng: np.random.Generator) -> dict[str, float]:
    """EER and Cllr with 95 % intervals that resample writers, and the numbers of pairs of each kind.

    Cllr is the sum of Cllr_min, what the scores do not part, and Cllr_cal, what calibration loses. It is of `ratios`,
    log10, float64 (pairs,), which are not fitted anew; it and Cllr_cal are left out where one is NaN.
    """
    same, counted = pairs.same, tally(pairs)
    shares = weigh(np.unique(pairs.score, return_inverse=True)[1], same)
    least, cost = cllr_min(shares), cllr(ratios, same)
    found = {"eer": eer(shares), "cllr_min": least, "cllr": cost, "cllr_cal": cost - least}
    costs = np.bincount(counted.source, weights=_cost(ratios, same), minlength=len(counted.of_two))
    again = []
    for row in resampling.draws(counted.writers, resamples, rng):
        weights = counted.weights(row)
        each = [
            (weights[kind] @ counted.count[kind], weights[kind] @ costs[kind]) for kind in (counted.same, ~counted.same)
        ]
        if all(held.any() for held, _ in each):
            drawn = Weights(*(held / held.sum() for held, _ in each))
            least, cost = cllr_min(drawn), sum(total / held.sum() for held, total in each) / 2
            again.append((eer(drawn), least, cost, cost - least))
    result: dict[str, float] = {"same_pairs": int(same.sum()), "different_pairs": int((~same).sum())}
    for (name, value), values in zip(found.items(), np.transpose(again), strict=True):
        if np.isfinite(value):  # all but a Cllr for which ratios are unknown
            result[name] = value
            result[f"{name}_low"], result[f"{name}_high"] = map(float, np.percentile(values, [2.5, 97.5]))
    return result
