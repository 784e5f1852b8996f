"""A collection searched through a graph of its documents: each also stands for those that it is most like.

SGR, similarity graph reranking (M. Peer, F. Kleber and R. Sablatnig, Towards Writer Retrieval for Historical Datasets,
ICDAR 2023). A document is described by how alike it and all documents of the collection are; to its description those
of its nearest neighbours are added. Nobody needs to know who wrote anything. A document that asks takes no part in the
graph, nor does any other of its page: it would ask with the whole page. But documents of the collection that share a
page are neighbours, so that a page is found by what all its lines are like.
"""

import numpy as np
from scipy.sparse import csr_array
from sklearn.metrics import average_precision_score

from writerid.scores.embedding import unit
from writerid.scores.retrieval import Queries
from writerid.scores.verification import eer, weigh

NEIGHBOURS, WIDTH = 2, 0.4  # at most so many; how fast what is less alike counts less


def likeness(asking: np.ndarray, collection: np.ndarray) -> np.ndarray:
    """How alike those who ask and a collection are, float64 (asking, documents); vectors of length 1.

    It takes documents x documents values.
    """
    described = [np.exp(-((1 - own @ collection.T) ** 2) / WIDTH) for own in (asking, collection)]
    near = [own.copy() for own in described]
    np.fill_diagonal(near[1], 0)  # a document is no neighbour of its own
    asks, found = (unit(own + _nearest(to) @ described[1]) for own, to in zip(described, near, strict=True))
    return np.asarray(asks @ found.T)


def _nearest(near: np.ndarray) -> csr_array:
    """All but the greatest values of each row made 0."""
    count = min(NEIGHBOURS, near.shape[1] - 1)
    column = np.argpartition(-near, count, axis=1)[:, :count]
    value = np.take_along_axis(near, column, axis=1)
    return csr_array(
        (value.ravel(), column.ravel(), np.arange(len(near) + 1) * count), shape=(len(near), near.shape[1])
    )


def across(vectors: np.ndarray, pages: np.ndarray) -> np.ndarray:
    """How alike each document and those of all other pages are, float64 (documents, documents); NaN within a page."""
    alike = np.full((len(vectors),) * 2, np.nan)
    for page in np.unique(pages):
        own, others = np.flatnonzero(pages == page), np.flatnonzero(pages != page)
        alike[np.ix_(own, others)] = likeness(vectors[own], vectors[others])
    return alike


def search(alike: np.ndarray, writers: np.ndarray) -> tuple[Queries, float]:
    """What documents find, all but the first two, and the equal error rate, by how alike they are (see across)."""
    rows: list[tuple[int, float, bool, bool, int, int]] = []
    for document, own in enumerate(alike):
        others = ~np.isnan(own)
        right = writers[others] == writers[document]
        if right.any():
            precision = average_precision_score(right, own[others])
            first = bool(right[np.argmax(own[others])])
            rows.append((document, float(precision), first, False, int(right.sum()), len(right)))
    columns = np.array(rows, dtype="i8,f8,?,?,i8,i8")
    rank = np.unique(alike[~np.isnan(alike)], return_inverse=True)[1]
    same = (writers[:, None] == writers)[~np.isnan(alike)]
    return Queries(*(columns[name] for name in columns.dtype.names or ())), eer(weigh(rank, same))
