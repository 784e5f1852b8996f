"""The page's charts, as Vega-Lite specifications made with Altair; colours come from the page, light or dark."""

from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np

from writerid.explain.sureness import wilson
from writerid.report.runs import Run
from writerid.report.words import percent

MOST = 60  # writers of a confusion matrix that can be read
PERCENT = alt.Axis(format=".0%")
SAYS = alt.Tooltip("says:N")  # a sentence: what is under the pointer
STATES = {"raw": "before calibration", "calibrated": "after calibration"}
Spec = dict[str, Any]


def curves(runs: Sequence[Run], figure: str, domain: tuple[float, float] | None = None) -> Spec:
    """Draw the loss or the accuracy by epoch of one run or several; a dot rings each run's best epoch."""
    rows: list[dict[str, Any]] = []
    for run in runs:
        best = int(run.train["best"]["epoch"])
        for side, own in run.curves.items():
            for name, values in own.items():
                if figure not in (name, name.removeprefix("line_")):
                    continue
                level = "line" if name.startswith("line_") else "crop"
                series = f"{'training' if side == 'train' else side}, by {level}"
                for epoch, value in enumerate(values, start=1):
                    ringed = epoch == best and side != "train"
                    says = f"{run.name}, epoch {epoch} of {len(values)}: {figure} {_figure(figure, value)} ({series})."
                    says += " This epoch did best on the validation side." if ringed else ""
                    rows.append(
                        {"run": run.name, "series": series, "epoch": epoch, figure: value, "best": ringed, "says": says}
                    )
    several = len(runs) > 1
    shown = [row[figure] for row in rows]
    close = max(shown) - min(shown) < 0.1  # so close that whole per cent would stand at several ticks
    axis = alt.Axis(format=".1%" if close else ".0%") if figure == "accuracy" else alt.Axis()
    scale = alt.Scale(domain=list(domain)) if domain else alt.Scale(zero=figure == "loss")
    epochs = max(row["epoch"] for row in rows)
    ticks = list(range(1, epochs + 1, max(1, round(epochs / 8))))
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("epoch:Q", axis=alt.Axis(values=ticks, format="d", title="epoch")),
        y=alt.Y(f"{figure}:Q", axis=axis, scale=scale, title=None),
        color=alt.Color("run:N" if several else "series:N", title=None, sort=None),
        tooltip=SAYS,
    )
    lines = base.mark_line(point=True)
    if several:
        lines = lines.encode(strokeDash=alt.StrokeDash("series:N", sort=None, legend=None))  # the caption names them
    best_dots = base.mark_point(size=190, strokeWidth=2.5).transform_filter("datum.best")
    return done(lines + best_dots, f"{figure} by epoch; a ring marks the best epoch", 240)


def by_writer(run: Run) -> Spec:
    """Draw accuracy by writer with 95 % Wilson intervals, the least first."""
    rows: list[dict[str, Any]] = [
        {
            **row,
            "says": f"Writer {row['writer']}: {percent(row['accuracy'], 0)} of {row['lines']} test lines are right; "
            f"so few leave room for anything from {percent(row['low'], 0)} to {percent(row['high'], 0)}. "
            f"Of single crops, {percent(row['crops'], 0)} are right.",
        }
        for row in writers(run)
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("writer:N", sort=None, title=None, axis=alt.Axis(labelOverlap=False)),
        tooltip=SAYS,
    )
    x = alt.X("accuracy:Q", axis=alt.Axis(format=".0%", orient="top"), scale=alt.Scale(domain=[0, 1]), title=None)
    bars = base.mark_rule(strokeWidth=3, opacity=0.4).encode(x=x, x2="high:Q").encode(x=alt.X("low:Q", title=None))
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(x=x)
    return done(bars + dots, "accuracy by writer, the least first", alt.Step(16))


def writers(run: Run) -> list[dict[str, Any]]:
    """Return accuracy by writer and its interval, the least first."""
    table = run.tables["writers"]
    lines = np.array([int(row["lines"]) for row in table])
    share = np.array([float(row["line_accuracy"]) for row in table])
    low, high = wilson(np.rint(share * lines), lines)
    return [
        {
            "writer": row["writer"],
            "lines": int(lines[i]),
            "accuracy": float(share[i]),
            "low": float(low[i]),
            "high": float(high[i]),
            "crops": float(row["crop_accuracy"]),
        }
        for i, row in enumerate(table)
    ]


