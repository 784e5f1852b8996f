"""Rows of charts that are in no table as they are: curves of training, and writers with their intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from writerid.explain.sureness import wilson

SERIES = {"train": "training", "validation": "validation"}


def curve_rows(
    rev: str, curves: Mapping[str, Mapping[str, Sequence[float]]], best: int, measure: str
) -> list[dict[str, Any]]:
    """Return the rows of `charts.curves` from `curves[side][name]`, one value an epoch; the best epoch is ringed."""
    return [
        {
            "rev": rev,
            "series": f"{SERIES[side]}, by {'line' if name.startswith('line_') else 'crop'}",
            "step": epoch,
            measure: value,
            "best": epoch == best and side != "train",
        }
        for side, columns in curves.items()
        for name, values in columns.items()
        if measure in (name, name.removeprefix("line_"))
        for epoch, value in enumerate(values, start=1)
    ]


def writer_rows(table: Sequence[Mapping[str, str]]) -> list[dict[str, Any]]:
    """Return the rows of writers.csv with `low` and `high`, the 95 % Wilson interval of accuracy over lines."""
    lines = np.array([int(row["lines"]) for row in table])
    right = np.rint(np.array([float(row["line_accuracy"]) for row in table]) * lines)
    low, high = wilson(right, lines)
    return [{**row, "low": float(a), "high": float(b)} for row, a, b in zip(table, low, high, strict=True)]
