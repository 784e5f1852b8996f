"""Comparing experiments: which can be compared, the table of them, and how much each parameter matters."""

import warnings
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.multitest import multipletests

from writerid.base.dotted import flat
from writerid.tuning.experiments import crops, key
from writerid.tuning.grid import order, show

# What the published reference chose, where it says that it tried others.
REFERENCE: Mapping[str, Any] = {"layers": 3, "kernel_size": 3, "optimizer": "adam", "dropout": 0.4}
FEWEST_PAIRS = 3  # of which a difference is claimed
LEVEL = 0.05  # of the probability of claiming any difference that is none


@dataclass(frozen=True)
class Comparison:
    """Experiments that can be compared.

    `runs` holds one a row, as experiments.load does, with its crops and with the parameters in `keys` and its seed as
    text; `rows` the means over those that differ in their seed alone, the present budget first, and then the best.
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
    base, grid = flat(params), list(params["grid"])
    flats = [flat(each) for each in known["params"]]
    other_data = np.array([any(each.get(name) != base[name] for name in data) for each in flats], bool)
    reasons = np.select(
        [known["by_line"].isna(), other_data | (known["data"] != source[1]), (known["code"] != source[0]) & (not any_code)],
        ["stopped before the fit", "on other data or another split", "by other code than the present (--any-code)"],
        "",
    )
    same = [key(each.params, (each.code, each.data)) for each in known.itertuples()]
    kept = known.assign(flat=flats, same=same)[reasons == ""].drop_duplicates("same", keep="last")
    others = sorted({name for each in kept["flat"] for name in each} - {*grid, "seed"})
    differ = [name for name in others if any(each.get(name) != base.get(name) for each in kept["flat"])]
    keys = [*grid, *differ]
    runs = kept.assign(
        crops=[crops(each) for each in kept["params"]],
        **{name: [show(each.get(name)) for each in kept["flat"]] for name in {*keys, "seed"}},
    ).sort_values("seed", key=lambda column: column.astype(int), kind="stable")
    rows = runs.groupby([*dict.fromkeys([*keys, "code", "crops"])], sort=False, as_index=False, dropna=False).agg(
        name=("name", "first"),
        rev=("rev", "first"),
        dropout_value=("flat", lambda column: column.iloc[0].get("dropout")),
        by_line=("by_line", "mean"),
        spread=("by_line", np.ptp),
        seeds=("by_line", "size"),
        by_crop=("by_crop", "mean"),
        loss=("loss", "mean"),
        seconds=("seconds", "mean"),
    )
    rows = rows.assign(other=rows["crops"] != crops(params)).sort_values(
        ["other", "crops", "by_line", "by_crop", "loss", "name"], ascending=[True, True, False, False, True, True]
    )
    plain = [all(each.get(name) == base.get(name) for name in others) for each in runs["flat"]]
    budget = runs["crops"] == crops(params)
    return Comparison(runs, rows, keys, grid, runs[budget & plain], Counter(reasons[reasons != ""]))


def effects(comparison: Comparison) -> pd.DataFrame:
    """Return how much each parameter of the grid, and the seed, matters, the most first.

    A row for each of their values: key, share_by_line, share_by_crop, value, by_line, by_crop. The share is by how
    much the squared error of a linear model of all main effects grows without the key, over the total (eta squared,
    sums of squares of type II); the last row is what is left to combinations and to chance. Means are least-squares
    means: over equally many of each value of the other keys. Empty where the runs are too few to tell the keys apart.
    """
    table, parts = comparison.factorial, {}
    factors = [name for name in dict.fromkeys([*comparison.grid, "seed"]) if table[name].nunique() > 1]
    even = pd.DataFrame(list(product(*(sorted(table[name].unique(), key=order) for name in factors))), columns=factors)
    for figure in ("by_line", "by_crop"):
        fit = ols(f"{figure} ~ 1 + " + " + ".join(f"C({name})" for name in factors), table).fit() if factors else None
        if fit is None or fit.df_resid < 1 or fit.df_model + 1 < fit.model.exog.shape[1]:
            return pd.DataFrame(columns=["key", "share_by_line", "share_by_crop", "value", "by_line", "by_crop"])
        total = fit.centered_tss if fit.centered_tss > 1e-15 else np.inf  # all the same: nothing to explain
        with warnings.catch_warnings(action="ignore"):  # of no error left: there is no F then, but there are sums
            shares = anova_lm(fit, typ=2)["sum_sq"].clip(lower=0) / total
        means = even.assign(mean=fit.predict(even))
        for name in factors:
            for value, mean in means.groupby(name, sort=False)["mean"].mean().items():
                row = parts.setdefault((name, value), {"key": name, "value": value})
                row |= {f"share_{figure}": shares[f"C({name})"], figure: mean}
        parts.setdefault(("", ""), {"key": "combinations, chance"})[f"share_{figure}"] = fit.ssr / total
    rest = parts.pop(("", ""))
    found = pd.DataFrame(list(parts.values())).sort_values(
        ["share_by_line", "share_by_crop"], ascending=False, kind="stable"
    )
    return pd.concat([found, pd.DataFrame([rest])], ignore_index=True)


def against_reference(comparison: Comparison) -> pd.DataFrame:
    """Return each other value of the grid against the reference's, over pairs that differ in that key alone.

    A row a value: key, reference, other, difference (other minus reference, of the accuracy by line), its 95 %
    interval (low, high), p, pairs and verdict. Student's t over the pairs, and Holm's correction over the rows.
    """
    runs, rows = comparison.factorial, []
    for name, chosen in REFERENCE.items():
        if name not in comparison.grid or not len(runs):
            continue
        rest = [other for other in dict.fromkeys([*comparison.grid, "seed"]) if other != name]
        wide = runs.pivot_table(index=rest or "crops", columns=name, values="by_line", sort=False)
        for other in sorted(set(wide) - {show(chosen)}, key=order) if show(chosen) in wide else []:
            pairs = (wide[other] - wide[show(chosen)]).dropna()
            if len(pairs):
                with warnings.catch_warnings(action="ignore"):  # of a single pair, and of pairs that differ alike
                    test = stats.ttest_1samp(pairs, 0)
                    low, high = test.confidence_interval()
                p = 1.0 if np.isnan(test.pvalue) else test.pvalue
                rows.append([name, show(chosen), other, pairs.mean(), low, high, p, len(pairs)])
    table = pd.DataFrame(rows, columns=["key", "reference", "other", "difference", "low", "high", "p", "pairs"])
    if len(table):
        table["p"] = multipletests(table["p"], method="holm")[1]
    better = table["other"].where(table["difference"] > 0, table["reference"]) + " is better"
    table["verdict"] = better.where(table["p"] < LEVEL, "cannot be told apart")
    table["verdict"] = table["verdict"].where(table["pairs"] >= FEWEST_PAIRS, "too few pairs")
    return table


def dropout_pair(comparison: Comparison) -> list[str]:
    """Return the names of two that differ in dropout alone, one without any: the pair with the best run in it."""
    rest = [name for name in comparison.keys if name != "dropout"]
    if "dropout" not in comparison.keys:
        return []
    for _, group in comparison.rows.groupby([*rest, "code", "crops"], sort=False):
        without, with_some = group[group["dropout_value"] == 0], group[group["dropout_value"] > 0]
        if len(without) and len(with_some):
            return [with_some["name"].iloc[0], without["name"].iloc[0]]
    return []