def confusion(run: Run) -> Spec:
    """Draw the confusion matrix by recall, confused writers beside one another; of many, those most confused."""
    rows = run.tables["confusion"]
    confused: dict[str, float] = {row["actual"]: 0.0 for row in rows} | {row["predicted"]: 0.0 for row in rows}
    for row in rows:
        if row["actual"] != row["predicted"]:
            confused[row["actual"]] += float(row["share"])
            confused[row["predicted"]] += float(row["share"])
    kept = set(sorted(confused, key=lambda writer: (-confused[writer], writer))[:MOST])
    place = {row["actual"]: int(row["place_actual"]) for row in rows} | {
        row["predicted"]: int(row["place_predicted"]) for row in rows
    }
    order = sorted(kept, key=lambda writer: place[writer])
    values = [
        {"actual": row["actual"], "predicted": row["predicted"], "share": float(row["share"]), "says": _taken(row)}
        for row in rows
        if row["actual"] in kept and row["predicted"] in kept
    ]
    chart = (
        alt.Chart(alt.Data(values=values))
        .mark_rect()
        .encode(
            x=alt.X(
                "predicted:N",
                title="taken for",
                scale=alt.Scale(domain=order),
                axis=alt.Axis(labelAngle=-90, labelOverlap=True, labelFontSize=9),
            ),
            y=alt.Y(
                "actual:N",
                title="by",
                scale=alt.Scale(domain=order),
                axis=alt.Axis(labelOverlap=True, labelFontSize=9),
            ),
            color=alt.Color(
                "share:Q",
                scale=alt.Scale(domain=[0, 1]),
                legend=alt.Legend(format=".0%", title=None, orient="top", direction="horizontal", gradientLength=160),
            ),
            tooltip=SAYS,
        )
    )
    return done(chart, "confusion matrix by recall", max(260, min(640, 14 * len(order))))


def lines_read(runs: Sequence[Run]) -> Spec:
    """Draw accuracy over forms against the lines that are read of each."""
    rows: list[dict[str, Any]] = [
        {
            "run": run.name,
            "lines": row["lines"],
            "accuracy": float(row["accuracy"]),
            "says": f"{run.name}: with {_count(row['lines'], 'line')} of each form read, {percent(row['accuracy'])} "
            "of the forms are given to the right writer.",
        }
        for run in runs
        for row in run.tables["lines_read"]
    ]
    low = max(0.0, min(row["accuracy"] for row in rows) - 0.02)
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(point=True)
        .encode(
            x=alt.X(
                "lines:O",
                sort=None,
                title=f"lines read of a form; the axis starts at {percent(low)}",
                axis=alt.Axis(labelAngle=0),
            ),
            y=alt.Y("accuracy:Q", axis=alt.Axis(format=".1%"), scale=alt.Scale(domain=[low, 1]), title=None),
            tooltip=SAYS,
        )
    )
    return done(_by_run(chart, runs), "accuracy against lines read", 220)


def reliability(run: Run, level: str) -> Spec:
    """Draw the reliability diagram of a level, raw and calibrated."""
    rows = [
        {
            "confidence": float(row["confidence"]),
            "accuracy": float(row["accuracy"]),
            "low": float(row["low"]),
            "high": float(row["high"]),
            "items": int(row["items"]),
            "state": STATES[row["state"]],
            "says": f"{STATES[row['state']].capitalize()}, of {_count(row['items'], level)} it is "
            f"{percent(row['confidence'])} sure on average, and right of {percent(row['accuracy'])} "
            f"({percent(row['low'])} to {percent(row['high'])}).",
        }
        for row in run.tables["reliability"]
        if row["level"] == level
    ]
    just = alt.Chart(alt.Data(values=[{"c": 0, "a": 0}, {"c": 1, "a": 1}]))
    line = just.mark_line(strokeDash=[3, 3], color="#888", strokeWidth=1).encode(x="c:Q", y="a:Q")
    base = alt.Chart(alt.Data(values=rows)).encode(
        x=alt.X("confidence:Q", axis=PERCENT, scale=alt.Scale(domain=[0, 1]), title="how sure it is"),
        y=alt.Y("accuracy:Q", axis=PERCENT, scale=alt.Scale(domain=[0, 1]), title="how often right"),
        color=alt.Color("state:N", title=None, sort=None),
        tooltip=SAYS,
    )
    dots = base.mark_circle(opacity=1).encode(size=alt.Size("items:Q", legend=None, scale=alt.Scale(range=[25, 250])))
    bars = base.mark_rule(strokeWidth=2, opacity=0.45).encode(y="low:Q", y2="high:Q")
    return done(line + bars + base.mark_line(strokeWidth=1) + dots, f"reliability by {level}", 230)


def _figure(name: str, value: float) -> str:
    return percent(value) if name == "accuracy" else f"{value:.4f}"


def _taken(row: dict[str, str]) -> str:
    """Say what a cell of the confusion matrix holds."""
    crops = f"{_count(row['crops'], 'crop')} ({percent(row['share'])} of that writer's)"
    own = f"Of writer {row['actual']}, {crops} {'is' if row['crops'] == '1' else 'are'} "
    return own + (
        "given to the right writer." if row["actual"] == row["predicted"] else f"taken for {row['predicted']}."
    )


def _count(items: str, noun: str) -> str:
    return f"{items} {noun}" if items == "1" else f"{items} {noun}s"


def _by_run(chart: alt.Chart, runs: Sequence[Run]) -> alt.Chart:
    return chart.encode(color=alt.Color("run:N", title=None, sort=None)) if len(runs) > 1 else chart


def done(chart: Any, description: str, height: Any) -> Spec:
    """Return the specification of a chart as wide as its place in the page."""
    found: Spec = chart.properties(width="container", height=height, description=description).to_dict()
    return found
