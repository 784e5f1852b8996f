"""How sure a decision may claim to be: temperature scaling (C. Guo et al., ICML 2017)."""

import numpy as np
from scipy.optimize import minimize_scalar

from writerid.scores.decisions import log_softmax

BOUND = np.log(20)  # temperatures from 1/20 to 20


def temperature(log_probs: np.ndarray, labels: np.ndarray) -> float:
    """Fit the temperature by which log-probabilities are divided so that confidence comes nearest to accuracy.

    Parameters: log-probabilities, float64 (items, classes), and labels, int (items,), of items not trained on. The
    true class is given the weight (items + 1) / (items + 2), and the rest goes to the others: otherwise a few items
    that are all right would make the network infinitely sure (J. Platt, Probabilistic outputs for support vector
    machines, 1999).
    """
    items, classes = log_probs.shape
    rest = 1 / (items + 2)
    target = np.full((items, classes), rest / (classes - 1))
    target[np.arange(items), labels] = 1 - rest

    def loss(log_temperature: float) -> float:
        return float(-(target * scaled(log_probs, np.exp(log_temperature))).sum(axis=1).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-BOUND, BOUND), method="bounded").x))


def scaled(log_probs: np.ndarray, by: float) -> np.ndarray:
    """Log-probabilities, float64 (items, classes), at another temperature."""
    return log_softmax(log_probs / by)
