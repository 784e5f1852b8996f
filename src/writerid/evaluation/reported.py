"""The test side: decisions by crop, line and form, and what is reported of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import keras
import numpy as np

from writerid.base.errors import InputError
from writerid.base.geometry import line_scales, strip_widths
from writerid.base.randomness import Use, stream
from writerid.crops.windows import Packed
from writerid.dataset.splits import SideLine
from writerid.network.models import RETRAIN
from writerid.network.prediction import predict
from writerid.scores.calibration import scaled, temperature
from writerid.scores.decisions import (
    Decisions,
    accuracy,
    baselines,
    ece,
    figures,
    log_softmax,
    nll,
    ranks,
)
from writerid.scores.intervals import share

PREDICTION = (
    "line", "form", "actual", "predicted", "confidence", "rank", "crops", "crops_right", "crops_top5", "form_rank",
)  # fmt: skip
WRITER = ("writer", "lines", "line_accuracy", "line_accuracy_low", "line_accuracy_high", "crop_accuracy")
METRICS = {  # by which runs are compared
    "crop": ("accuracy", "accuracy_low", "accuracy_high"),
    "line": ("accuracy", "accuracy_low", "accuracy_high", "calibrated_nll"),
    "form": ("accuracy",),
}
SHORT = 500  # columns of a line scaled to SHORT_AT pixels of height; one with fewer is a short line
SHORT_AT = 113  # the height of the published reference's lines: what is short does not depend on parameters
LINES_READ = (1, 2, 4, 8)


class Levels:
    """The decisions on the crops, lines and forms of a side."""

    def __init__(self, packed: Packed, side: str, log_probs: np.ndarray) -> None:
        """Take log-probabilities, float64 (crops, classes), of the side's crops."""
        crops = packed.tables[side]
        self.rows, line_of = np.unique(crops["line"], return_inverse=True)  # rows of lines.csv
        _, self.form_of_line = np.unique([packed.lines["form"][row] for row in self.rows], return_inverse=True)
        self.line_of = line_of
        self.crops_of_line = np.bincount(line_of)
        self.crop = Decisions(log_probs, crops["label"], self.form_of_line[line_of])
        self.line = self.crop.grouped(line_of)
        self.form = self.crop.grouped(self.form_of_line[line_of])

    def by_name(self) -> dict[str, Decisions]:
        """Return the decisions of each level."""
        return {"crop": self.crop, "line": self.line, "form": self.form}


def evaluate(model: keras.Model, packed: Packed, train: Sequence[SideLine]) -> "Scores":
    """Decide on every crop, line and form of the test side; how sure to be is fitted on the validation side.

    `train`: the lines that the model was trained on.

    Raises InputError where decisions are not numbers.
    """
    decided = {side: decide(model, packed, side) for side in ("validation", "test")}
    validation = decided["validation"].by_name()
    temperatures = {name: temperature(own.log_probs, own.labels) for name, own in validation.items()}
    return Scores(packed, decided["test"], temperatures, train)


def decide(model: keras.Model, packed: Packed, side: str) -> Levels:
    """Decide on every crop, line and form of a side; raises InputError where decisions are not numbers."""
    log_probs = log_softmax(predict(model, packed.strips, packed.tables[side], side))
    if not np.isfinite(log_probs).all():
        raise InputError(f"models/model.keras: its decisions are not numbers; {RETRAIN}")
    return Levels(packed, side, log_probs)


