"""Comparing experiments: which can be compared, tables in Markdown, how much each parameter matters, and pictures."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd

from writerid.base.dotted import flat
from writerid.base.files import atomic
from writerid.scores import factors, paired
from writerid.tuning.experiments import CURVES, SCORES, crops, curves, key
from writerid.tuning.grid import order, show

# What the published reference chose, where it says that it tried others.
REFERENCE: Mapping[str, Any] = {"layers": 3, "kernel_size": 3, "optimizer": "adam", "dropout": 0.4}
FEWEST_PAIRS = 3  # of which a difference is claimed
LEVEL = 0.05  # of the probability of claiming any difference that is none
FOLDER = Path("metrics/tuning")
_RED = "#c0392b"
_ACCURACY = alt.Y("by_line:Q", title="validation accuracy by line", scale=alt.Scale(zero=False))


@dataclass(frozen=True)
class Comparison:
    """Experiments that can be compared.

    `runs` holds them as experiments.load does, with their crops and, as text, their seeds and the parameters in `keys`;
    `rows` the means over those that differ in their seed alone, the present budget first, and then the best; each has
    name and commit of one of its runs, and a name that several rows would have is told apart by the commit.
    `factorial` are the runs that differ in keys of the grid, the seed and the code alone; `left_out` counts by reason.
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
            rev=("rev", "first"),
            by_line=("by_line", "mean"),
            spread=("by_line", np.ptp),
            seeds=("by_line", "size"),
            by_crop=("by_crop", "mean"),
            loss=("loss", "mean"),
            seconds=("seconds", "mean"),
        )
    )
    twice = rows["name"].duplicated(keep=False)  # such as under two commits
    rows["name"] = rows["name"].where(~twice, rows["name"] + " (" + rows["rev"].str[:7] + ")")
    rows = rows.assign(other=rows["crops"] != budget).sort_values(
        ["other", "crops", "by_line", "by_crop", "loss", "name"], ascending=[True, True, False, False, True, True]
    )
    factorial = runs[plain & (runs["crops"] == budget).to_numpy()]
    return Comparison(runs, rows, keys, grid, factorial, Counter(reasons[reasons != ""]))


def effects(comparison: Comparison) -> pd.DataFrame:
    """Return how much each parameter of the grid, the seed and the code matter to the accuracy by line; see factors."""
    runs = comparison.factorial
    values = {
        name: sorted(runs[name].unique(), key=order) for name in dict.fromkeys([*comparison.grid, "seed", "code"])
    }
    return factors.effects(runs, "by_line", {name: each for name, each in values.items() if len(each) > 1})


def against_reference(comparison: Comparison) -> pd.DataFrame:
    """Return each other value of the grid against the reference's, over pairs that differ in that key alone.

    A row a value: key, reference, other, difference (other minus reference, of the accuracy by line), its 95 %
    interval (low, high), p (Holm's correction over the rows), pairs and verdict.
    """
    rows = []
    for name, chosen in ((name, show(value)) for name, value in REFERENCE.items() if name in comparison.grid):
        rest = [other for other in dict.fromkeys([*comparison.grid, "seed", "code"]) if other != name]
        wide = comparison.factorial.pivot(index=rest, columns=name, values="by_line")
        for other in sorted({*wide} - {chosen}, key=order) if chosen in wide else ():
            if len(pairs := (wide[other] - wide[chosen]).dropna()):
                rows.append([name, chosen, other, *paired.difference(pairs.to_numpy())])
    table = pd.DataFrame(rows, columns=["key", "reference", "other", "difference", "low", "high", "p", "pairs"])
    p, enough = paired.holm(table["p"]), table["pairs"] >= FEWEST_PAIRS
    better = table["other"].where(table["difference"] > 0, table["reference"]) + " is better"
    verdict = better.where(np.array(p) < LEVEL, "cannot be told apart").where(enough, "too few pairs")
    return table.assign(p=pd.Series(p, dtype=float).where(enough), verdict=verdict)


def markdown(table: pd.DataFrame) -> str:
    """Return a table in Markdown, aligned; `-` where there is no number, or one without bounds."""
    table = table.replace([np.inf, -np.inf], np.nan)
    texts = table.map(lambda cell: "-" if cell != cell else f"{cell:.4f}" if isinstance(cell, float) else str(cell))
    texts = texts.replace(r"\|", r"\\|", regex=True).rename(columns={"by_line": "by line", "by_crop": "by crop"})
    return str(texts.to_markdown(index=False, tablefmt="github", disable_numparse=True))


def tables(comparison: Comparison) -> str:
    """Return all rows, a table for each budget: figures of a longer fit say nothing about a shorter one's."""
    rows = comparison.rows.rename(columns={"name": "experiment"})
    rows = rows.assign(seconds=rows["seconds"].map("{:.0f}".format, na_action="ignore"))
    several = ["spread", "seeds"] if (rows["seeds"] > 1).any() else []
    columns = list(dict.fromkeys(["experiment", *comparison.keys, "by_line", *several, "by_crop", "loss", "seconds"]))
    groups = rows.groupby("crops", sort=False)
    return "\n\n".join(f"Fits of {budget:,} crops:\n\n{markdown(group[columns])}" for budget, group in groups)


def omissions(comparison: Comparison, failed: int) -> str:
    """Return what the tables leave out, in one line; empty where nothing."""
    counts = ({"failed": failed} if failed else {}) | dict(comparison.left_out)
    return f"Not in these tables: {', '.join(f'{count} {why}' for why, count in counts.items())}." if counts else ""


