"""The page of a comparison: tables for the terminal and for Markdown, pictures, and the numbers behind both."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from writerid.base.errors import InputError
from writerid.base.files import atomic
from writerid.base.machine import processor
from writerid.tuning import charts
from writerid.tuning.compare import FEWEST_PAIRS, LEVEL, Comparison, against_reference, dropout_pair, effects
from writerid.tuning.experiments import CURVES, SCORES, crops, curves

PAGE = Path("metrics/tuning.md")
_MOST_CURVES = 20


def markdown(table: pd.DataFrame) -> str:
    """Return a table of texts and counts in Markdown, aligned so that it can be read in a terminal too."""
    cells = table.astype(str).replace(r"\|", r"\\|", regex=True)
    return str(cells.to_markdown(index=False, tablefmt="github", disable_numparse=True))


def tables(comparison: Comparison) -> str:
    """Return all rows, a table for each budget: figures of a longer fit say nothing about a shorter one's."""
    keys = {name: comparison.rows[name] for name in comparison.keys}
    seeds = {"spread": comparison.rows["spread"].map("{:.4f}".format), "seeds": comparison.rows["seeds"]}
    figures = {name.replace("_", " "): comparison.rows[name].map("{:.4f}".format) for name in ("by_crop", "loss")}
    texts = pd.DataFrame(
        {"experiment": comparison.rows["name"], **keys, "by line": comparison.rows["by_line"].map("{:.4f}".format)}
        | (seeds if (comparison.rows["seeds"] > 1).any() else {})
        | figures
        | {"seconds": comparison.rows["seconds"].map("{:.0f}".format, na_action="ignore").fillna("-")}
    )
    groups = texts.groupby(comparison.rows["crops"], sort=False)
    return "\n\n".join(f"Fits of {budget:,} crops:\n\n{markdown(group)}" for budget, group in groups)


def importance(found: pd.DataFrame) -> str:
    """Return how much each parameter matters, and the mean accuracies of each of its values."""
    if found.empty:
        return "Too few experiments to tell how much each parameter matters."
    rows = [
        {"parameter": name, "of spread by line": f"{group['share_by_line'].iloc[0]:.0%}"}
        | {"by crop": f"{group['share_by_crop'].iloc[0]:.0%}"}
        | {
            f"mean {figure.replace('_', ' ')}": ", ".join(
                f"{value}: {mean:.4f}"
                for value, mean in zip(group["value"], group[figure], strict=True)
                if mean == mean
            )
            for figure in ("by_line", "by_crop")
        }
        for name, group in found.groupby("key", sort=False)
    ]
    return markdown(pd.DataFrame(rows))


def reference(found: pd.DataFrame) -> str:
    """Return the reference's choices against the other values, pair by pair."""
    if found.empty:
        return "No experiments differ from one of the reference's choices alone."
    spans = [
        f"{low:+.4f} to {high:+.4f}" if low == low else "" for low, high in zip(found.low, found.high, strict=True)
    ]
    texts = pd.DataFrame(
        {"parameter": found["key"], "reference": found["reference"], "other": found["other"]}
        | {"difference by line": found["difference"].map("{:+.4f}".format), "95 % interval": spans}
        | {"p": found["p"].map("{:.2g}".format).where(found["pairs"] >= FEWEST_PAIRS, "")}
        | {"pairs": found["pairs"], "so": found["verdict"]}
    )
    return markdown(texts)


def omissions(comparison: Comparison, failed: int) -> str:
    """Return what the tables leave out, in one line; empty where nothing."""
    counts = ({"failed": failed} if failed else {}) | dict(comparison.left_out)
    return f"Not in these tables: {', '.join(f'{count} {why}' for why, count in counts.items())}." if counts else ""


def chosen(comparison: Comparison, names: Sequence[str]) -> dict[str, str]:
    """Return the commits of the experiments of these names; by default the best, and the best pair in dropout.

    Raises InputError where there is no such experiment.
    """
    revs = dict(zip(comparison.runs["name"], comparison.runs["rev"], strict=True))
    for name in names:
        if name not in revs:
            raise InputError(f"--curves {name}: no such experiment in the table; it has {', '.join(revs) or 'none'}")
    if len(names) > _MOST_CURVES:
        raise InputError(f"--curves: {len(names)} experiments in one chart; take up to {_MOST_CURVES}")
    return {name: revs[name] for name in names or [*comparison.rows["name"][:1], *dropout_pair(comparison)]}


