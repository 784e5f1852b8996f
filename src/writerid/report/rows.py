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
    """Return the rows of writers.csv with `low` and `high`, the 95 % interval of accuracy by line over forms."""
    return [{**row, **{end: float(row[f"line_accuracy_{end}"]) for end in ("low", "high")}} for row in table]
