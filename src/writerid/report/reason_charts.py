"""Charts of why decisions are as they are: changed traits, deletion and insertion, and the map of hands."""

from typing import Any

import altair as alt

from writerid.report.charts import MOST, PERCENT, SAYS, Spec, done
from writerid.report.runs import Run
from writerid.report.words import percent

ORDERS = {
    "integrated_gradients": "integrated gradients",
    "gradient_x_input": "gradient x input",
    "grad_cam": "Grad-CAM",
    "ink": "most ink first",
    "random": "at random",
}


def fidelity(run: Run, test: str) -> Spec:
    """Draw deletion or insertion: confidence against the share of the ink that is gone or there."""
    there = "gone" if test == "deletion" else "there"
    rows = [
        {
            "order": ORDERS[row["order"]],
            "share": float(row["share"]),
            "probability": float(row["probability"]),
            "says": f"With {percent(row['share'], 0)} of the ink {there}, taken in the order of "
            f"\u201c{ORDERS[row['order']]}\u201d, confidence is {percent(row['probability'])} on average.",
        }
        for row in run.tables["fidelity"]
        if row["test"] == test
    ]
    chart = (
        alt.Chart(alt.Data(values=rows))
        .mark_line(point={"size": 20})
        .encode(
            x=alt.X("share:Q", axis=PERCENT, title=f"share of the ink {there}"),
            y=alt.Y("probability:Q", axis=PERCENT, scale=alt.Scale(domain=[0, 1]), title="confidence"),
            color=alt.Color("order:N", title=None, sort=list(ORDERS.values()), legend=alt.Legend(columns=2)),
            tooltip=SAYS,
        )
    )
    return done(chart, test, 240)


def hands(run: Run) -> Spec:
    """Draw the map of hands: a dot a test line, coloured by writer, with a cross where it is given to another."""
    rows = [
        {
            **row,
            "x": float(row["x"]),
            "y": float(row["y"]),
            "says": f"Line {row['line']} is by writer {row['writer']} and was "
            + (
                "given to that writer."
                if row["writer"] == row["predicted"]
                else f"wrongly given to {row['predicted']}."
            ),
        }
        for row in run.tables["hands"]
    ]
    many = len({row["writer"] for row in rows}) > MOST  # whose names would cover one another; the pointer tells them
    x, y = (alt.X("x:Q", axis=None, scale=alt.Scale(zero=False)), alt.Y("y:Q", axis=None, scale=alt.Scale(zero=False)))
    dots = (
        alt.Chart(alt.Data(values=rows))
        .mark_circle(size=20 if many else 45, opacity=0.8)
        .encode(
            x=x,
            y=y,
            color=alt.Color("writer:N", legend=None, scale=alt.Scale(scheme="category20")),
            tooltip=SAYS,
        )
    )
    wrong = (
        alt.Chart(alt.Data(values=[row for row in rows if row["writer"] != row["predicted"]]))
        .mark_text(
            text="\u2715", fontSize=9 if many else 20, fontWeight="bold"
        )  # as text it has the page's own ink, light or dark
        .encode(x=x, y=y, tooltip=SAYS)
    )
    names = (
        alt.Chart(alt.Data(values=rows))
        .mark_text(fontSize=10, fontWeight="bold", dy=-11)  # above the dots, which the pointer must reach
        .encode(x=alt.X("median(x):Q", axis=None), y=alt.Y("median(y):Q", axis=None), text="writer:N")
    )
    return done(dots + wrong if many else dots + names + wrong, "map of hands", 460)


def traits(run: Run) -> Spec:
    """Draw accuracy by crop when lines are changed in one trait, with its interval, beside that of unchanged lines."""
    levels = ("accuracy", "accuracy_low", "accuracy_high", "line_accuracy")
    rows: list[dict[str, Any]] = [
        {
            "change": row["change"],
            **{name: float(row[name]) for name in levels},
            "says": f"{row['change'][0].upper()}{row['change'][1:]}: {percent(row['accuracy'])} of the crops are right "
            f"({percent(row['accuracy_low'])} to {percent(row['accuracy_high'])}), "
            f"and {percent(row['line_accuracy'])} of the lines.",
        }
        for row in run.tables["traits"]
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(
        y=alt.Y("change:N", sort=None, title=None, axis=alt.Axis(labelOverlap=False, labelLimit=220)), tooltip=SAYS
    )
    x = alt.X("accuracy:Q", axis=alt.Axis(format=".0%", orient="top"), scale=alt.Scale(domain=[0, 1]), title=None)
    bars = base.mark_rule(strokeWidth=3, opacity=0.4).encode(
        x=alt.X("accuracy_low:Q", title=None), x2="accuracy_high:Q"
    )
    dots = base.mark_point(filled=True, size=70, opacity=1).encode(x=x)
    anew = alt.Chart(alt.Data(values=rows[1:2])).mark_rule(strokeDash=[3, 3], color="#888").encode(x=x)
    return done(anew + bars + dots, "accuracy when one trait is changed", alt.Step(22))
