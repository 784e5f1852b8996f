"""Charts about writers whom the network has never met: functions of table rows, as those in charts."""

import altair as alt

from writerid.report.charts import BY_RUN, PERCENT, WHOLE, Chart, Rows, of_rows

PAIRS = ["by one writer", "by two writers"]
RATIOS = ["with these ratios", "with the best they could be", "without any"]
STRANGERS = ["none by strangers", "every other by a stranger"]


def tippett(rows: Rows) -> Chart:
    """Draw Tippett's curves, one run and level: rows of tippett.csv."""
    by = f"datum.pairs == 'same' ? '{PAIRS[0]}' : '{PAIRS[1]}'"
    sentence = "{share:%} of the pairs {by} have a ratio of 10 to the power of {log10_ratio:.1f}, or more."
    base = of_rows(rows, sentence, "log10_ratio", "share", by=by)
    lines = base.mark_line(strokeWidth=2.5).encode(
        x=alt.X("log10_ratio:Q", title="log10 of the ratio, at least"),
        y=alt.Y("share:Q", title="share of the pairs", axis=PERCENT, scale=WHOLE),
        color=alt.Color("by:N", title=None, sort=PAIRS),
    )
    return _guided(rows, lines).properties(height=240, description="Tippett's curves")


def cross_entropy(rows: Rows) -> Chart:
    """Draw the empirical cross-entropy by prior odds, one run and level: rows of cross_entropy.csv."""
    by = f"{{'these': '{RATIOS[0]}', 'best': '{RATIOS[1]}', 'none': '{RATIOS[2]}'}}[datum.ratios]"
    sentence = "Odds of 10 to the power of {log10_odds:.1f} beforehand, {by}: {bits:.2f} bits are missing."
    base = of_rows(rows, sentence, "log10_odds", "bits", by=by)
    lines = base.mark_line(strokeWidth=2.5).encode(
        x=alt.X("log10_odds:Q", title="log10 of the odds of one writer beforehand"),
        y=alt.Y("bits:Q", title="bits that are missing", scale=alt.Scale(zero=True)),
        color=alt.Color("by:N", title=None, sort=RATIOS, legend=alt.Legend(columns=1)),
        strokeDash=alt.StrokeDash("by:N", sort=RATIOS, legend=None),
    )
    return _guided(rows, lines).properties(height=240, description="empirical cross-entropy")


def enrolled(rows: Rows, measure: str, *, several: bool = False) -> Chart:
    """Draw a measure, `accuracy` or `eer`, by the lines that writers are enrolled by: rows of enrolment.csv."""
    what = "lines given to the right writer" if measure == "accuracy" else "equal error rate"
    names = (measure, f"{measure}_low", f"{measure}_high")
    value, low, high = (f"{{{name}:%}}" for name in names)
    sentence = f"{{rev}}: enrolled by lines: {{lines}} ({{writers}} writers); {what}: {value} ({low} to {high})."
    base = of_rows(rows, sentence, *names).encode(
        x=alt.X("lines:O", sort=None, title="lines that a writer is enrolled by", axis=alt.Axis(labelAngle=0)),
        **({"color": BY_RUN, "xOffset": alt.XOffset("rev:N", sort=None)} if several else {}),
    )
    scale = WHOLE if measure == "accuracy" else alt.Scale(zero=True)
    y = alt.Y(f"{measure}:Q", title=what, axis=PERCENT, scale=scale)
    bars = base.mark_rule(strokeWidth=3, opacity=0.4).encode(y=alt.Y(f"{names[1]}:Q", title=what), y2=f"{names[2]}:Q")
    dots = base.mark_point(filled=True, size=80, opacity=1).encode(y=y)
    return alt.layer(bars, dots).properties(height=220, description=f"{what} by lines enrolled")


def coverage(rows: Rows, *, several: bool = False) -> Chart:
    """Draw how many answers are right by the share that is answered: rows of coverage.csv, of one level."""
    by = f"datum.strangers == 'none' ? '{STRANGERS[0]}' : '{STRANGERS[1]}'"
    sentence = "{rev}, {by}: if the surest {answered:%} are answered, {right:%} of the answers are right."
    base = of_rows(rows, sentence, "answered", "right", by=by)
    lines = base.mark_line(point={"size": 20}).encode(
        x=alt.X("answered:Q", title="share that is answered, the surest first", axis=PERCENT, scale=WHOLE),
        y=alt.Y("right:Q", title="answers that are right", axis=PERCENT, scale=WHOLE),
        color=BY_RUN if several else alt.Color("by:N", title=None, sort=STRANGERS),
    )
    if several:
        lines = lines.encode(strokeDash=alt.StrokeDash("by:N", title=None, sort=STRANGERS))
    return lines.properties(height=240, description="accuracy by coverage")


def _guided(rows: Rows, lines: Chart) -> Chart:
    """Put a dotted line where ratios, or odds, speak for neither; a template, which has one table only, has none."""
    if isinstance(rows, str):
        return lines
    guide = alt.Chart(alt.Data(values=[{"at": 0}])).mark_rule(strokeDash=[3, 3], color="#888")
    return alt.layer(guide.encode(x="at:Q"), lines)
