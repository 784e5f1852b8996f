"""What evaluate measured, as far as it is needed to explain."""

import json
from dataclasses import dataclass
from pathlib import Path

from writerid.base.errors import InputError
from writerid.base.files import readable

LEVELS = ("crop", "line", "form")


@dataclass(frozen=True)
class Results:
    """Temperatures by level (see scores.calibration), and accuracy over forms by the lines that are read of each."""

    temperatures: dict[str, float]
    lines_read: dict[str, float]


def read_results(path: Path) -> Results:
    """Read test/scores.json; raises InputError where a level lacks its temperature, or there is no lines_read."""
    try:
        test = json.loads(readable(path).read_text(encoding="utf-8"))
        temperatures = {level: float(test[level]["temperature"]) for level in LEVELS}
        return Results(temperatures, {count: float(value) for count, value in test["lines_read"].items()})
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{path}: not what evaluate writes; run `dvc repro --force evaluate`") from None
