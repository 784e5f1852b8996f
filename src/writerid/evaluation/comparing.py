"""Documents by unseen writers against one another: what is found, what is told apart, and what a likeness is worth."""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from writerid.base.randomness import Use, stream
from writerid.evaluation.documents import Documents
from writerid.scores import ratio_curves, ratio_fitting, retrieval, verification
from writerid.scores.likelihood_ratio import log10_ratio
from writerid.scores.verification import Pairs

SHOWN = 2  # pairs of each kind
RESAMPLES = 100  # of writers, for the interval of each of their ratios
TIPPETT = ("level", "pairs", "log10_ratio", "share")
PAIR = ("kind", "line_one", "line_other", "writer_one", "writer_other", "likeness", "ratio", "low", "high")
CROSS_ENTROPY = ("level", "ratios", "log10_odds", "bits")


class Judged(NamedTuple):
    """Pairs of documents with their log10 ratios, float64 (pairs,), each fitted on other writers than it judges."""

    pairs: Pairs
    ratios: np.ndarray


class Shown(NamedTuple):
    """A pair to show: its kind, its documents' numbers, its likeness, and its log10 ratio with a 95 % interval."""

    kind: str
    one: int
    other: int
    likeness: float
    ratio: float
    low: float
    high: float


def compared(documents: Documents, resamples: int, rng: np.random.Generator) -> tuple[dict[str, float], Judged | None]:
    """Retrieval and verification; where nobody has two forms, or there is nobody else, the number of documents alone.

    The pairs are judged where there are writers enough to fit ratios on.
    """
    vectors, writers, forms = documents.vectors, documents.writers, documents.forms
    result: dict[str, float] = {"documents": len(writers), "lines_a_document": float(np.mean(documents.lines))}
    queries, pairs = retrieval.search(vectors, writers, forms), verification.pairs(vectors, writers, forms)
    if not len(queries.document) or pairs.same.all():
        return result, None
    ratios = ratio_fitting.crossed(pairs)
    result |= retrieval.summary(queries, writers) | verification.summary(pairs, ratios, resamples, rng)
    calibrator = ratio_fitting.fit(pairs, "", 0, rng)
    if calibrator is None or not np.isfinite(ratios).all():
        return result, None
    misled = ratio_curves.misleading(ratios, pairs.same)
    result |= {"ratio_lower": calibrator.lower, "ratio_upper": calibrator.upper}
    return result | dict(zip(("misleading_same", "misleading_different"), misled, strict=True)), Judged(pairs, ratios)


def tippett(level: str, judged: Judged) -> Iterator[tuple[object, ...]]:
    """Rows (see TIPPETT) of Tippett's curves: share of the pairs by one writer, and by two, with at least a ratio."""
    curves = ratio_curves.tippett(judged.ratios, judged.pairs.same)
    for kind in ("same", "different"):
        for ratio, share in zip(curves.log10_ratio, getattr(curves, kind), strict=True):
            yield level, kind, f"{ratio:.3f}", f"{share:.4f}"


def cross_entropy(level: str, judged: Judged) -> Iterator[tuple[object, ...]]:
    """Rows (see CROSS_ENTROPY) of the empirical cross-entropy: with these ratios, with the best, with none."""
    curves = ratio_curves.by_prior(judged.ratios, judged.pairs.same)
    for kind in ("these", "best", "none"):
        for odds, bits in zip(curves.log10_odds, getattr(curves, kind), strict=True):
            yield level, kind, f"{odds:.1f}", f"{bits:.4f}"


def shown(documents: Documents, judged: Judged, seed: int) -> list[Shown]:
    """Choose SHOWN pairs of each kind: the surest of one writer and of two, and the worst mistakes of both.

    Of each two writers at most one pair of a kind. A ratio's interval draws anew the writers that it is fitted on, none
    of whom wrote the pair.
    """
    pairs, ratios = judged
    one, other = verification.paired(documents.forms)
    wrong = np.where(pairs.same, ratios < 0, ratios > 0)
    found = []
    for kind, own, falling in (
        ("surest_same", pairs.same & ~wrong, True),
        ("surest_different", ~pairs.same & ~wrong, False),
        ("worst_same", pairs.same & wrong, False),
        ("worst_different", ~pairs.same & wrong, True),
    ):
        numbers = np.flatnonzero(own)
        order = numbers[np.argsort(-pairs.score[numbers] if falling else pairs.score[numbers], kind="stable")]
        _, first = np.unique(np.sort(pairs.writers[order], axis=1), axis=0, return_index=True)
        for number in order[np.sort(first)[:SHOWN]]:
            apart = ~np.isin(pairs.writers, pairs.writers[number]).any(axis=1)
            others = Pairs(pairs.score[apart], pairs.writers[apart])
            rng = stream(seed, Use.INTERVALS, 16, int(number))
            calibrator = ratio_fitting.fit(others, "", RESAMPLES, rng)
            if calibrator is not None:
                ratio = (float(value) for value in log10_ratio(calibrator, pairs.score[number]))
                found.append(Shown(kind, int(one[number]), int(other[number]), float(pairs.score[number]), *ratio))
    return found
