"""A grid of four parameters, and experiments of it that nobody ran."""

import copy
from typing import Any

import pandas as pd
from ruamel.yaml import YAML

from tests.conftest import ROOT
from writerid.base.params import check
from writerid.tuning import experiments
from writerid.tuning.grid import Combination, combinations

GRID: dict[str, list[Any]] = {
    "layers": [2, 3, 4],
    "kernel_size": [3, 5],
    "optimizer": ["adam", "sgd"],
    "dropout": [0.0, 0.4],
}
SOURCE = ("code", "data")


def params(**changes: Any) -> dict[str, Any]:
    content = copy.deepcopy(dict(YAML(typ="safe").load((ROOT / "params.yaml").read_text())))
    return {**content, "grid": GRID, **changes}


def combos(seeds: int = 1, **changes: Any) -> list[Combination]:
    return combinations(params(**changes), check, seeds)[0]


def runs(effect: dict[str, dict[Any, float]], seeds: int = 1, **changes: Any) -> pd.DataFrame:
    """An experiment of each combination, whose accuracy by line is 0.5 and what `effect` adds for its values."""
    rows = []
    for number, each in enumerate(combos(seeds, **changes)):
        by_line = 0.5 + sum(by_value.get(each.changes[key], 0.0) for key, by_value in effect.items())
        scores = dict(
            zip(experiments.SCORES, (by_line, by_line - 0.1, 1 - by_line, 2, 10.0 + number, "cpu"), strict=True)
        )
        rows.append(
            {"name": each.name, "rev": f"{number:040d}", "baseline": "b", "params": each.params}
            | {"code": SOURCE[0], "data": SOURCE[1], **scores}
        )
    return pd.DataFrame(rows)