def write(
    comparison: Comparison,
    params: Mapping[str, Any],
    names: Sequence[str],
    failed: int,
    page: Path,
    said: Sequence[str],
) -> list[Path]:
    """Print the tables; write them as a page, and in a folder of its name pictures and the numbers behind them.

    `names` are experiments whose curves are drawn, `said` the arguments of this call that also were, for the page to be
    true, those of the call that ran the trials. Figures are of the validation side alone. Returns what was written.
    """
    drawn, found, folder = chosen(comparison, names), effects(comparison), page.with_suffix("")
    parts = [tables(comparison), importance(found), reference(against_reference(comparison))]
    print("\n\n".join([*parts, omissions(comparison, failed)]))
    logged = [curves(rev).assign(experiment=name, epoch=lambda table: table.index + 1) for name, rev in drawn.items()]
    curve = pd.concat(logged, ignore_index=True)[["experiment", "epoch", *CURVES]]
    runs = comparison.runs[[*dict.fromkeys(["name", *comparison.keys, "seed", "crops", *SCORES])]]
    written = [page]
    for name, numbers, chart in (
        ("values", found, charts.values(comparison, found)),
        ("curves", curve, charts.curves(curve)),
        ("seconds", runs, charts.seconds(comparison)),
    ):
        with atomic(folder / f"{name}.csv") as temporary:
            numbers.to_csv(temporary, index=False, float_format="%.6f", lineterminator="\n")
        with atomic(folder / f"{name}.png") as temporary:
            chart.save(str(temporary), format="png", scale_factor=1.5)
        written.append(folder / f"{name}.png")
    with atomic(page) as temporary:
        temporary.write_text(_page(comparison, params, parts, failed, page, said), encoding="utf-8", newline="\n")
    return written


def _page(
    comparison: Comparison,
    params: Mapping[str, Any],
    parts: Sequence[str],
    failed: int,
    page: Path,
    said: Sequence[str],
) -> str:
    seconds = comparison.runs["seconds"].dropna()
    timed = f"{seconds.sum():.0f} s of training in {len(seconds)} fits" if len(seconds) else "times were not measured"
    budget = f"{params['epochs']} x {params['steps_per_epoch']} steps of {params['batch_size']} crops"
    return f"""# Tuning

{len(comparison.runs)} experiments on `{params["dataset"]}`, `split.group_by: {params["split"]["group_by"]}`; {budget} \
({crops(params):,}) where a table does not say otherwise. All figures are of the validation side and of the epoch \
with the least validation loss; the test side takes no part. {omissions(comparison, failed)}

Time: {timed}. Trained on: {", ".join(sorted(set(comparison.runs["device"].fillna("unknown"))))}. This page was \
written on {processor()}, by

```sh
python -m stages.tune {shlex.join(said)}
python -m stages.tune --show {shlex.join(said)} --page {page}
```

## All, best first

{parts[0]}

*by line*: validation accuracy when all crops of a line vote; *seconds*: of the train stage, - where DVC had the \
result already. With several seeds, figures are means, and *spread* is from the least to the most.

## How much each parameter matters

{parts[1]}

*of spread*: the part of the sum of squares between experiments that goes with the parameter alone (eta squared). \
Means are taken at equal values of the other parameters.

![Accuracy by value]({page.stem}/values.png)

## The choices of the reference

{parts[2]}

Pairs of experiments that differ in that parameter alone; *difference*: other minus reference, mean over the pairs \
with its 95 % interval (Student's t). *p* is corrected for the number of rows (Holm); a winner is named where it is \
under {LEVEL}, of {FEWEST_PAIRS} pairs or more.

## Curves, and accuracy against time

![Curves]({page.stem}/curves.png)

![Accuracy against time]({page.stem}/seconds.png)

The numbers behind the pictures: [values.csv]({page.stem}/values.csv), [curves.csv]({page.stem}/curves.csv), \
[seconds.csv]({page.stem}/seconds.csv).
"""
