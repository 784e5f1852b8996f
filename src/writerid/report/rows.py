"""Rows of charts that are in no table as they are: curves of training, and writers with their intervals."""

from collections.abc import Mapping, Sequence
from typing import Any

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
    """Return the rows of writers.csv with `low` and `high`, the 95 % interval of accuracy by line over forms.

    `room` says it in words. A writer with a single test form has no interval: both ends are then the accuracy.
    """
    rows = []
    for row in table:
        low, high = (float(row[f"line_accuracy_{end}"] or row["line_accuracy"]) for end in ("low", "high"))
        room = f", and so few forms leave room for {low:.0%} to {high:.0%}" if row["line_accuracy_low"] else ""
        rows.append({**row, "low": low, "high": high, "room": room.replace("%", " %")})
    return rows
