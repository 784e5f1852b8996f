"""The test side: decisions by crop, line and form, and what is reported of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from writerid.errors import InputError
from writerid.figures import Pair
from writerid.models import RETRAIN
from writerid.prediction import predict
from writerid.scoring import Decisions, baselines, confused_pairs, confusion, figures, log_softmax, ranks

PREDICTION = ("line", "form", "actual", "predicted", "confidence", "rank")
WRITER = ("writer", "lines", "line_accuracy", "crop_accuracy")


@dataclass(frozen=True)
class Unseen:
    """The test side: strips, uint8 (columns, height), its crops (see crops.CROP), `width` columns each, and the
    columns of lines.csv and writers.csv that they point into."""

    strips: np.ndarray
    crops: np.ndarray
    width: int
    lines: dict[str, list[Any]]
    writers: dict[str, list[Any]]


def evaluate(model: keras.Model, writers: Sequence[str], test: Unseen) -> "Scores":
    """Decide on every crop, line and form of the test side.

    Raises InputError where the model is of other crops or of other writers than the data.
    """
    wanted, size = (test.strips.shape[1], test.width), tuple(model.input_shape[1:])
    if size != wanted:
        raise InputError(
            f"models/model.keras: takes crops of {size[0]} x {size[1]} pixels, wanted are {wanted[0]} x {wanted[1]}; "
            f"{RETRAIN}"
        )
    if list(writers) != test.writers["writer"]:
        known, found = _first(writers), _first(test.writers["writer"])
        raise InputError(f"models/model.keras: knows other writers ({known}) than the data ({found}); {RETRAIN}")
    return Scores(test, log_softmax(predict(model, test.strips, test.crops, "evaluate")))


def _first(writers: Sequence[str]) -> str:
    return f"{len(writers)}: {', '.join(writers[:3])}{', ...' if len(writers) > 3 else ''}"


class Scores:
    """The decisions on a test side by level; each method returns what one output reports."""

    def __init__(self, test: Unseen, log_probs: np.ndarray) -> None:
        """Take log-probabilities, float64 (crops, classes), of the test crops."""
        self._test = test
        self._rows, line_of = np.unique(test.crops["line"], return_inverse=True)  # rows of lines.csv
        _, form_of_line = np.unique([test.lines["form"][row] for row in self._rows], return_inverse=True)
        self._crop = Decisions(log_probs, test.crops["label"], form_of_line[line_of])
        self._line = self._crop.grouped(line_of)
        self._form = self._crop.grouped(form_of_line[line_of])

    def figures(self, resamples: int, seed: int) -> dict[str, Any]:
        """All figures by level, beside what chance and the largest writer give."""
        levels = {"crop": self._crop, "line": self._line, "form": self._form}
        largest = int(np.argmax(self._test.writers["lines"]))
        return {
            **{
                level: figures(decisions, resamples, np.random.default_rng([seed, number]))
                for number, (level, decisions) in enumerate(levels.items())
            },
            **baselines({level: d.labels for level, d in levels.items()}, self._line.log_probs.shape[1], largest),
        }

    def predictions(self) -> list[tuple[object, ...]]:
        """Return a row (see PREDICTION) a test line; rank is the true writer's place, 1 for right."""
        lines, writers = self._test.lines, self._test.writers["writer"]
        confidence = np.exp(self._line.log_probs.max(axis=1))
        predicted = self._line.log_probs.argmax(axis=1)
        rank = ranks(self._line.log_probs, self._line.labels) + 1
        return [
            (
                lines["line"][row],
                lines["form"][row],
                writers[self._line.labels[i]],
                writers[predicted[i]],
                f"{confidence[i]:.4f}",
                rank[i],
            )
            for i, row in enumerate(self._rows)
        ]

    def by_writer(self) -> list[tuple[object, ...]]:
        """Return a row (see WRITER) a writer on the test side, the least accurate first."""
        right_line = ranks(self._line.log_probs, self._line.labels) < 1
        right_crop = ranks(self._crop.log_probs, self._crop.labels) < 1
        rows = []
        for label in np.unique(self._line.labels):
            own = self._line.labels == label
            by_crop = right_crop[self._crop.labels == label].mean()
            rows.append((right_line[own].mean(), by_crop, self._test.writers["writer"][label], own.sum()))
        return [(writer, lines, f"{line:.4f}", f"{crop:.4f}") for line, crop, writer, lines in sorted(rows)]

    def pairs(self, count: int) -> list[Pair]:
        """Return the writers most confused by crop, each pair with the lines that look most like the mistaken one."""
        writers = self._test.writers["writer"]
        recall = confusion(self._crop.log_probs.argmax(axis=1), self._crop.labels, len(writers))
        return [
            Pair(
                actual=writers[actual],
                predicted=writers[predicted],
                share=share,
                actual_line=self._likest(actual, predicted),
                predicted_line=self._likest(predicted, predicted),
            )
            for actual, predicted, share in confused_pairs(recall, count)
        ]

    def _likest(self, writer: int, other: int) -> np.ndarray:
        """Return the strip, uint8 (height, columns), of the writer's test line that is most likely the other's."""
        own = np.flatnonzero(self._line.labels == writer)
        if not len(own):  # a random split of lines may leave a writer without a test line
            return np.full((self._test.strips.shape[1], self._test.width), 255, np.uint8)
        row = self._rows[own[np.argmax(self._line.log_probs[own, other])]]
        starts = self._test.crops["start"][self._test.crops["line"] == row]
        return self._test.strips[starts.min() : starts.max() + self._test.width].T