def best(comparison: Comparison) -> dict[str, str]:
    """Return the commits of the best experiment and its like with other dropout, by name: their curves are drawn."""
    alike = comparison.rows[[key for key in {*comparison.keys, "code", "crops"} if key != "dropout"]]
    rows = comparison.rows[(alike == alike.iloc[0]).all(axis=1)]
    return dict(zip(rows["name"], rows["rev"], strict=True))


def write(comparison: Comparison, failed: int) -> None:
    """Print the tables, and write pictures and the numbers behind them to FOLDER; all of the validation side."""
    shares, against = effects(comparison), against_reference(comparison)
    print("## All, best first", tables(comparison), "## How much each parameter matters", sep="\n\n", end="\n\n")
    print(
        "Too few to tell how much each parameter matters." if shares.empty else markdown(shares),
        end="\n\n## The choices of the reference\n\n",
    )
    print("No two runs differ in one of these choices alone." if against.empty else markdown(against), end="\n\n")
    print(omissions(comparison, failed), end="\n\n")
    logged = [
        curves(rev).assign(experiment=name, epoch=lambda t: t.index + 1) for name, rev in best(comparison).items()
    ]
    curve = pd.concat(logged, ignore_index=True)[["experiment", "epoch", *CURVES]]
    runs = comparison.runs[list(dict.fromkeys(["name", *comparison.keys, "seed", "crops", *SCORES]))]
    for name, numbers, chart in (
        ("values", shares, values_chart(comparison, shares)),
        ("curves", curve, curves_chart(curve)),
        ("seconds", runs, seconds_chart(comparison)),
    ):
        with atomic(FOLDER / f"{name}.csv") as temporary:
            numbers.to_csv(temporary, index=False, float_format="%.6f", lineterminator="\n")
        with atomic(FOLDER / f"{name}.png") as temporary:
            chart.save(str(temporary), format="png", scale_factor=1.5)
        print(f"![{name}]({FOLDER / name}.png)")


def values_chart(comparison: Comparison, shares: pd.DataFrame) -> Any:
    """Return the accuracy by line of each run over each parameter's values (blue), and the values' means (red)."""
    runs = comparison.factorial.melt("by_line", comparison.grid, "key")
    means = shares[["key", "value", "by_line"]].rename(columns={"by_line": "mean"})
    rows = pd.concat([runs, means[means["key"].isin(comparison.grid)]])
    x = alt.X("value:N", sort=sorted(rows["value"].unique(), key=order), title=None, axis=alt.Axis(labelAngle=0))
    base = alt.Chart(rows, width=160).encode(x=x)
    red = base.encode(y="mean:Q").transform_filter("isValid(datum.mean)")
    layers = base.mark_circle(size=45, opacity=0.45).encode(y=_ACCURACY), red.mark_line(color=_RED)
    title = "Each run (blue) by value of each parameter, and the mean at equal others (red)"
    by_key = alt.Facet("key:N", sort=list(dict.fromkeys(means["key"])), title=None)
    return (
        alt.layer(*layers, red.mark_tick(color=_RED, thickness=3, width=30))
        .facet(by_key, title=title, columns=9)
        .resolve_scale(x="independent")
    )


def curves_chart(logged: pd.DataFrame) -> Any:
    """Return the curves of experiments, a row an epoch: loss, and accuracy by crop; of training dashed."""
    rows = logged.melt(["experiment", "epoch"], list(CURVES[:4]), "curve").dropna()
    rows = rows.join(rows["curve"].astype(str).str.extract("(?P<side>.*)/(?P<kind>.*)"))
    legend = alt.Legend(orient="bottom", columns=2, labelLimit=0, title=None)
    dash = alt.Scale(domain=["validation", "train"], range=[[1, 0], [4, 3]])
    lines = alt.Chart(rows, width=380).mark_line(point=True)
    lines = lines.encode(
        x=alt.X("epoch:O", axis=alt.Axis(labelAngle=0)),
        y=alt.Y("value:Q", title=None, scale=alt.Scale(zero=False)),
        color=alt.Color("experiment:N", sort=None, legend=legend),
        strokeDash=alt.StrokeDash("side:N", scale=dash, legend=legend),
    )
    title = "By epoch, accuracy by crop; training as it was trained, with dropout and label smoothing"
    return lines.facet(alt.Facet("kind:N", title=None), title=title, columns=2).resolve_scale(y="independent")


def seconds_chart(comparison: Comparison) -> Any:
    """Return the accuracy by line over the seconds of training; those that none beats in both are red and named."""
    timed = comparison.rows.dropna(subset="seconds").sort_values("seconds")[["seconds", "by_line", "name"]]
    timed["front"] = timed["by_line"] > timed["by_line"].cummax().shift(fill_value=-1)
    runs = alt.Chart(timed).encode(x=alt.X("seconds:Q", title="seconds of training (mean over seeds)"), y=_ACCURACY)
    front = runs.transform_filter("datum.front")
    line = front.mark_line(color=_RED, point=alt.OverlayMarkDef(color=_RED))
    text = front.mark_text(align="left", dx=7, dy=8).encode(text="name:N")
    title = "Accuracy against time; red: no other is both faster and better"
    return alt.layer(runs.mark_circle(size=50), line, text, title=title).properties(width=720, height=420)
