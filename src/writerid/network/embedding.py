"""Vectors of documents from a network: what enters its last layer, averaged over crops (see scores.embedding)."""

import keras
import numpy as np

from writerid.crops.choice import even_starts, evenly_of_each
from writerid.crops.windows import CROP, Packed
from writerid.network.prediction import predict
from writerid.scores import embedding
from writerid.scores.embedding import Embedding

LINES = 24  # of a training writer, evenly chosen; more would cost time and change little


def features(model: keras.Model, strips: np.ndarray, crops: np.ndarray, description: str | None = None) -> np.ndarray:
    """Return what enters the last layer, float32 (crops, features), of the crops of a table (see windows.CROP)."""
    return predict(keras.Model(model.inputs, model.get_layer("logits").input), strips, crops, description)


def even_crops(ends: np.ndarray, rows: np.ndarray, width: int) -> np.ndarray:
    """Crops side by side, or overlapping a little, of some lines: a table of dtype CROP, labels left 0.

    Parameters: where lines begin and end in the strips, int (lines + 1,); the rows of those wanted; a crop's width.
    """
    starts = [even_starts(ends[row + 1] - ends[row] - width + 1, width) + ends[row] for row in rows]
    crops = np.zeros(sum(map(len, starts)), CROP)
    crops["start"], crops["line"] = np.concatenate(starts), np.repeat(rows, [len(own) for own in starts])
    return crops


def fit(model: keras.Model, packed: Packed) -> Embedding:
    """Fit the embedding of a network on lines of its training side, up to LINES of each writer."""
    rows, first = np.unique(packed.tables["train"]["line"], return_index=True)
    labels = packed.tables["train"]["label"][first]
    chosen = evenly_of_each(labels, LINES)
    lines = rows[chosen]
    crops = even_crops(packed.ends, lines, packed.width)
    vectors = features(model, packed.strips, crops, "embed")
    documents = embedding.means(vectors, np.searchsorted(lines, crops["line"]))
    return embedding.fit(documents, labels[chosen])
