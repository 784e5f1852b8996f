"""What evaluate measured, as far as it is needed to explain."""

import json
from dataclasses import dataclass
from pathlib import Path

from writerid.base.errors import InputError
from writerid.base.files import read_csv, readable
from writerid.evaluation import comparing

PAIR = comparing.PAIR
LEVELS = ("crop", "line", "form")


@dataclass(frozen=True)
class Results:
    """Temperatures by level (see scores.calibration), and accuracy over forms by the lines that are read of each.

    pairs: two lines each by unseen writers, by the columns of PAIR, as evaluate wrote them.
    """

    temperatures: dict[str, float]
    lines_read: dict[str, float]
    pairs: list[dict[str, str]]


def read_results(path: Path, pairs: Path) -> Results:
    """Read test/scores.json and unseen/pairs.csv.

    Raises InputError where a level lacks its temperature, there is no lines_read, or the table is not whole.
    """
    try:
        test = json.loads(readable(path).read_text(encoding="utf-8"))
        temperatures = {level: float(test[level]["temperature"]) for level in LEVELS}
        lines_read = {count: float(value) for count, value in test["lines_read"].items()}
    except (ValueError, KeyError, TypeError, AttributeError):
        raise InputError(f"{path}: not what evaluate writes; run `dvc repro --force evaluate`") from None
    columns = read_csv(pairs, dict.fromkeys(PAIR, str))
    return Results(
        temperatures, lines_read, [dict(zip(PAIR, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    )
