"""Crops by unseen writers, and the documents that they make: lines, halves of forms, forms."""

from dataclasses import dataclass

import numpy as np

from writerid.scores.embedding import Embedding, halves, means

MOST = 3000  # documents that are compared with one another: time and memory grow with their square


@dataclass(frozen=True)
class Crops:
    """What enters the last layer for each crop, float (crops, features), and the line that each is of, 0..lines-1.

    form, writer: int (lines,), of each line.
    """

    vectors: np.ndarray
    line: np.ndarray
    form: np.ndarray
    writer: np.ndarray


@dataclass(frozen=True)
class Documents:
    """Vectors of length 1, float64 (documents, dimensions); writer, form and number of lines of each, int (documents,).

    first_line: int (documents,), the line that each begins with.
    """

    vectors: np.ndarray
    writers: np.ndarray
    forms: np.ndarray
    lines: np.ndarray
    first_line: np.ndarray


def levels(crops: Crops) -> dict[str, np.ndarray]:
    """Return the document that each line is of at each level, int (lines,): the line, half of its form, its form.

    Halves of one form are never compared.
    """
    return {"line": np.arange(len(crops.form)), "half_form": halves(crops.form), "form": crops.form}


def documents(crops: Crops, document: np.ndarray, embedding: Embedding, rng: np.random.Generator) -> Documents:
    """Embed documents; `document`: which one each line is of, int (lines,), 0..documents-1.

    Of more than MOST, so many are drawn.
    """
    vectors = embedding.embed(means(crops.vectors, document[crops.line]))
    _, first, lines = np.unique(document, return_index=True, return_counts=True)
    if len(first) > MOST:
        drawn = np.sort(rng.choice(len(first), MOST, replace=False))
        vectors, first, lines = vectors[drawn], first[drawn], lines[drawn]
    return Documents(vectors, crops.writer[first], crops.form[first], lines, first)
