"""Open set: known writers are to be named, and documents by anyone else refused."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from writerid.scores import resampling

ALARMS = (0.01, 0.05)  # shares of strangers' documents that are taken for a known writer's
POINTS = 20  # of the curve of coverage
COVERAGE = (0.5, 0.8, 0.9, 0.95, 1.0)  # shares of documents that are decided on, the surest first


@dataclass(frozen=True)
class Answers:
    """How sure the best answer is, float64 (documents,), and who wrote the document, int (documents,).

    right: bool (documents,), whether the best answer is the true writer; never for a stranger's document.
    """

    confidence: np.ndarray
    writers: np.ndarray
    right: np.ndarray


def auroc(known: np.ndarray, strangers: np.ndarray, own: np.ndarray, theirs: np.ndarray) -> float:
    """How often a known writer's document is surer than a stranger's, of confidences; as sure counts half.

    `own`, `theirs`: the documents' weights. All are float64 (documents,). (scikit-learn's takes seconds where it is
    called thousands of times.)
    """
    order = np.argsort(strangers)
    below = np.append(0, np.cumsum(theirs[order]))
    less, no_more = (below[np.searchsorted(strangers[order], known, side)] for side in ("left", "right"))
    return float(own @ (less + no_more) / (2 * own.sum() * below[-1]))


def identification_rate(
    known: Answers, strangers: np.ndarray, alarms: float, weights: tuple[np.ndarray, np.ndarray] | None = None
) -> float:
    """Share of known writers' documents that are named right, and surely enough, at a share of false alarms.

    Detection and identification rate (P. Grother and P. Phillips, CVPR 2004): what is no surer than the threshold is
    refused, and the threshold is the lowest at which at most so many of the strangers' documents, whose confidences
    are float64 (documents,), are not. `weights`: of both, float64 (documents,).
    """
    own, theirs = weights or (np.ones(len(known.confidence)), np.ones(len(strangers)))
    order = np.argsort(-strangers, kind="stable")
    above = np.cumsum(theirs[order])  # weight of those that are accepted if the threshold is just below this one
    refused = strangers[order][above > alarms * above[-1] + 1e-9]
    named = known.right & (known.confidence > refused[0])
    return float(np.average(named, weights=own))


def coverage(sides: Sequence[Answers]) -> tuple[np.ndarray, np.ndarray]:
    """Return the share of documents that is answered, the surest first, and how many of those answers are right.

    float64 (POINTS,) each. Of several sides each makes up the same share of the documents. Of equally sure answers the
    wrong ones come first.
    """
    confidence, right = (np.concatenate([getattr(side, name) for side in sides]) for name in ("confidence", "right"))
    weights = np.concatenate([np.full(len(side.right), 1 / len(side.right)) for side in sides]) / len(sides)
    order = np.lexsort((right, -confidence))
    answered, named = np.cumsum(weights[order]), np.cumsum((weights * right)[order])
    share = np.linspace(1 / POINTS, 1, POINTS)
    last = np.minimum(np.searchsorted(answered, share - 1e-9), len(answered) - 1)
    return share, named[last] / answered[last]


def accuracy_by_coverage(answers: Answers) -> dict[str, float]:
    """Accuracy of the surest documents, by the share of all documents that is answered."""
    right = answers.right[np.lexsort((answers.right, -answers.confidence))]
    return {f"{share:g}": float(right[: max(1, round(share * len(right)))].mean()) for share in COVERAGE}


def summary(known: Answers, strangers: Answers, resamples: int, rng: np.random.Generator) -> dict[str, object]:
    """AUROC and identification rates with 95 % intervals that resample writers of both kinds; accuracy by coverage."""
    names = [np.unique(side.writers, return_inverse=True)[1] for side in (known, strangers)]
    drawn = [resampling.draws(int(name.max()) + 1, resamples, rng) for name in names]

    def measured(own: np.ndarray, theirs: np.ndarray) -> list[float]:
        rates = [identification_rate(known, strangers.confidence, alarms, (own, theirs)) for alarms in ALARMS]
        return [auroc(known.confidence, strangers.confidence, own, theirs), *rates]

    found = measured(np.ones(len(names[0])), np.ones(len(names[1])))
    again = [
        measured(own[names[0]].astype(float), theirs[names[1]].astype(float))
        for own, theirs in zip(*drawn, strict=True)
    ]
    result: dict[str, object] = {"known": len(names[0]), "strangers": len(names[1])}
    keys = ("auroc", *(f"identified_at_{alarms:g}" for alarms in ALARMS))
    for key, value, values in zip(keys, found, np.transpose(again), strict=True):
        low, high = map(float, np.percentile(values, [2.5, 97.5]))
        result |= {key: value, f"{key}_low": low, f"{key}_high": high}
    return {**result, "accuracy_by_coverage": accuracy_by_coverage(known)}
