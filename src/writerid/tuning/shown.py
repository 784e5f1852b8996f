"""What is shown of a comparison: tables for the terminal and for Markdown, pictures, and the numbers behind them."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from writerid.base.errors import InputError
from writerid.base.files import atomic
from writerid.tuning import charts
from writerid.tuning.compare import Comparison, against_reference, effects
from writerid.tuning.experiments import CURVES, SCORES, curves

FOLDER = Path("metrics/tuning")
_MOST_CURVES = 20


def markdown(table: pd.DataFrame) -> str:
    """Return a table in Markdown, aligned so that it can be read in a terminal too; `-` where there is no number."""
    texts = table.map(lambda cell: "-" if cell != cell else f"{cell:.4f}" if isinstance(cell, float) else str(cell))
    texts = texts.replace(r"\|", r"\\|", regex=True).rename(columns=lambda name: name.replace("_", " "))
    return str(texts.to_markdown(index=False, tablefmt="github", disable_numparse=True))


def tables(comparison: Comparison) -> str:
    """Return all rows, a table for each budget: figures of a longer fit say nothing about a shorter one's."""
    rows = comparison.rows.rename(columns={"name": "experiment"})
    rows = rows.assign(seconds=rows["seconds"].map("{:.0f}".format, na_action="ignore"))
    several = ["spread", "seeds"] if (rows["seeds"] > 1).any() else []
    shown = list(dict.fromkeys(["experiment", *comparison.keys, "by_line", *several, "by_crop", "loss", "seconds"]))
    groups = rows.groupby("crops", sort=False)
    return "\n\n".join(f"Fits of {budget:,} crops:\n\n{markdown(group[shown])}" for budget, group in groups)


def omissions(comparison: Comparison, failed: int) -> str:
    """Return what the tables leave out, in one line; empty where nothing."""
    counts = ({"failed": failed} if failed else {}) | dict(comparison.left_out)
    return f"Not in these tables: {', '.join(f'{count} {why}' for why, count in counts.items())}." if counts else ""


def chosen(comparison: Comparison, names: Sequence[str]) -> dict[str, str]:
    """Return the commits of the experiments of these names; by default the best, and its like with other dropout.

    Raises InputError where there is no such experiment.
    """
    revs = dict(zip(comparison.runs["name"], comparison.runs["rev"], strict=True))
    for name in names:
        if name not in revs:
            raise InputError(f"--curves {name}: no such experiment in the table; it has {', '.join(revs) or 'none'}")
    if len(names) > _MOST_CURVES:
        raise InputError(f"--curves: {len(names)} experiments in one chart; take up to {_MOST_CURVES}")
    alike = comparison.rows[list(dict.fromkeys([*comparison.keys, "code", "crops"]))].drop(
        columns="dropout", errors="ignore"
    )
    best = comparison.rows["name"][(alike == alike.iloc[0]).all(axis=1)]
    return {name: revs[name] for name in names or best[:_MOST_CURVES]}


def write(comparison: Comparison, names: Sequence[str], failed: int) -> None:
    """Print the tables, as Markdown, and write pictures and the numbers behind them to FOLDER.

    `names` are experiments whose curves are drawn. Figures are of the validation side alone.
    """
    drawn, found, against = chosen(comparison, names), effects(comparison), against_reference(comparison)
    print("## All, best first", tables(comparison), "## How much each parameter matters", sep="\n\n", end="\n\n")
    print("Too few to tell how much each parameter matters." if found.empty else markdown(found), end="\n\n")
    print("## The choices of the reference", end="\n\n")
    print("None differ from one of them alone." if against.empty else markdown(against), end="\n\n")
    print(omissions(comparison, failed), end="\n\n")
    logged = [curves(rev).assign(experiment=name, epoch=lambda table: table.index + 1) for name, rev in drawn.items()]
    curve = pd.concat(logged, ignore_index=True)[["experiment", "epoch", *CURVES]]
    runs = comparison.runs[list(dict.fromkeys(["name", *comparison.keys, "seed", "crops", *SCORES]))]
    for name, numbers, chart in (
        ("values", found, charts.values(comparison, found)),
        ("curves", curve, charts.curves(curve)),
        ("seconds", runs, charts.seconds(comparison)),
    ):
        with atomic(FOLDER / f"{name}.csv") as temporary:
            numbers.to_csv(temporary, index=False, float_format="%.6f", lineterminator="\n")
        with atomic(FOLDER / f"{name}.png") as temporary:
            chart.save(str(temporary), format="png", scale_factor=1.5)
        print(f"![{name}]({FOLDER / name}.png)")
