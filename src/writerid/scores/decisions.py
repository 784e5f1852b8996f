"""From crop logits to decisions by crop, line and form, and every figure that is reported about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.metrics import f1_score

ECE_BINS = 15


def log_softmax(logits: np.ndarray) -> np.ndarray:
    """Log-probabilities, float64 (items, classes), of logits (items, classes)."""
    shifted = logits.astype(np.float64)
    shifted -= shifted.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


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


def accuracy(log_probs: np.ndarray, labels: np.ndarray, k: int = 1) -> float:
    """Share of items whose true class is among the k most likely."""
    return float(np.mean(ranks(log_probs, labels) < k))


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


def figures(decisions: Decisions, resamples: int, rng: np.random.Generator) -> dict[str, float]:
    """Every figure of one level, with 95 % intervals that resample forms.

    `accuracy` is top-1, `balanced_` means averaged over writers; `_low` and `_high` are the 2.5 and 97.5
    percentiles over bootstrap resamples of the test forms: lines of one form share pen, paper and mood, so
    resampling lines would claim too much. Where all items are right, or all wrong, resamples cannot differ; the bound
    is then the exact one of so many forms without an exception (C. Clopper and E. Pearson, Biometrika 26:404-413,
    1934). It is wide, since it says what resampling cannot: that another form may be the first exception. What bounds
    top-1 accuracy from below bounds top-5 as well, which is never smaller.
    """
    labels, log_probs = decisions.labels, decisions.log_probs
    rank = ranks(log_probs, labels)
    result: dict[str, float] = {"items": len(labels)}
    forms = int(decisions.forms.max()) + 1
    items = np.bincount(decisions.forms, minlength=forms)
    writer = np.zeros(forms, int)
    writer[decisions.forms] = labels
    weights = rng.multinomial(forms, np.full(forms, 1 / forms), size=resamples)
    for name, hits in (("accuracy", rank < 1), ("top5_accuracy", rank < 5)):
        per_form = np.bincount(decisions.forms, weights=hits, minlength=forms)
        exact = 0.025 ** (1 / forms)  # of so many forms, all are alike this rarely where their share is no larger
        for prefix, average in (("", _plain), ("balanced_", _balanced)):
            low, high = np.percentile(average(per_form, items, writer, weights), [2.5, 97.5])
            result[f"{prefix}{name}"] = float(average(per_form, items, writer, np.ones((1, forms)))[0])
            low, high = (exact, high) if hits.all() else (low, 1 - exact) if not hits.any() else (low, high)
            result[f"{prefix}{name}_low"], result[f"{prefix}{name}_high"] = float(low), float(high)
    for prefix in ("", "balanced_"):
        low, high = f"{prefix}top5_accuracy_low", f"{prefix}accuracy_high"
        result[low] = max(result[low], result[f"{prefix}accuracy_low"])
        result[high] = min(result[high], result[f"{prefix}top5_accuracy_high"])
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


def _plain(hits: np.ndarray, items: np.ndarray, writer: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Accuracy in each resample, (resamples,), from hits and items by form, (forms,)."""
    return (weights @ hits) / (weights @ items)


def _balanced(hits: np.ndarray, items: np.ndarray, writer: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Accuracy averaged over the writers that are drawn, in each resample, (resamples,)."""
    belongs = np.eye(int(writer.max()) + 1)[writer]  # (forms, writers)
    own_hits, own_items = weights @ (hits[:, None] * belongs), weights @ (items[:, None] * belongs)
    with np.errstate(invalid="ignore"):
        return np.nanmean(own_hits / own_items, axis=1)


def confusion(predicted: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Recall-normalised confusion, float64 (classes, classes): rows are actual writers and add up to 1, or are 0."""
    counts = np.zeros((classes, classes))
    np.add.at(counts, (labels, predicted), 1)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)


def confused_pairs(recall: np.ndarray, count: int) -> list[tuple[int, int, float]]:
    """Return the most confused (actual, predicted, share) of a confusion matrix, worst first, none with share 0."""
    off = recall * (1 - np.eye(len(recall)))
    worst = np.argsort(-off, axis=None, kind="stable")[:count]
    pairs = [(int(flat // len(off)), int(flat % len(off))) for flat in worst]
    return [(actual, predicted, float(off[actual, predicted])) for actual, predicted in pairs if off[actual, predicted]]
