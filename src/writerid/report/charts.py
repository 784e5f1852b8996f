"""Charts, as Vega-Lite made with Altair: functions of table rows that serve the page, the PNGs and `dvc plots`.

Rows are those of the CSV files in metrics/, whose cells are strings, with one more column: `rev`, the name of the run,
which DVC calls so too. In place of rows a chart takes DVC's anchor for them, and is then a template of `dvc plots`.
"""

import string
from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import numpy as np

from writerid.explain.orders import ORDERS

Chart = Any  # one of Altair's classes of charts, whose common base has none of their methods
Rows = Sequence[Mapping[str, Any]] | str
MOST = 60  # writers that a chart can name legibly
PERCENT = alt.Axis(format=".0%")
WHOLE = alt.Scale(domain=[0, 1])
SAYS = alt.Tooltip("says:N")  # a sentence: what is under the pointer
STATES = ["before calibration", "after calibration"]


def curves(
    rows: Rows, measure: str, *, epoch: str = "step", several: bool = False, domain: list[float] | None = None
) -> Chart:
    """Draw a measure by epoch: rows of rev, series, epoch, the measure, and whether a ring marks them as the best.

    Colours tell the series apart, or, of several runs, the runs; dashes then tell the series apart.
    """
    share = "accuracy" in measure
    values = [float(row[measure]) for row in rows if not isinstance(row, str)]
    close = share and bool(values) and max(values) - min(values) < 0.1  # whole per cent would stand at several ticks
    axis = alt.Axis(format=".1%" if close else ".0%") if share else alt.Axis()
    scale = alt.Scale(domain=domain) if domain else alt.Scale(zero=not share)
    value = f"{{{measure}:%}}" if share else f"{{{measure}:.4~f}}"
    base = of_rows(rows, f"{{rev}}, epoch {{{epoch}}}: {measure} {value}, {{series}}.", epoch, measure).encode(
        x=alt.X(field=epoch, type="quantitative", title="epoch", axis=alt.Axis(format="d", tickMinStep=1)),
        y=alt.Y(field=measure, type="quantitative", title=None, axis=axis, scale=scale),
        color=alt.Color("rev:N" if several else "series:N", title=None, sort=None),
    )
    lines = base.mark_line(point=True)
    if several:
        lines = lines.encode(strokeDash=alt.StrokeDash("series:N", title=None, sort=None, legend=None))
    best = base.transform_filter("datum.best").mark_point(size=190, strokeWidth=2.5)
    return alt.layer(lines, best).properties(height=240, description=f"{measure} by epoch; a ring marks the best")


def by_writer(rows: Rows, *, several: bool = False) -> Chart:
    """Draw accuracy by writer over test lines, the least first: rows of writer, lines, line_accuracy, crop_accuracy.

    With `low`, `high` and `room` (see rows.writer_rows) each has a bar. Of more than MOST writers those with the
    least are drawn.
    """
    bars = not isinstance(rows, str)
    sentence = "Writer {writer}: {line_accuracy:%} of {lines} test lines are right"
    sentence += "{room}" if bars else ""
    sentence += ". Of single crops, {crop_accuracy:%} are right."
    numbers = ("lines", "line_accuracy", "crop_accuracy", *(("low", "high") if bars else ()))
    order = None if bars else alt.EncodingSortField("line_accuracy", op="mean")
    base = of_rows(_first(rows), sentence, *numbers).encode(
        y=alt.Y("writer:N", sort=order, title=None, axis=alt.Axis(labelOverlap=False, grid=True))
    )
    return _dots(base, "line_accuracy", several=several, bars=bars).properties(
        height=alt.Step(16), description="accuracy by writer, the least first"
    )


