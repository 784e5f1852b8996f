"""Who is taken for whom: counts by actual and predicted writer, recall, and the most confused pairs."""

import numpy as np


def counts(predicted: np.ndarray, labels: np.ndarray, classes: int) -> np.ndarray:
    """Count items, int (classes, classes): rows are actual writers, columns predicted ones."""
    table = np.zeros((classes, classes), int)
    np.add.at(table, (labels, predicted), 1)
    return table


def recall(table: np.ndarray) -> np.ndarray:
    """Return counts as shares of their row, float64 (classes, classes); a row without an item stays 0."""
    return table / np.maximum(table.sum(axis=1, keepdims=True), 1)


def pairs(recall: np.ndarray) -> list[tuple[int, int, float]]:
    """Return the confused (actual, predicted, share), worst first, none with share 0."""
    off = recall * (1 - np.eye(len(recall)))
    worst = np.argsort(-off, axis=None, kind="stable")
    found = [(int(flat // len(off)), int(flat % len(off))) for flat in worst]
    return [(actual, predicted, float(off[actual, predicted])) for actual, predicted in found if off[actual, predicted]]
