"""The unseen side: writers whom the network has never met, found, told apart, refused and enrolled by its embedding."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import keras
import numpy as np

from writerid.base.randomness import Use, stream
from writerid.crops.windows import Packed
from writerid.dataset.splits import UNSEEN
from writerid.evaluation import comparing, enrolling
from writerid.evaluation.documents import Crops, documents, levels
from writerid.evaluation.reported import Levels, Scores
from writerid.network.embedding import features
from writerid.scores import open_set
from writerid.scores.calibration import scaled
from writerid.scores.decisions import log_softmax
from writerid.scores.embedding import Embedding
from writerid.scores.open_set import Answers

METRICS = {  # by which runs are compared: the name in metrics/test.json, and the path in metrics/test/unseen.json
    "line_map": ("line", "map"),
    "line_eer": ("line", "eer"),
    "form_auroc": ("open_set", "form", "auroc"),
}
COLUMNS = {  # of the tables
    "tippett": comparing.TIPPETT,
    "cross_entropy": comparing.CROSS_ENTROPY,
    "enrolment": enrolling.TABLE,
    "coverage": ("level", "strangers", "answered", "right"),
    "pairs": comparing.PAIR,
}


class Report(NamedTuple):
    """Every figure, and the rows of each table (see COLUMNS)."""

    figures: dict[str, Any]
    tables: dict[str, list[tuple[object, ...]]]


def evaluate(
    model: keras.Model, embedding: Embedding, packed: Packed, scores: Scores, resamples: int, seed: int
) -> Report:
    """Every figure about the unseen side; where there is none, that it has no writers.

    Parameters: the network and its embedding; the crops, the unseen side's among them; the decisions on the test side;
    how often writers are drawn anew for each interval; the seed.
    """
    table = packed.tables[UNSEEN]
    tables: dict[str, list[tuple[object, ...]]] = {name: [] for name in COLUMNS}
    result: dict[str, Any] = {"writers": 0}
    if len(table):
        vectors = features(model, packed.strips, table, UNSEEN)
        rows, line = np.unique(table["line"], return_inverse=True)
        form, writer = (
            np.unique([packed.lines[name][row] for row in rows], return_inverse=True)[1] for name in ("form", "writer")
        )
        crops = Crops(vectors, line, form, writer)
        result["writers"] = int(writer.max()) + 1
        for number, (level, document) in enumerate(levels(crops).items()):
            made = documents(crops, document, embedding, stream(seed, Use.DOCUMENTS, number))
            result[level], judged = comparing.compared(made, resamples, stream(seed, Use.INTERVALS, number))
            if judged is not None:
                tables["tippett"] += comparing.tippett(level, judged)
                tables["cross_entropy"] += comparing.cross_entropy(level, judged)
                if level == "line":
                    shown = comparing.shown(made, judged, seed)
                    tables["pairs"] = [_pair(each, packed, rows) for each in shown]
        kernel, bias = model.get_layer("logits").get_weights()
        strangers = Levels(packed, UNSEEN, log_softmax(vectors @ kernel + bias))
        known, others = (answers(packed, side, scores.temperatures) for side in (scores.levels, strangers))
        result["open_set"] = {
            level: open_set.summary(known[level], others[level], resamples, stream(seed, Use.INTERVALS, 10 + number))
            for number, level in enumerate(known)
        }
        tables["coverage"] = [
            (level, word, *(f"{value:.4f}" for value in row))
            for level in known
            for word, sides in (("none", (known[level],)), ("half", (known[level], others[level])))
            for row in zip(*open_set.coverage(sides), strict=True)
        ]
        result["enrolment"] = enrolling.enrolment(crops, embedding, resamples, seed)
        tables["enrolment"] = [
            (count, own["writers"], *(f"{own[name]:.4f}" for name in enrolling.TABLE[2:]))
            for count, own in result["enrolment"].items()
        ]
    return Report({**result, "rows": {name: len(rows) for name, rows in tables.items()}}, tables)


def _pair(pair: comparing.Shown, packed: Packed, rows: np.ndarray) -> tuple[object, ...]:
    names = [packed.lines[name][rows[number]] for name in ("line", "writer") for number in (pair.one, pair.other)]
    return pair.kind, *names, *(f"{value:.4f}" for value in pair[3:])


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


def answers(packed: Packed, levels: Levels, temperatures: Mapping[str, float]) -> dict[str, Answers]:
    """How sure the network is of its best answer on each line and form, and whether it is right."""
    names = np.unique([packed.lines["writer"][row] for row in levels.rows], return_inverse=True)[1]
    _, first = np.unique(levels.form_of_line, return_index=True)
    result = {}
    for level, decisions, writers in (("line", levels.line, names), ("form", levels.form, names[first])):
        log_probs = scaled(decisions.log_probs, temperatures[level])
        result[level] = Answers(log_probs.max(axis=1), writers, log_probs.argmax(axis=1) == decisions.labels)
    return result
