"""The test side: decisions by crop, line and form, and what is reported of them."""

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np

from writerid.base.errors import InputError
from writerid.base.geometry import line_scales, strip_widths
from writerid.base.randomness import Use, stream
from writerid.crops.windows import Packed
from writerid.dataset.lines import writers
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

PREDICTION = ("line", "form", "actual", "predicted", "confidence", "rank")
WRITER = ("writer", "lines", "line_accuracy", "crop_accuracy")


SHORT = 500  # columns of a line scaled to SHORT_AT pixels of height; one with fewer is a short line
SHORT_AT = 113  # the height of the published reference's lines: what is short does not depend on parameters
LINES_READ = (1, 2, 4, 8)
DRAWS = 100  # random choices of so many lines from each form


class Levels:
    """The decisions on the crops, lines and forms of a side."""

    def __init__(self, packed: Packed, side: str, log_probs: np.ndarray) -> None:
        """Take log-probabilities, float64 (crops, classes), of the side's crops."""
        crops = packed.tables[side]
        self.rows, line_of = np.unique(crops["line"], return_inverse=True)  # rows of lines.csv
        _, self.form_of_line = np.unique([packed.lines["form"][row] for row in self.rows], return_inverse=True)
        self.crops_of_line = np.bincount(line_of)
        self.crop = Decisions(log_probs, crops["label"], self.form_of_line[line_of])
        self.line = self.crop.grouped(line_of)
        self.form = self.crop.grouped(self.form_of_line[line_of])

    def by_name(self) -> dict[str, Decisions]:
        """Return the decisions of each level."""
        return {"crop": self.crop, "line": self.line, "form": self.form}


def evaluate(model: keras.Model, packed: Packed) -> "Scores":
    """Decide on every crop, line and form of the test side; how sure to be is fitted on the validation side.

    Raises InputError where decisions are not numbers.
    """
    sides = {}
    for side in ("validation", "test"):
        log_probs = log_softmax(predict(model, packed.strips, packed.tables[side], side))
        if not np.isfinite(log_probs).all():
            raise InputError(f"models/model.keras: its decisions are not numbers; {RETRAIN}")
        sides[side] = Levels(packed, side, log_probs)
    temperatures = {name: temperature(own.log_probs, own.labels) for name, own in sides["validation"].by_name().items()}
    return Scores(packed, sides["test"], temperatures)


class Scores:
    """The decisions on the test side; each method returns what one output reports."""

    def __init__(self, packed: Packed, levels: Levels, temperatures: Mapping[str, float]) -> None:
        """Take the crops, the decisions on the test side, and the temperature of each level (see calibration)."""
        self._lines, self._levels, self._temperatures = packed.lines, levels, temperatures

    def figures(self, resamples: int, seed: int) -> dict[str, Any]:
        """All figures by level, by length of line and by lines read, and what chance and the largest writer give."""
        result: dict[str, Any] = {}
        for number, (level, decisions) in enumerate(self._levels.by_name().items()):
            result[level] = figures(decisions, resamples, stream(seed, Use.INTERVALS, number))
            by = self._temperatures[level]
            log_probs = scaled(decisions.log_probs, by)
            result[level] |= {
                "temperature": by,
                "calibrated_nll": nll(log_probs, decisions.labels),
                "calibrated_ece": ece(log_probs, decisions.labels),
            }
        lines, largest = self._levels.line, int(np.bincount(self._lines["label"]).argmax())
        short = self._columns() < SHORT
        for name, own in (("short_lines", short), ("long_lines", ~short)):
            right = accuracy(lines.log_probs[own], lines.labels[own]) if own.any() else None
            result[name] = {"items": int(own.sum()), "accuracy": right}
        result["lines_read"] = self._by_lines_read(stream(seed, Use.LINES_READ))
        labels = {level: decisions.labels for level, decisions in self._levels.by_name().items()}
        return {**result, **baselines(labels, lines.log_probs.shape[1], largest)}

    def _columns(self) -> np.ndarray:
        """Columns of each test line scaled to SHORT_AT pixels of height; int (lines,)."""
        width, height = (np.array(self._lines[name])[self._levels.rows] for name in ("width", "height"))
        sizes = np.column_stack([width, height])
        return strip_widths(sizes, line_scales(sizes, SHORT_AT, "line"), 1)

    def _by_lines_read(self, rng: np.random.Generator) -> dict[str, float]:
        """Accuracy over forms when only so many lines of each, drawn at random, vote; all where it has fewer."""
        lines, forms = self._levels.line, self._levels.form
        votes = lines.log_probs * self._levels.crops_of_line[:, None]
        own = [np.flatnonzero(self._levels.form_of_line == form) for form in range(len(forms.labels))]
        result = {}
        for count in LINES_READ:
            right = [
                ranks(votes[rng.permutation(rows)[:count]].sum(axis=0)[None], label[None])[0] < 1
                for rows, label in zip(own, forms.labels, strict=True)
                for _ in range(DRAWS)
            ]
            result[str(count)] = float(np.mean(right))
        return {**result, "all": accuracy(forms.log_probs, forms.labels)}

    def predictions(self) -> list[tuple[object, ...]]:
        """Return a row (see PREDICTION) a test line: calibrated confidence; the true writer's rank, 1 for right."""
        lines, names = self._lines, writers(self._lines)
        confidence = np.exp(scaled(self._levels.line.log_probs, self._temperatures["line"]).max(axis=1))
        predicted = self._levels.line.log_probs.argmax(axis=1)
        rank = ranks(self._levels.line.log_probs, self._levels.line.labels) + 1
        return [
            (
                lines["line"][row],
                lines["form"][row],
                names[self._levels.line.labels[i]],
                names[predicted[i]],
                f"{confidence[i]:.4f}",
                rank[i],
            )
            for i, row in enumerate(self._levels.rows)
        ]

    def by_writer(self) -> list[tuple[object, ...]]:
        """Return a row (see WRITER) a writer on the test side, the least accurate first."""
        right_line = ranks(self._levels.line.log_probs, self._levels.line.labels) < 1
        right_crop = ranks(self._levels.crop.log_probs, self._levels.crop.labels) < 1
        names, rows = writers(self._lines), []
        for label in np.unique(self._levels.line.labels):
            own = self._levels.line.labels == label
            by_crop = right_crop[self._levels.crop.labels == label].mean()
            rows.append((right_line[own].mean(), by_crop, names[label], own.sum()))
        return [(writer, lines, f"{line:.4f}", f"{crop:.4f}") for line, crop, writer, lines in sorted(rows)]