def traits(rows: Rows, *, several: bool = False) -> Chart:
    """Draw accuracy by crop when all lines are changed in one trait: rows of traits.csv, in their order."""
    sentence = (
        "{rev}, {change}: {accuracy:%} of the crops are right ({accuracy_low:%} to {accuracy_high:%}), and "
        "{line_accuracy:%} of the lines."
    )
    base = of_rows(rows, sentence, "accuracy", "accuracy_low", "accuracy_high", "line_accuracy").encode(
        y=alt.Y("change:N", sort=None, title=None, axis=alt.Axis(labelOverlap=False, labelLimit=220, grid=True))
    )
    if several:
        base = base.encode(yOffset=alt.YOffset("rev:N", sort=None))
    dots = _dots(base, "accuracy", "accuracy_low", "accuracy_high", several=several)
    if not several:
        anew = alt.Chart(alt.Data(values=list(rows[1:2]))).mark_rule(strokeDash=[3, 3], color="#888")
        dots = alt.layer(anew.encode(x="accuracy:Q"), dots)
    return dots.properties(
        height=alt.Step(22 * (1 + several), **{"for": "position"}), description="accuracy when one trait is changed"
    )


def _dots(base: Chart, share: str, low: str = "low", high: str = "high", *, several: bool, bars: bool = True) -> Chart:
    """Draw shares as dots, each with a bar from low to high."""
    x = alt.X(f"{share}:Q", title=None, axis=alt.Axis(format=".0%", orient="top"), scale=WHOLE)
    base = base.encode(color=BY_RUN) if several else base
    dots = base.mark_point(filled=True, size=70 if bars else 50, opacity=0.9).encode(x=x)
    spans = base.mark_rule(strokeWidth=3, opacity=0.4).encode(x=alt.X(f"{low}:Q", title=None), x2=f"{high}:Q")
    return alt.layer(*([spans] if bars else []), dots)


def confusion(rows: Rows) -> Chart:
    """Draw who is taken for whom, one run: rows of confusion.csv; of more than MOST writers, those most confused.

    Confused writers stand beside one another. A template has all of them by name, the same order for each run.
    """
    axis: dict[str, Any] = {"labelOverlap": True, "labelFontSize": 9, "grid": True, "tickBand": "extent"}
    names: list[str] = []
    shown, scale = rows, alt.Scale()
    if not isinstance(rows, str):
        confused: dict[str, float] = {}
        place: dict[str, int] = {}
        for row in rows:
            for role in ("actual", "predicted"):
                place[row[role]] = int(row[f"place_{role}"])
                mistaken = float(row["share"]) * (row["actual"] != row["predicted"])
                confused[row[role]] = confused.get(row[role], 0.0) + mistaken
        names = sorted(sorted(confused, key=lambda name: (-confused[name], name))[:MOST], key=place.__getitem__)
        shown = [row for row in rows if row["actual"] in names and row["predicted"] in names]
        scale = alt.Scale(domain=names)
    sentence = "By {actual}, taken for {predicted}: {share:%} of that writer's crops ({crops})."
    base = of_rows(shown, sentence, "share", "crops").encode(
        x=alt.X("predicted:N", title="taken for", scale=scale, axis=alt.Axis(labelAngle=-90, **axis)),
        y=alt.Y("actual:N", title="by", scale=scale, axis=alt.Axis(**axis)),
    )
    legend = alt.Legend(format=".0%", title=None, orient="top", direction="horizontal", gradientLength=160)
    cells = base.mark_rect().encode(color=alt.Color("share:Q", scale=WHOLE, legend=legend))
    return cells.properties(height=max(260, min(640, 14 * len(names))), description="confusion matrix by recall")


def lines_read(rows: Rows, *, several: bool = False) -> Chart:
    """Draw accuracy over forms against the lines that are read of each: rows of lines_read.csv."""
    title, scale = "lines read of a form", alt.Scale(zero=False)
    if not isinstance(rows, str):
        least = max(0.0, min(float(row["accuracy"]) for row in rows) - 0.02)
        title, scale = f"{title}; the other axis starts at {least:.1%}", alt.Scale(domain=[least, 1])
    sentence = "{rev}: lines read of a form: {lines}; forms given to the right writer: {accuracy:%}."
    base = of_rows(rows, sentence, "accuracy").mark_line(point=True)
    chart = base.encode(
        x=alt.X("lines:O", sort=None, title=title, axis=alt.Axis(labelAngle=0)),
        y=alt.Y("accuracy:Q", title=None, axis=alt.Axis(format=".1%"), scale=scale),
    )
    chart = chart.encode(color=BY_RUN) if several else chart
    return chart.properties(height=220, description="accuracy against lines read")


