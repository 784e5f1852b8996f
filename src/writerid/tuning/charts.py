"""Pictures of a comparison: accuracy by value of each parameter, curves in one chart, accuracy against seconds."""

from typing import Any

import altair as alt
import pandas as pd

from writerid.tuning.compare import Comparison
from writerid.tuning.experiments import CURVES
from writerid.tuning.grid import order

_RED = "#c0392b"
_ACCURACY = alt.Y("by_line:Q", title="validation accuracy by line", scale=alt.Scale(zero=False))


def values(comparison: Comparison, effects: pd.DataFrame) -> Any:
    """Return the accuracy by line of each run over each parameter's values (blue), and the values' means (red)."""
    runs, columns = comparison.factorial, []
    shares = dict(zip(effects["key"], effects["share"], strict=True))
    for name in sorted(comparison.grid, key=lambda name: -shares.get(name, 0)):
        x = alt.X("value:N", sort=sorted(runs[name].unique(), key=order), title=None, axis=alt.Axis(labelAngle=0))
        points = alt.Chart(runs[["by_line"]].assign(value=runs[name])).encode(x=x, y=_ACCURACY)
        means = alt.Chart(effects.loc[effects["key"] == name, ["value", "by_line"]]).encode(x=x, y=_ACCURACY)
        marks = [points.mark_circle(size=45, opacity=0.45)]
        marks += [means.mark_line(color=_RED), means.mark_tick(color=_RED, thickness=3, width=30)] * (name in shares)
        share = f"{shares[name]:.0%} of the spread" if name in shares else "no means: too few runs"
        columns.append(alt.layer(*marks, title=[name, share]).properties(width=max(120, 55 * runs[name].nunique())))
    title = "Each run (blue) by value of each parameter, and the mean at equal others (red)"
    return alt.hconcat(*columns, title=title).resolve_scale(y="shared")


def curves(logged: pd.DataFrame) -> Any:
    """Return the curves of experiments, a row an epoch: loss, and accuracy by crop; of training dashed."""
    rows = logged.melt(["experiment", "epoch"], list(CURVES[:4]), "curve").dropna()
    rows = rows.join(rows["curve"].astype(str).str.extract("(?P<side>.*)/(?P<kind>.*)"))
    legend = alt.Legend(orient="bottom", columns=2, labelLimit=0, title=None)
    dash = alt.Scale(domain=["validation", "train"], range=[[1, 0], [4, 3]])
    panels = [
        alt.Chart(rows[rows["kind"] == kind], width=380)
        .mark_line(point=True)
        .encode(
            x=alt.X("epoch:O", axis=alt.Axis(labelAngle=0)),
            y=alt.Y("value:Q", title=title, scale=alt.Scale(zero=False)),
            color=alt.Color("experiment:N", sort=None, legend=legend),
            strokeDash=alt.StrokeDash("side:N", scale=dash, legend=legend),
        )
        for kind, title in (("loss", "loss"), ("accuracy", "accuracy by crop"))
    ]
    return alt.hconcat(*panels, title="By epoch; training as it was trained, with dropout and label smoothing")


def seconds(comparison: Comparison) -> Any:
    """Return the accuracy by line over the seconds of training; those that none beats in both are red and named."""
    timed = comparison.rows.dropna(subset="seconds").sort_values("seconds")[["seconds", "by_line", "name"]]
    front = timed[timed["by_line"] > timed["by_line"].cummax().shift(fill_value=-1)]
    x = alt.X("seconds:Q", title="seconds of training (mean over seeds)")
    named = alt.Chart(front).encode(x=x, y=_ACCURACY)
    marks = [
        alt.Chart(timed).mark_circle(size=50, opacity=0.5).encode(x=x, y=_ACCURACY),
        named.mark_line(color=_RED, point=alt.OverlayMarkDef(color=_RED)),
        named.mark_text(align="left", dx=7, dy=8).encode(text="name:N"),
    ]
    title = "Accuracy against time; red: no other is both faster and better"
    return alt.layer(*marks, title=title).properties(width=720, height=420)
