"""What is shown of a comparison: tables in Markdown that can be read in a terminal, pictures, and their numbers."""

from pathlib import Path
from typing import Any

import altair as alt
import pandas as pd

from writerid.base.files import atomic
from writerid.tuning.compare import Comparison, against_reference, effects
from writerid.tuning.experiments import CURVES, SCORES, curves
from writerid.tuning.grid import order

FOLDER = Path("metrics/tuning")
_MOST_CURVES = 20
_RED = "#c0392b"
_ACCURACY = alt.Y("by_line:Q", title="validation accuracy by line", scale=alt.Scale(zero=False))


def markdown(table: pd.DataFrame) -> str:
    """Return a table in Markdown, aligned; `-` where there is no number."""
    texts = table.map(lambda cell: "-" if cell != cell else f"{cell:.4f}" if isinstance(cell, float) else str(cell))
    texts = texts.replace(r"\|", r"\\|", regex=True).rename(columns=lambda name: name.replace("_", " "))
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
    alike = comparison.rows.drop(columns="dropout", errors="ignore")
    alike = alike[[key for key in dict.fromkeys([*comparison.keys, "code", "crops"]) if key in alike]]
    names = comparison.rows["name"][(alike == alike.iloc[0]).all(axis=1)][:_MOST_CURVES]
    return dict(comparison.runs.set_index("name")["rev"][names])


def write(comparison: Comparison, failed: int) -> None:
    """Print the tables, and write pictures and the numbers behind them to FOLDER; all of the validation side."""
    shares, against = effects(comparison), against_reference(comparison)
    print("## All, best first", tables(comparison), "## How much each parameter matters", sep="\n\n", end="\n\n")
    print("Too few to tell how much each parameter matters." if shares.empty else markdown(shares), end="\n\n")
    print("## The choices of the reference", end="\n\n")
    print("None differ from one of them alone." if against.empty else markdown(against), end="\n\n")
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
    red = base.encode(y="mean:Q")
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
