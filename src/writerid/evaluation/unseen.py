"""The unseen side: writers whom the network has never met, found, told apart, refused and enrolled by its embedding."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from writerid.base.randomness import Use, stream
from writerid.crops.windows import Packed
from writerid.dataset.splits import UNSEEN
from writerid.evaluation.reported import Levels, Scores
from writerid.network.embedding import features
from writerid.scores import open_set, ratio_fitting, retrieval, verification
from writerid.scores.calibration import scaled
from writerid.scores.decisions import log_softmax
from writerid.scores.embedding import Embedding, means
from writerid.scores.intervals import share
from writerid.scores.open_set import Answers

ENROLLED = (1, 2, 4, 8)  # lines of one form by which a writer is enrolled
DRAWS = 20  # random choices of them
MOST = 3000  # documents that are compared with one another: time and memory grow with their square
METRICS = {  # by which runs are compared: the name in metrics/test.json, and the path in metrics/test/unseen.json
    "line_map": ("line", "map"),
    "line_eer": ("line", "eer"),
    "form_auroc": ("open_set", "form", "auroc"),
}


@dataclass(frozen=True)
class Crops:
    """What enters the last layer for each crop, float (crops, features), and the line that each is of, 0..lines-1.

    form, writer: int (lines,), of each line.
    """

    vectors: np.ndarray
    line: np.ndarray
    form: np.ndarray
    writer: np.ndarray


def evaluate(
    model: keras.Model, embedding: Embedding, packed: Packed, scores: Scores, resamples: int, seed: int
) -> dict[str, Any]:
    """Every figure about the unseen side; its number of writers alone, 0, where there is none.

    Parameters: the network and its embedding; the crops, the unseen side's among them; the decisions on the test side;
    how often writers are drawn anew for each interval; the seed.
    """
    table = packed.tables[UNSEEN]
    if not len(table):
        return {"writers": 0}
    vectors = features(model, packed.strips, table, UNSEEN)
    rows, line = np.unique(table["line"], return_inverse=True)
    form, writer = (
        np.unique([packed.lines[name][row] for row in rows], return_inverse=True)[1] for name in ("form", "writer")
    )
    crops = Crops(vectors, line, form, writer)
    kernel, bias = model.get_layer("logits").get_weights()
    levels = Levels(packed, UNSEEN, log_softmax(vectors @ kernel + bias))
    sides = (answers(packed, scores.levels, scores.temperatures), answers(packed, levels, scores.temperatures))
    result: dict[str, Any] = {"writers": int(writer.max()) + 1}
    for number, (level, document) in enumerate(documents(crops).items()):
        result[level] = compared(crops, document, embedding, resamples, seed, number)
    result["open_set"] = {
        level: open_set.summary(sides[0][level], sides[1][level], resamples, stream(seed, Use.INTERVALS, 10 + number))
        for number, level in enumerate(("line", "form"))
    }
    result["enrolment"] = enrolment(crops, embedding, seed)
    return result


def metrics(result: Mapping[str, Any]) -> dict[str, float]:
    """Return the few figures by which runs are compared, of those that there are."""
    found = {}
    for name, path in METRICS.items():
        value: Any = result
        for key in path:
            value = value.get(key, {})
        if isinstance(value, float):
            found[name] = value
    return found


def documents(crops: Crops) -> dict[str, np.ndarray]:
    """Return the document that each line is of at each level, int (lines,): the line, half of its form, its form.

    The first half of a form holds the lines up to its middle one. Halves of one form are never compared.
    """
    half = np.zeros(len(crops.form), int)
    for form in np.unique(crops.form):
        own = np.flatnonzero(crops.form == form)
        half[own] = np.arange(len(own)) * 2 >= len(own)
    halves = np.unique(np.column_stack([crops.form, half]), axis=0, return_inverse=True)[1].ravel()
    return {"line": np.arange(len(crops.form)), "half_form": halves, "form": crops.form}


def compared(
    crops: Crops, document: np.ndarray, embedding: Embedding, resamples: int, seed: int, number: int
) -> dict[str, float]:
    """Retrieval and verification of documents; where nobody has two forms, or there is nobody else, their number.

    Of more than MOST documents, so many are drawn.
    """
    vectors = embedding.embed(means(crops.vectors, document[crops.line]))
    _, first, lines = np.unique(document, return_index=True, return_counts=True)
    if len(first) > MOST:
        drawn = np.sort(stream(seed, Use.DOCUMENTS, number).choice(len(first), MOST, replace=False))
        vectors, first, lines = vectors[drawn], first[drawn], lines[drawn]
    writers, forms = crops.writer[first], crops.form[first]
    result: dict[str, float] = {"documents": len(first), "lines_a_document": float(np.mean(lines))}
    queries, pairs = retrieval.search(vectors, writers, forms), verification.pairs(vectors, writers, forms)
    if len(queries.document) and not pairs.same.all():
        result |= retrieval.summary(queries, writers)
        result |= verification.summary(
            pairs, ratio_fitting.crossed(pairs), resamples, stream(seed, Use.INTERVALS, number)
        )
    return result


def answers(packed: Packed, levels: Levels, temperatures: Mapping[str, float]) -> dict[str, Answers]:
    """How sure the network is of its best answer on each line and form, and whether it is right."""
    names = np.unique([packed.lines["writer"][row] for row in levels.rows], return_inverse=True)[1]
    _, first = np.unique(levels.form_of_line, return_index=True)
    result = {}
    for level, decisions, writers in (("line", levels.line, names), ("form", levels.form, names[first])):
        log_probs = scaled(decisions.log_probs, temperatures[level])
        result[level] = Answers(log_probs.max(axis=1), writers, log_probs.argmax(axis=1) == decisions.labels)
    return result


def enrolment(crops: Crops, embedding: Embedding, seed: int) -> dict[str, dict[str, float]]:
    """How well lines are named when their writers are enrolled, without training, by few lines of another form.

    Of each writer of several forms, one that has so many lines is drawn, and the lines of it; the mean vector of their
    crops is the reference. Each line of the enrolled writers' other forms is given to the nearest reference: accuracy,
    with a 95 % interval over writers; and is held against all of them: equal error rate.
    """
    lines = embedding.embed(means(crops.vectors, crops.line))
    several = [writer for writer in np.unique(crops.writer) if len(set(crops.form[crops.writer == writer])) > 1]
    size = np.bincount(crops.form)
    result = {}
    for count in ENROLLED:
        own_forms = [np.unique(crops.form[crops.writer == writer]) for writer in several]
        long = [forms[size[forms] >= count] for forms in own_forms]
        enrolled = [(writer, forms) for writer, forms in zip(several, long, strict=True) if len(forms)]
        if len(enrolled) < 2:
            continue
        rng = stream(seed, Use.ENROLMENT, count)
        right, asked = np.zeros(len(lines)), np.zeros(len(lines))
        alike, same = [], []
        writers = np.array([writer for writer, _ in enrolled])
        for _ in range(DRAWS):
            used = [int(rng.choice(forms)) for _, forms in enrolled]
            chosen = [rng.permutation(np.flatnonzero(crops.form == form))[:count] for form in used]
            references = np.stack([crops.vectors[np.isin(crops.line, own)].mean(axis=0) for own in chosen])
            queries = np.flatnonzero(np.isin(crops.writer, writers) & ~np.isin(crops.form, used))
            likeness = lines[queries] @ embedding.embed(references).T
            right[queries] += writers[likeness.argmax(axis=1)] == crops.writer[queries]
            asked[queries] += 1
            alike.append(likeness.ravel())
            same.append((crops.writer[queries][:, None] == writers).ravel())
        there = asked > 0
        asks = crops.writer[there]
        accuracy, low, high = share(np.bincount(asks, weights=right[there] / asked[there]), np.bincount(asks))
        shares = verification.weigh(np.unique(np.concatenate(alike), return_inverse=True)[1], np.concatenate(same))
        result[str(count)] = {
            "writers": len(enrolled),
            "accuracy": accuracy,
            "accuracy_low": low,
            "accuracy_high": high,
            "eer": verification.eer(shares),
        }
    return result
