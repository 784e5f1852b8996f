"""Fitting a calibrator (see likelihood_ratio) on pairs of documents whose writers are known, never many people's."""

from itertools import combinations_with_replacement

import numpy as np
from sklearn.linear_model import LogisticRegression

from writerid.scores import resampling
from writerid.scores.likelihood_ratio import Calibrator, bounded, evened
from writerid.scores.verification import Pairs, Tally, tally

FOLDS = 10  # of writers, at most; what a score is worth is fitted on pairs without those that it is judged on
LENT = 0.1  # of a source; so little that the line hardly bends: it is the bounds that see to caution
LEAST = 3  # writers with two documents each, on fewer of whom nothing is fitted


def fit(pairs: Pairs, population: str, resamples: int, rng: np.random.Generator) -> Calibrator | None:
    """Fit on pairs by at least LEAST writers with two documents that can be compared; None where there are fewer.

    A logistic regression on the score in which both kinds of pairs weigh the same, so that its log-odds are the log
    ratio (N. Bruemmer and J. du Preez, CSL 20:230-275, 2006). Within the kinds, each writer weighs the same, and each
    two writers: their pairs, however many, are alike. See `line` and `bounds` for what keeps few writers from claiming
    much. `resamples`: how often writers are drawn anew for the interval; `population`: whose documents they are, in
    words, which the calibrator keeps.
    """
    if len(np.unique(pairs.same)) < 2:
        return None
    counted = tally(pairs)
    found = _fit(counted, np.ones(len(counted.same)))
    if found is None:
        return None
    drawn = resampling.draws(counted.writers, resamples, rng)
    again = [other for row in drawn if (other := _fit(counted, counted.weights(row), least=1))]
    return Calibrator(*found, np.array(again or [found]), counted.writers, population)


def crossed(pairs: Pairs) -> np.ndarray:
    """Log10 ratios of pairs, float64 (pairs,), each fitted on other writers than it is judged on.

    Writers are dealt into up to FOLDS folds; a pair's calibrator is fitted on pairs without any of the writers of the
    fold, or the two folds, that the pair's writers are in. NaN where too few are left.
    """
    result = np.full(len(pairs.score), np.nan)
    if len(np.unique(pairs.same)) < 2:
        return result
    counted = tally(pairs)
    fold = np.arange(counted.writers) % FOLDS
    of_source, of_pair = np.sort(fold[counted.of_two], axis=1), counted.source
    for one, other in combinations_with_replacement(range(min(FOLDS, counted.writers)), 2):
        used = (of_source == (one, other)).all(axis=1)[of_pair]
        found = _fit(counted, (~np.isin(of_source, (one, other)).any(axis=1)).astype(float)) if used.any() else None
        if found is not None:
            result[used] = bounded(np.array(found), pairs.score[used])
    return result


def _fit(counted: Tally, weights: np.ndarray, least: int = LEAST) -> tuple[float, float, float, float] | None:
    """Slope, intercept, lower and upper bound from sources that weigh so much, float64 (sources,); None of too few."""
    if np.count_nonzero(weights[counted.same]) < least or not weights[~counted.same].any():
        return None
    same, different = _sources(counted, weights)
    score = evened(counted.score)
    slope, intercept = line(score, same, different)
    return slope, intercept, *bounds(intercept + slope * score, same, different)


def _sources(counted: Tally, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """How many sources of each kind have each score, float64 (bins,); one that has several counts in part for each."""
    return weights[counted.same] @ counted.shares[counted.same], weights[~counted.same] @ counted.shares[~counted.same]


def line(score: np.ndarray, same: np.ndarray, different: np.ndarray) -> tuple[float, float]:
    """Slope and intercept of the log10 ratio in the score, from sources of each kind by score, all float64 (bins,).

    LENT of a source is added to each kind, which scores as the other kind does, as J. Platt (1999) lends one to each
    class: otherwise scores that part the kinds without an error would make it infinitely sure. Where a higher score
    does not speak for one writer, it says nothing: 0, 0.
    """
    if len(score) < 2:
        return 0.0, 0.0
    own, theirs = same / same.sum(), different / different.sum()
    lent, borrowed = LENT / (same.sum() + LENT), LENT / (different.sum() + LENT)
    weights = np.concatenate([own * (1 - lent) + theirs * lent, theirs * (1 - borrowed) + own * borrowed])
    labels, used = np.repeat([1, 0], len(score)), weights > 0
    model = LogisticRegression(C=np.inf, solver="newton-cholesky", tol=1e-9)
    model.fit(np.tile(score, 2)[used, None], labels[used], weights[used])
    slope, intercept = float(model.coef_[0, 0] / np.log(10)), float(model.intercept_[0] / np.log(10))
    return (slope, intercept) if slope > 0 else (0.0, 0.0)


def bounds(log_ratios: np.ndarray, same: np.ndarray, different: np.ndarray) -> tuple[float, float]:
    """Lowest and highest log10 ratio that so many sources bear out: the empirical bounds, ELUB.

    Beyond them, with one more misleading source of each kind, to decide by the ratios would cost more than to decide
    without them (P. Vergeer et al., Science and Justice 56:482-491, 2016). Parameters: log10 ratios, and how many
    sources of each kind have them, float64 (ratios,).
    """
    return -_highest(-log_ratios, different, same), _highest(log_ratios, same, different)


def _highest(log_ratios: np.ndarray, own: np.ndarray, other: np.ndarray) -> float:
    """The highest log10 ratio that is borne out: at no threshold from 0 up to it are decisions worse than without."""
    order = np.argsort(log_ratios)
    starts = np.unique(np.append(np.maximum(log_ratios, 0), 0))  # of stretches of thresholds that decide alike
    place = np.searchsorted(log_ratios[order], starts, side="right")
    passed, alarms = (kind.sum() - np.append(0, np.cumsum(kind[order]))[place] for kind in (own, other))
    ratio = np.maximum(passed, 1e-300) / (own.sum() + 1) / (alarms + 1) * (other.sum() + 1)
    worse = np.maximum(np.log10(ratio), starts)  # from here on in each stretch
    return float(np.min(worse[:-1][worse[:-1] < starts[1:]], initial=starts[-1]))
