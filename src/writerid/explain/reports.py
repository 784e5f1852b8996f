"""What train and evaluate reported, as far as it is drawn."""

import csv
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from writerid.base.errors import InputError
from writerid.base.files import read_csv, readable

LEVELS = ("crop", "line", "form")


@dataclass(frozen=True)
class History:
    """Figures by epoch, `curves[side][name]` one an epoch, and the best epoch, from 1."""

    curves: dict[str, dict[str, list[float]]]
    best: int


def read_test(path: Path) -> dict[str, Any]:
    """Return what test.json holds; raises InputError where a level lacks its temperature, or there is no lines_read."""
    try:
        test: dict[str, Any] = json.loads(readable(path).read_text(encoding="utf-8"))
        for level in LEVELS:
            float(test[level]["temperature"])
        {count: float(value) for count, value in test["lines_read"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{path}: not what evaluate writes; run `dvc repro --force evaluate`") from None
    return test


def read_history(summary: Path, plots: Path) -> History:
    """Return the curves that train logged; raises InputError where they cannot be read."""
    try:
        best = int(json.loads(readable(summary).read_text(encoding="utf-8"))["best"]["epoch"])
        curves = {
            side: {
                name: _curve(plots / "metrics" / side / f"{name}.tsv", name)
                for name in ("loss", "accuracy", *(["line_accuracy"] if side == "validation" else []))
            }
            for side in ("train", "validation")
        }
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{summary.parent}: not what train logs; run `dvc repro --force train`") from None
    return History(curves, best)


def read_writers(path: Path) -> dict[str, list[Any]]:
    """Return the columns writer, lines and line_accuracy of writers.csv; raises InputError where they are not there."""
    table = read_csv(path, {"writer": str, "lines": int, "line_accuracy": str})
    try:
        return {**table, "line_accuracy": [float(cell) for cell in table["line_accuracy"]]}
    except ValueError:
        raise InputError(f"{path}: an accuracy is not a number; run `dvc repro --force evaluate`") from None


def _curve(path: Path, name: str) -> list[float]:
    with readable(path).open(newline="", encoding="utf-8") as file:
        return [float(row[name]) for row in csv.DictReader(file, delimiter="\t")]
