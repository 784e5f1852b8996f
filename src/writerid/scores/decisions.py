"""From crop logits to decisions by crop, line and form, and every figure that is reported about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import special

ECE_BINS = 15


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Log-probabilities, float64 (items, classes), of logits (items, classes)."""
    return np.asarray(special.log_softmax(logits.astype(np.float64), axis=1))


def vote(log_probs: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Let the members of each group vote by their mean log-probability.

    Parameters: log-probabilities, float64 (items, classes); the group of each item, int (items,), 0..G-1 with none
    left out. Returns log-probabilities, float64 (G, classes), normalised anew.
    """
    total = np.zeros((int(groups.max()) + 1, log_probs.shape[1]))
    np.add.at(total, groups, log_probs)
    return log_softmax(total / np.bincount(groups)[:, None])


def ranks(log_probs: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Rank of the true class of each item, int (items,), 0 for the best; of equals the true class comes last."""
    true = log_probs[np.arange(len(labels)), labels]
    return (log_probs >= true[:, None]).sum(axis=1) - 1


def accuracy(log_probs: np.ndarray, labels: np.ndarray) -> float:
    """Share of items whose true class is the most likely."""
    return float(np.mean(ranks(log_probs, labels) < 1))


def nll(log_probs: np.ndarray, labels: np.ndarray) -> float:
    """Mean negative log-likelihood of the true classes, in nats."""
    return float(-np.mean(log_probs[np.arange(len(labels)), labels]))


def ece(log_probs: np.ndarray, labels: np.ndarray) -> float:
    """Expected calibration error of the most likely class, in 15 bins of equal width (Guo et al., ICML 2017)."""
    confidence = np.exp(log_probs.max(axis=1))
    correct = log_probs.argmax(axis=1) == labels
    bins = np.minimum((confidence * ECE_BINS).astype(int), ECE_BINS - 1)
    gaps = np.bincount(bins, weights=correct - confidence, minlength=ECE_BINS)
    return float(np.abs(gaps).sum() / len(labels))


@dataclass(frozen=True)
class Decisions:
    """The decisions of one level (crop, line or form).

    log_probs: float64 (items, classes). labels: int (items,). forms: int (items,), the form each item is of,
    0..F-1; a form has one writer.
    """

    log_probs: np.ndarray
    labels: np.ndarray
    forms: np.ndarray

    def grouped(self, groups: np.ndarray) -> "Decisions":
        """Return the decisions of groups 0..G-1, int (items,), that vote by mean log-probability."""
        _, first = np.unique(groups, return_index=True)
        return Decisions(vote(self.log_probs, groups), self.labels[first], self.forms[first])


def figures(decisions: Decisions) -> dict[str, float]:
    """Every figure of one level; accuracies with 95 % intervals over forms (see intervals).

    `accuracy` is top-1, `balanced_` means averaged over writers: an item of a writer with many counts for less.
    """
    from sklearn.metrics import f1_score  # here: the identifier decides without scikit-learn

    from writerid.scores.intervals import share

    labels, log_probs, forms = decisions.labels, decisions.log_probs, decisions.forms
    rank = ranks(log_probs, labels)
    result: dict[str, float] = {"items": len(labels)}
    writers = np.bincount(labels)
    for prefix, weights in (("", np.ones(len(labels))), ("balanced_", 1 / writers[labels])):
        items = np.bincount(forms, weights)
        for name, hits in (("accuracy", rank < 1), ("top5_accuracy", rank < 5)):
            result |= share(np.bincount(forms, weights * hits), items).named(f"{prefix}{name}")
    predicted = log_probs.argmax(axis=1)
    result["macro_f1"] = float(f1_score(labels, predicted, labels=np.unique(labels), average="macro", zero_division=0))
    result["nll"] = nll(log_probs, labels)
    result["ece"] = ece(log_probs, labels)
    return result


def baselines(labels: Mapping[str, np.ndarray], classes: int, largest: int) -> dict[str, Any]:
    """What needs no handwriting: guessing at random, and always naming the training side's largest writer."""
    return {
        "chance": {"accuracy": 1 / classes, "top5_accuracy": min(5, classes) / classes},
        "largest_writer": {level: float(np.mean(own == largest)) for level, own in labels.items()},
    }