def reliability(rows: Rows, *, several: bool = False) -> Chart:
    """Draw how often decisions are right against how sure the network is: rows of reliability.csv, of one level."""
    when = "datum.state == 'raw' ? 'before calibration' : 'after calibration'"
    sentence = (
        "{rev}, {when}: {confidence:%} sure on average, and right in {accuracy:%} ({low:%} to {high:%}) of {items} "
        "decisions."
    )
    base = of_rows(rows, sentence, "confidence", "accuracy", "low", "high", "items", when=when).encode(
        x=alt.X("confidence:Q", title="how sure it is", axis=PERCENT, scale=WHOLE),
        y=alt.Y("accuracy:Q", title="how often right", axis=PERCENT, scale=WHOLE),
        color=BY_RUN if several else alt.Color("when:N", title=None, sort=STATES, legend=alt.Legend(columns=1)),
    )
    lines = base.mark_line(strokeWidth=1)
    if several:
        lines = lines.encode(strokeDash=alt.StrokeDash("when:N", title=None, sort=STATES))
    size = alt.Size("items:Q", legend=None, scale=alt.Scale(range=[25, 250]))
    just = base.mark_rule(strokeDash=[3, 3], color="#888").encode(
        x=alt.datum(0),
        y=alt.datum(0),
        x2=alt.datum(1),
        y2=alt.datum(1),
        color=alt.value("#888"),
        tooltip=alt.value(None),
    )
    bars = base.mark_rule(strokeWidth=2, opacity=0.45).encode(y="low:Q", y2="high:Q")
    dots = base.mark_circle(opacity=1).encode(size=size)
    return alt.layer(just, bars, lines, dots).properties(height=230, description="reliability")


def fidelity(rows: Rows) -> Chart:
    """Draw confidence against the share of the ink gone (deletion) or there: rows of fidelity.csv, of one test."""
    sentence = "{rev}, {by}: with {share:%} of the ink {gone}, confidence is {probability:%} on average."
    gone = "datum.test == 'deletion' ? 'gone' : 'there'"
    return (
        of_rows(rows, sentence, "share", "probability", by=f"{ORDERS}[datum.order]", gone=gone)
        .mark_line(point={"size": 20})
        .encode(
            x=alt.X("share:Q", axis=PERCENT, title="share of the ink"),
            y=alt.Y("probability:Q", axis=PERCENT, scale=WHOLE, title="confidence"),
            color=alt.Color("by:N", title=None, sort=list(ORDERS.values()), legend=alt.Legend(columns=2)),
        )
        .properties(height=240, description="deletion or insertion")
    )


def hands(rows: Rows, beginnings: Mapping[int, str] | None = None) -> Chart:
    """Draw the map of hands, one run: a dot a test line, a cross where it is given to another; rows of hands.csv.

    Names of writers are written where they cover no other at the width that the chart has; a template has none.
    `beginnings`: URLs of pictures of how some lines begin, by number, which stand at the sides.
    """
    writers = {row["writer"] for row in rows if not isinstance(row, str)}
    many = len(writers) > MOST
    scale = alt.Scale(zero=False, nice=False, padding=EDGE)
    x, y = alt.X("x:Q", axis=None, scale=scale), alt.Y("y:Q", axis=None, scale=scale)
    sentence = "Line {line} is by writer {writer}, and was given to {predicted}."
    base = of_rows(rows, sentence, "x", "y").encode(x=x, y=y)
    dots = base.mark_circle(size=20 if many else 45, opacity=0.8).encode(
        color=alt.Color("writer:N", legend=None, scale=alt.Scale(scheme="category20"))
    )
    wrong = base.transform_filter("datum.writer != datum.predicted").mark_text(
        text="\u2715", fontSize=9 if many else 20, fontWeight="bold"
    )  # as text it has the ink of its page, light or dark
    layers = [dots, wrong]
    if not isinstance(rows, str):
        named = alt.Chart(alt.Data(values=_names(rows))).transform_filter(
            f"datum.room <= width * {0.8 if beginnings else 1}"
        )
        layers.insert(1, named.mark_text(fontSize=10, fontWeight="bold", dy=-11).encode(x=x, y=y, text="writer:N"))
    if beginnings and not isinstance(rows, str):
        beside = alt.Chart(alt.Data(values=_beside(rows, beginnings))).encode(
            x=alt.X("edge:Q", axis=None, scale=scale), y=alt.Y("at:Q", axis=None, scale=scale)
        )
        threads = beside.mark_rule(color="#b0b0b0").encode(x2="x:Q", y2="y:Q")
        layers = [threads, *layers, beside.mark_image(width=90, height=36).encode(url="url:N")]
    return alt.layer(*layers).properties(height=HANDS_HEIGHT, description="map of hands")


