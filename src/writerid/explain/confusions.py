"""Who is taken for whom: an order of the writers that puts the confused together, and the confused pairs."""

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform


def order(recall: np.ndarray) -> np.ndarray:
    """Order writers so that those who are taken for one another are neighbours, int (writers,).

    Leaves of average linkage on how seldom two are confused (Z. Bar-Joseph et al., Fast optimal leaf ordering,
    Bioinformatics 17:S22-S29, 2001). `recall`: float64 (writers, writers), rows are actual writers.
    """
    if len(recall) < 3:
        return np.arange(len(recall))
    confused = (recall + recall.T) / 2
    distance = 1 - confused
    np.fill_diagonal(distance, 0)
    return leaves_list(linkage(squareform(distance, checks=False), "average", optimal_ordering=True)).astype(int)


def entries(counts: np.ndarray, writers: list[str]) -> list[tuple[object, ...]]:
    """Return (actual, predicted, crops, share, place of actual, place of predicted) of each pair that occurs.

    `counts`: int (writers, writers), rows are actual writers; a place is that in `order`, 0 for the first.
    """
    recall = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    place = np.argsort(order(recall))
    return [
        (writers[i], writers[j], int(counts[i, j]), f"{recall[i, j]:.4f}", int(place[i]), int(place[j]))
        for i, j in np.argwhere(counts > 0)
    ]