class Scores:
    """The decisions on the test side; each method returns what one output reports."""

    def __init__(
        self, packed: Packed, levels: Levels, temperatures: Mapping[str, float], train: Sequence[SideLine]
    ) -> None:
        """Take the crops, decisions on the test side, each level's temperature (see calibration), and trained lines."""
        self._lines, self._names, self._levels, self._temperatures = packed.lines, packed.writers, levels, temperatures
        self._train = Counter(line.writer for line in train)

    @property
    def levels(self) -> Levels:
        """The decisions of each level."""
        return self._levels

    @property
    def temperatures(self) -> Mapping[str, float]:
        """By what the log-probabilities of each level are divided."""
        return self._temperatures

    def figures(self, draws: int, seed: int) -> dict[str, Any]:
        """All figures by level, by length of line and by lines read, and what chance and the largest writer give.

        `draws`: random choices of the lines that are read of a form.
        """
        result: dict[str, Any] = {}
        for level, decisions in self._levels.by_name().items():
            by = self._temperatures[level]
            log_probs = scaled(decisions.log_probs, by)
            result[level] = figures(decisions) | {
                "temperature": by,
                "calibrated_nll": nll(log_probs, decisions.labels),
                "calibrated_ece": ece(log_probs, decisions.labels),
            }
        lines, largest = self._levels.line, min(self._train, key=lambda writer: (-self._train[writer], writer))
        short = self._columns() < SHORT
        for name, own in (("short_lines", short), ("long_lines", ~short)):
            right = accuracy(lines.log_probs[own], lines.labels[own]) if own.any() else None
            result[name] = {"items": int(own.sum()), "accuracy": right}
        result["lines_read"] = self._by_lines_read(draws, stream(seed, Use.LINES_READ))
        labels = {level: decisions.labels for level, decisions in self._levels.by_name().items()}
        return {**result, **baselines(labels, lines.log_probs.shape[1], list(self._names).index(largest))}

    def _columns(self) -> np.ndarray:
        """Columns of each test line scaled to SHORT_AT pixels of height; int (lines,)."""
        width, height = (np.array(self._lines[name])[self._levels.rows] for name in ("width", "height"))
        sizes = np.column_stack([width, height])
        return strip_widths(sizes, line_scales(sizes, SHORT_AT, "line"), 1)

    def _by_lines_read(self, draws: int, rng: np.random.Generator) -> dict[str, float]:
        """Accuracy over forms when only so many lines of each, drawn at random, vote; all where it has fewer."""
        lines, forms = self._levels.line, self._levels.form
        votes = lines.log_probs * self._levels.crops_of_line[:, None]
        right = np.zeros((len(LINES_READ), len(forms.labels)))
        for form, label in enumerate(forms.labels):
            rows = np.flatnonzero(self._levels.form_of_line == form)
            orders = rng.permuted(np.tile(rows, (draws, 1)), axis=1)
            for place, count in enumerate(LINES_READ):
                voted = votes[orders[:, :count]].sum(axis=1)
                right[place, form] = np.mean(ranks(voted, np.full(draws, label)) < 1)
        read = {str(count): float(own.mean()) for count, own in zip(LINES_READ, right, strict=True)}
        return {**read, "all": accuracy(forms.log_probs, forms.labels)}

    def predictions(self) -> list[tuple[object, ...]]:
        """Return a row (see PREDICTION) a test line: calibrated confidence; ranks of the true writer, 1 for right."""
        levels, lines, names = self._levels, self._lines, self._names
        confidence = np.exp(scaled(levels.line.log_probs, self._temperatures["line"]).max(axis=1))
        predicted = levels.line.log_probs.argmax(axis=1)
        rank, form_rank, crop_rank = (
            ranks(own.log_probs, own.labels) + 1 for own in (levels.line, levels.form, levels.crop)
        )
        crops_right, crops_top5 = (np.bincount(levels.line_of, crop_rank <= most).astype(int) for most in (1, 5))
        return [
            (
                lines["line"][row],
                lines["form"][row],
                names[levels.line.labels[i]],
                names[predicted[i]],
                f"{confidence[i]:.4f}",
                rank[i],
                levels.crops_of_line[i],
                crops_right[i],
                crops_top5[i],
                form_rank[levels.form_of_line[i]],
            )
            for i, row in enumerate(levels.rows)
        ]

    def by_writer(self) -> list[tuple[object, ...]]:
        """Return a row (see WRITER) a writer on the test side, the least accurate first.

        Intervals are over forms; a writer with a single test form has none.
        """
        line, crop = self._levels.line, self._levels.crop
        right_line, right_crop = (ranks(own.log_probs, own.labels) < 1 for own in (line, crop))
        rows = []
        for label in np.unique(line.labels):
            own = line.labels == label
            forms = line.forms[own]
            found = share(np.bincount(forms, right_line[own]), np.bincount(forms))
            bounds = (found.low, found.high) if len(np.unique(forms)) > 1 else (None, None)
            rows.append((found.value, *bounds, right_crop[crop.labels == label].mean(), self._names[label], own.sum()))
        rows.sort(key=lambda row: (row[0], row[3], row[4]))
        return [
            (writer, lines, *("" if value is None else f"{value:.4f}" for value in found))
            for *found, writer, lines in rows
        ]
