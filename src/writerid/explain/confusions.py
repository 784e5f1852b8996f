"""Who is taken for whom: an order of the writers that puts the confused together, and the confused pairs."""

import numpy as np
from scipy.cluster.hierarchy import leaves_list, linkage
from scipy.spatial.distance import squareform

from writerid.scores.confusion import recall


def order(shares: np.ndarray) -> np.ndarray:
    """Order writers so that those who are taken for one another are neighbours, int (writers,).

    Leaves of average linkage on how seldom two are confused (Z. Bar-Joseph et al., Fast optimal leaf ordering,
    Bioinformatics 17:S22-S29, 2001). `shares`: float64 (writers, writers), rows are actual writers.
    """
    if len(shares) < 3:
        return np.arange(len(shares))
    confused = (shares + shares.T) / 2
    distance = 1 - confused
    np.fill_diagonal(distance, 0)
    return leaves_list(linkage(squareform(distance, checks=False), "average", optimal_ordering=True)).astype(int)


def entries(counts: np.ndarray, writers: list[str]) -> list[tuple[object, ...]]:
    """Return (actual, predicted, crops, share, place of actual, place of predicted) of each pair that occurs.

    `counts`: int (writers, writers), rows are actual writers; a place is that in `order`, 0 for the first.
    """
    shares = recall(counts)
    place = np.argsort(order(shares))
    return [
        (writers[i], writers[j], int(counts[i, j]), f"{shares[i, j]:.4f}", int(place[i]), int(place[j]))
        for i, j in np.argwhere(counts > 0)
    ]