def _beside(rows: Sequence[Mapping[str, Any]], beginnings: Mapping[int, str]) -> list[dict[str, Any]]:
    """Return the place of some lines on the map, and that of their picture: half of them at the left, half right."""
    places = {number: (float(rows[number]["x"]), float(rows[number]["y"])) for number in beginnings}
    x, y = (np.array([float(row[axis]) for row in rows]) for axis in "xy")
    by_column = sorted(places, key=lambda number: places[number][0])
    half, aside = (len(by_column) + 1) // 2, 0.12 * float(np.ptp(x))
    places_beside = []
    for edge, side in ((x.min() - aside, by_column[:half]), (x.max() + aside, by_column[half:])):
        from_top = sorted(side, key=lambda number: -places[number][1])  # so that threads seldom cross
        for at, number in zip(np.linspace(y.max(), y.min(), len(from_top)), from_top, strict=True):
            places_beside.append(
                {"url": beginnings[number], "edge": float(edge), "at": float(at)}
                | dict(zip("xy", places[number], strict=True))
            )
    return places_beside


HANDS_HEIGHT, EDGE = 460, 20  # pixels
_WIDTHS = (300, 450, 600, 800, 1100, 1e9)  # of the map of hands, for which it is tried which names have room


def _names(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the middle of each writer's dots, and from which width of the map its name has room there."""
    places = np.array([(float(row["x"]), float(row["y"])) for row in rows])
    span = np.ptp(places, axis=0)
    writers = np.array([row["writer"] for row in rows])
    names = sorted(set(writers.tolist()))
    middles = np.array([np.median(places[writers == name], axis=0) for name in names])
    half = np.array([(3.5 * len(name) + 2, 7) for name in names])  # pixels, of a name in bold of 10
    room = np.full(len(names), _WIDTHS[-1])
    for width in _WIDTHS[:-1]:  # what has room at one width has it at all wider ones
        at = middles / np.where(span > 0, span, 1) * (width - 2 * EDGE, HANDS_HEIGHT - 2 * EDGE)
        kept: list[int] = []
        for number in np.argsort(room, kind="stable"):
            apart = np.abs(at[kept] - at[number]) >= half[kept] + half[number]
            if apart.any(axis=1).all():
                kept.append(int(number))
        room[kept] = np.minimum(room[kept], width)
    return [
        {"writer": name, "x": float(x), "y": float(y), "room": float(least)}
        for name, (x, y), least in zip(names, middles, room, strict=True)
    ]


BY_RUN = alt.Color("rev:N", title=None, sort=None)


def _first(rows: Rows) -> Rows:
    return rows if isinstance(rows, str) else rows[:MOST]


def of_rows(rows: Rows, sentence: str, *numbers: str, **calculated: str) -> Chart:
    """Return a chart of rows that says a sentence of the one under the pointer.

    `numbers` are the columns that hold such; `calculated` are columns more, by Vega's expression.
    """
    values: Any = rows if isinstance(rows, str) else list(rows)
    chart = alt.Chart(alt.Data(values=values, format=alt.DataFormat(parse=dict.fromkeys(numbers, "number"))))
    for column, expression in {**calculated, "says": _expression(sentence)}.items():
        chart = chart.transform_calculate(**{column: expression})
    return chart.encode(tooltip=SAYS)


def _expression(sentence: str) -> str:
    """Turn "{share:%} of {lines}" into Vega's expression for it. What is not all is never shown as 100 %."""
    parts = []
    for text, column, form, _ in string.Formatter().parse(sentence):
        parts += [repr(text)] if text else []
        if column:
            cell = f"datum[{column!r}]"
            percent = f"(format({cell} < 1 ? min(100 * {cell}, 99.9) : 100, '.1f') + ' %')"
            parts.append(percent if form == "%" else f"format({cell}, {form!r})" if form else cell)
    return " + ".join(parts)
