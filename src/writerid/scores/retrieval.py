"""Retrieval: each document asks for others by its writer, among all that are not of its own form."""

from dataclasses import dataclass

import numpy as np

from writerid.scores.intervals import share


@dataclass(frozen=True)
class Queries:
    """What each query found; a query is a document whose writer wrote at least one other form.

    document: int (queries,), its row. average_precision: float64 (queries,). first: bool (queries,), the document
    found first is by its writer. first_two: bool (queries,), both of the first two are ("hard" top-2); a query for
    which there is only one such document never has them. relevant, gallery: int (queries,), the documents by its
    writer, and all documents, that it is compared with.
    """

    document: np.ndarray
    average_precision: np.ndarray
    first: np.ndarray
    first_two: np.ndarray
    relevant: np.ndarray
    gallery: np.ndarray


def search(vectors: np.ndarray, writers: np.ndarray, forms: np.ndarray) -> Queries:
    """Let each document ask for others by its writer, most alike first, never for those of its own form.

    Parameters: vectors of length 1, float (documents, features), which are alike by their cosine; the writer and the
    form of each, int (documents,). Of equally alike documents, those by others come first.
    """
    rows: list[tuple[int, float, bool, bool, int, int]] = []
    for document, vector in enumerate(vectors):
        others = forms != forms[document]
        right = writers[others] == writers[document]
        if not right.any():
            continue
        order = np.lexsort((right, -(vectors[others] @ vector)))
        places = np.flatnonzero(right[order])
        precision = np.mean(np.arange(1, len(places) + 1) / (places + 1))
        first_two = len(places) > 1 and places[1] == 1
        rows.append((document, float(precision), places[0] == 0, first_two, len(places), len(right)))
    columns = np.array(rows, dtype="i8,f8,?,?,i8,i8")
    return Queries(*(columns[name] for name in columns.dtype.names or ()))


def summary(queries: Queries, writers: np.ndarray) -> dict[str, float]:
    """Mean average precision, top-1 and hard top-2, with 95 % intervals over the writers who ask.

    The gallery stays as it is. Hard top-2 is of the queries for which there are two documents to be found, and left
    out where there are none. `writers`: int (documents,).
    """
    result: dict[str, float] = {
        "queries": len(queries.document),
        "writers": len(np.unique(writers[queries.document])),
        "gallery": float(np.mean(queries.gallery)),
    }
    every = np.ones(len(queries.document), bool)
    for name, values, own in (
        ("map", queries.average_precision, every),
        ("top1", queries.first, every),
        ("hard_top2", queries.first_two, queries.relevant > 1),
    ):
        if own.any():
            asks = writers[queries.document[own]]
            result |= share(np.bincount(asks, weights=values[own]), np.bincount(asks)).named(name)
    return result
