"""Comparing experiments: which can be compared, the table of them, and how much each parameter matters."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from writerid.base.dotted import flat
from writerid.scores import factors, paired
from writerid.tuning.experiments import crops, key
from writerid.tuning.grid import order, show

# What the published reference chose, where it says that it tried others.
REFERENCE: Mapping[str, Any] = {"layers": 3, "kernel_size": 3, "optimizer": "adam", "dropout": 0.4}
FEWEST_PAIRS = 3  # of which a difference is claimed
LEVEL = 0.05  # of the probability of claiming any difference that is none


@dataclass(frozen=True)
class Comparison:
    """Experiments that can be compared.

    `runs` holds them as experiments.load does, with their crops and, as text, their seeds and the parameters in `keys`;
    `rows` the means over those that differ in their seed alone, the present budget first, and then the best.
    `factorial` are the runs that differ in keys of the grid, and the seed, alone; `left_out` counts by reason.
    """

    runs: pd.DataFrame
    rows: pd.DataFrame
    keys: list[str]
    grid: list[str]
    factorial: pd.DataFrame
    left_out: Mapping[str, int]


def compare(
    known: pd.DataFrame, params: Mapping[str, Any], source: tuple[str, str], data: set[str], *, any_code: bool
) -> Comparison:
    """Put together the experiments that share the dataset and the split with `params`, which `source` belongs to.

    `data` names the parameters that decide which lines are validated on. Experiments of other code are left out,
    unless any will do; so is, of two that are the same, the earlier.
    """
    base, grid, budget = flat(params), list(params["grid"]), crops(params)
    known = known.assign(
        flat=[flat(each) for each in known["params"]],
        crops=[crops(each) for each in known["params"]],
        same=[key(each.params, (each.code, each.data)) for each in known.itertuples()],
    )
    other_data = np.array([any(each.get(name) != base[name] for name in data) for each in known["flat"]], bool)
    reasons = np.select(
        [known["by_line"].isna(), other_data | (known["data"] != source[1]), (known["code"] != source[0]) & ~any_code],
        ["stopped before the fit", "on other data or another split", "by other code than the present (--any-code)"],
        "",
    )
    runs = known[reasons == ""].drop_duplicates("same", keep="last").astype({"seconds": float})
    others = sorted({name for each in runs["flat"] for name in each} - {*grid, "seed"})
    differ = [name for name in others if any(each.get(name) != base.get(name) for each in runs["flat"])]
    plain = np.array([all(each.get(name) == base.get(name) for name in others) for each in runs["flat"]], bool)
    keys = [*grid, *differ]
    runs = runs.assign(**{name: [show(each.get(name)) for each in runs["flat"]] for name in {*keys, "seed"}})
    rows = (
        runs.sort_values("seed", key=lambda seeds: seeds.astype(int), kind="stable")
        .groupby(list(dict.fromkeys([*keys, "code", "crops"])), sort=False, as_index=False)
        .agg(
            name=("name", "first"),
            by_line=("by_line", "mean"),
            spread=("by_line", np.ptp),
            seeds=("by_line", "size"),
            by_crop=("by_crop", "mean"),
            loss=("loss", "mean"),
            seconds=("seconds", "mean"),
        )
    )
    rows = rows.assign(other=rows["crops"] != budget).sort_values(
        ["other", "crops", "by_line", "by_crop", "loss", "name"], ascending=[True, True, False, False, True, True]
    )
    factorial = runs[plain & (runs["crops"] == budget).to_numpy()]
    return Comparison(runs, rows, keys, grid, factorial, Counter(reasons[reasons != ""]))


def effects(comparison: Comparison) -> pd.DataFrame:
    """Return how much each parameter of the grid, and the seed, matters to the accuracy by line; see factors."""
    runs = comparison.factorial
    values = {name: sorted(runs[name].unique(), key=order) for name in dict.fromkeys([*comparison.grid, "seed"])}
    return factors.effects(runs, "by_line", {name: each for name, each in values.items() if len(each) > 1})


def against_reference(comparison: Comparison) -> pd.DataFrame:
    """Return each other value of the grid against the reference's, over pairs that differ in that key alone.

    A row a value: key, reference, other, difference (other minus reference, of the accuracy by line), its 95 %
    interval (low, high), p (Holm's correction over the rows), pairs and verdict.
    """
    rows = []
    for name, chosen in ((name, show(value)) for name, value in REFERENCE.items() if name in comparison.grid):
        rest = [other for other in dict.fromkeys([*comparison.grid, "seed"]) if other != name]
        wide = comparison.factorial.pivot(index=rest, columns=name, values="by_line")
        for other in sorted({*wide} - {chosen}, key=order) if chosen in wide else ():
            if len(pairs := (wide[other] - wide[chosen]).dropna()):
                rows.append([name, chosen, other, *paired.difference(pairs.to_numpy())])
    table = pd.DataFrame(rows, columns=["key", "reference", "other", "difference", "low", "high", "p", "pairs"])
    p, enough = paired.holm(table["p"]), table["pairs"] >= FEWEST_PAIRS
    better = table["other"].where(table["difference"] > 0, table["reference"]) + " is better"
    verdict = better.where(np.array(p) < LEVEL, "cannot be told apart").where(enough, "too few pairs")
    return table.assign(p=pd.Series(p, dtype=float).where(enough), verdict=verdict)
