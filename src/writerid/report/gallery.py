"""All charts about a run, or about several, by name: the page draws them, and so does `--charts`, as pictures."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from writerid.base.files import data_url
from writerid.report import charts, unseen_charts
from writerid.report.look import save_chart
from writerid.report.rows import curve_rows, writer_rows
from writerid.report.runs import Run

SQUARE = ("confusion", "reliability by line", "reliability by crop", "reliability by form")
TITLES = {
    "loss": "Loss by epoch; a ring marks the best epoch",
    "accuracy": "Share of right decisions by epoch",
    "reliability by line": "Reliability by line",
    "reliability by crop": "Reliability by crop",
    "reliability by form": "Reliability by form",
    "lines read": "Share of the forms whose writer is named, by the lines read of each",
    "tippett by line": "Lines by writers never met: share of the pairs with a likelihood ratio so high, or higher",
    "tippett by form": "Forms by writers never met: share of the pairs with a likelihood ratio so high, or higher",
    "cross-entropy by line": "Lines by writers never met: bits that are missing with the ratios, by odds beforehand",
    "cross-entropy by form": "Forms by writers never met: bits that are missing with the ratios, by odds beforehand",
    "enrolled": "Share of the lines given to the right writer, by the lines that writers never met are enrolled by",
    "enrolled, errors": "Equal error rate of lines against writers enrolled by so many lines",
    "coverage by line": "Share of the answers that are right, if only the surest lines are answered",
    "coverage by form": "Share of the answers that are right, if only the surest forms are answered",
    "writers": "Accuracy by writer, the least first; bars: 95 % intervals over forms",
    "confusion": "Who is taken for whom, as shares of each writer's test crops",
    "traits": "Share of the crops that are right when all lines are changed so",
    "deletion": "Deletion: confidence as the marked ink goes first; lower is better",
    "insertion": "Insertion: confidence as the marked ink comes first; higher is better",
    "hands": "The map of hands: each dot is a test line",
    "hands with lines": "The map of hands, and how some lines begin",
}


def gallery(runs: Sequence[Run]) -> dict[str, charts.Chart]:
    """Return the charts by name, in the order of TITLES; those that show one run are of the first.

    Charts about unseen writers are left out where there are too few of them.
    """
    first, several = runs[0], len(runs) > 1
    drawn = {
        "loss": curves(runs, "loss"),
        "accuracy": curves(runs, "accuracy"),
        **{
            f"reliability by {level}": charts.reliability(_rows([first], "reliability", level=level))
            for level in ("line", "crop", "form")
        },
        "lines read": charts.lines_read(_rows(runs, "lines_read"), several=several),
        "writers": charts.by_writer(writer_rows(_rows([first], "writers"))),
        "confusion": charts.confusion(_rows([first], "confusion")),
        "traits": charts.traits(_rows(runs, "traits"), several=several),
        **{test: charts.fidelity(_rows([first], "fidelity", test=test)) for test in ("deletion", "insertion")},
        "hands": charts.hands(_rows([first], "hands")),
        "hands with lines": charts.hands(_rows([first], "hands"), _beginnings(first)).properties(height=620),
    }
    drawn |= of_unseen(runs)
    return {name: drawn[name].properties(description=title) for name, title in TITLES.items() if name in drawn}


def of_unseen(runs: Sequence[Run]) -> dict[str, charts.Chart]:
    """Return the charts about unseen writers for which there are rows."""
    first, several = runs[0], len(runs) > 1
    drawn = {}
    for level in ("line", "form"):
        if rows := _rows([first], "tippett", level=level):
            drawn[f"tippett by {level}"] = unseen_charts.tippett(rows)
            drawn[f"cross-entropy by {level}"] = unseen_charts.cross_entropy(
                _rows([first], "cross_entropy", level=level)
            )
        if rows := _rows(runs, "coverage", level=level):
            drawn[f"coverage by {level}"] = unseen_charts.coverage(rows, several=several)
    if rows := _rows(runs, "enrolment"):
        drawn["enrolled"] = unseen_charts.enrolled(rows, "accuracy", several=several)
        drawn["enrolled, errors"] = unseen_charts.enrolled(rows, "eer", several=several)
    return drawn


def curves(runs: Sequence[Run], measure: str, domain: list[float] | None = None) -> charts.Chart:
    """Return the curves of one measure over the epochs."""
    rows = [row for run in runs for row in curve_rows(run.name, run.curves, int(run.train["best"]["epoch"]), measure)]
    return charts.curves(rows, measure, several=len(runs) > 1, domain=domain)


def save(runs: Sequence[Run], folder: Path) -> int:
    """Write all charts as PNGs into a folder, and return their number."""
    drawn = gallery(runs)
    for name, chart in drawn.items():
        width = 480 if name in SQUARE else 960 if name.startswith("hands") else 640
        size: dict[str, Any] = {"width": width, **({"height": width} if name in SQUARE else {})}
        save_chart(chart.properties(**size), [TITLES[name]], folder / f"{file_name(name)}.png")
    return len(drawn)


def file_name(name: str) -> str:
    """Return a chart's name as that of a file."""
    return name.replace(",", "").replace(" ", "_")


def _rows(runs: Sequence[Run], table: str, **of: str) -> list[Mapping[str, Any]]:
    """Return the rows of a table in which some cells are as given, with the name of their run."""
    return [{**row, "rev": run.name} for run in runs for row in run.tables[table] if of.items() <= row.items()]


def _beginnings(run: Run) -> dict[int, str]:
    """Return the pictures of how some lines begin that are on this machine, as URLs by the number of the line."""
    return {
        number: data_url(content, "png")
        for number, row in enumerate(run.tables["hands"])
        if row["picture"] and (content := run.read(f"metrics/figures/lines/{row['picture']}"))
    }
