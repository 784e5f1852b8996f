"""What is reported of the trials: tables for the terminal, a page, and the data behind its pictures."""

import math
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from writerid.base.errors import InputError
from writerid.base.files import atomic, write_csv
from writerid.base.machine import processor
from writerid.tuning import compare, pictures
from writerid.tuning.compare import Comparison, Effect
from writerid.tuning.grid import show
from writerid.tuning.trials import CURVES, Trial, curves

PAGE = Path("metrics/tuning.md")
_MOST_CURVES = 20


def markdown(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A table in Markdown, its columns aligned so that it can be read in a terminal too."""
    cells = [list(header), *([str(cell) for cell in row] for row in rows)]
    widths = [max(3, *(len(row[i]) for row in cells)) for i in range(len(header))]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)) + " |" for row in cells]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def table(comparison: Comparison) -> str:
    """All trials, best first by validation accuracy by line; test figures are left out on purpose."""
    seeds = any(len(row.trials) > 1 for row in comparison.rows)
    header = ["experiment", *comparison.keys, "by line", *(["spread", "seeds"] if seeds else []), "by crop", "loss"]
    rows = [
        [
            row.name,
            *(show(row.values.get(key)) for key in comparison.keys),
            f"{row.by_line:.4f}",
            *([f"{row.spread:.4f}", len(row.trials)] if seeds else []),
            f"{row.by_crop:.4f}",
            f"{row.loss:.4f}",
            "-" if row.seconds is None else f"{row.seconds:.0f}",
        ]
        for row in comparison.rows
    ]
    return markdown([*header, "seconds"], rows)


def importance(found: Sequence[Effect], left: tuple[float, float]) -> str:
    """How much each parameter matters, and the mean accuracy by line of each of its values."""
    if not found:
        return "Too few trials to tell how much each parameter matters."
    rows = [
        [
            effect.key,
            f"{effect.by_line:.0%}",
            f"{effect.by_crop:.0%}",
            ", ".join(f"{name}: {line:.4f}" for name, (line, _, _) in effect.means.items()),
            ", ".join(f"{name}: {crop:.4f}" for name, (_, crop, _) in effect.means.items()),
        ]
        for effect in found
    ]
    rows.append(["combinations, chance", f"{left[0]:.0%}", f"{left[1]:.0%}", "", ""])
    return markdown(["parameter", "of spread by line", "by crop", "mean by line", "mean by crop"], rows)


def reference(comparison: Comparison) -> str:
    """The reference's choices against the other values, pair by pair."""
    rows = []
    for key, chosen, other, difference, error, pairs in compare.against_reference(comparison):
        clear = not math.isnan(error) and abs(difference) > 2 * error
        verdict = (
            "one pair only"
            if math.isnan(error)
            else "cannot be told apart"
            if not clear
            else f"{other if difference > 0 else chosen} is better"
        )
        spread = "" if math.isnan(error) else f"{error:.4f}"
        rows.append([key, chosen, other, f"{difference:+.4f}", spread, pairs, verdict])
    if not rows:
        return "No trials differ from one of the reference's choices alone."
    return markdown(["parameter", "reference", "other", "difference by line", "error", "pairs", "so"], rows)


def omissions(comparison: Comparison) -> str:
    """What the tables leave out, in one line; empty where nothing."""
    parts = [f"{count} {reason}" for reason, count in comparison.left_out.items()]
    return f"Not in these tables: {', '.join(parts)}." if parts else ""


def chosen(comparison: Comparison, names: Sequence[str]) -> list[Trial]:
    """The trials of these names; by default the best, and the best pair with and without dropout.

    Raises InputError where there is no such trial.
    """
    every = {trial.name: trial for row in comparison.rows for trial in row.trials}
    unknown = [name for name in names if name not in every]
    if unknown:
        raise InputError(f"--curves {unknown[0]}: no such experiment in the table; it has {', '.join(every) or 'none'}")
    if len(names) > _MOST_CURVES:
        raise InputError(f"--curves: {len(names)} experiments in one chart; take up to {_MOST_CURVES}")
    if names:
        return [every[name] for name in dict.fromkeys(names)]
    best = [row.trials[0] for row in comparison.rows[:1]]
    return list({trial.rev: trial for trial in (*best, *compare.dropout_pair(comparison))}.values())


def write(
    comparison: Comparison, params: Mapping[str, Any], drawn: Sequence[Trial], page: Path, arguments: Sequence[str]
) -> list[Path]:
    """Write the page, and beside it, in a folder of its name, pictures and their data; returns what was written.

    `arguments` are those of this call that also were, for the page to be true, those of the call that ran the trials.

    Figures are of the validation side alone.
    """
    folder = page.with_suffix("")
    found, left = compare.effects(comparison)
    logged = {trial.name: curves(Path(), trial) for trial in drawn}
    write_csv(
        folder / "trials.csv",
        ["experiment", *comparison.keys, "seed", "by_line", "by_crop", "loss", "epoch", "seconds"],
        [_csv_row(comparison, trial) for row in comparison.rows for trial in row.trials],
    )
    write_csv(
        folder / "values.csv",
        ["parameter", "share_by_line", "share_by_crop", "value", "by_line", "by_crop", "trials"],
        [
            [effect.key, *_rounded(effect.by_line, effect.by_crop), value, *_rounded(line, crop), count]
            for effect in found
            for value, (line, crop, count) in effect.means.items()
        ],
    )
    write_csv(
        folder / "curves.csv",
        ["experiment", "epoch", *CURVES],
        [
            [name, epoch + 1, *(_at(found_curves.get(curve, []), epoch) for curve in CURVES)]
            for name, found_curves in logged.items()
            for epoch in range(max(map(len, found_curves.values()), default=0))
        ],
    )
    pictures.values(comparison, found, folder / "values.png")
    pictures.curves(logged, folder / "curves.png")
    pictures.seconds(comparison, folder / "seconds.png")
    text = _page(comparison, params, importance(found, left), page, shlex.join(arguments))
    with atomic(page) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="\n")
    return [page, *(folder / name for name in ("values.png", "curves.png", "seconds.png"))]


def _page(comparison: Comparison, params: Mapping[str, Any], matters: str, page: Path, arguments: str) -> str:
    folder = page.stem
    trials = [trial for row in comparison.rows for trial in row.trials]
    seconds = [compare.scored(trial).seconds for trial in trials]
    known = [value for value in seconds if value is not None]
    timed = f"{sum(known):.0f} s of training in {len(known)} fits" if known else "times were not measured"
    devices = ", ".join(sorted({compare.scored(trial).device or "unknown" for trial in trials})) or "none"
    crops = params["epochs"] * params["steps_per_epoch"] * params["batch_size"]
    return f"""# Tuning

{len(trials)} experiments on `{params["dataset"]}`, `split.group_by: {params["split"]["group_by"]}`; \
{params["epochs"]} x {params["steps_per_epoch"]} steps of {params["batch_size"]} crops ({crops:,}) where the table \
does not say otherwise. All figures are of the validation side and of the epoch with the least validation loss; the \
test side takes no part. {omissions(comparison)}

Time: {timed}. Trained on: {devices}. This page was written on {processor()}, by

```sh
python -m stages.tune {arguments}
python -m stages.tune --show {arguments} --page {page}
```

## All, best first

{table(comparison)}

*by line*: validation accuracy when all crops of a line vote; *seconds*: of the train stage, - where DVC had the \
result already. With several seeds, figures are means, and *spread* is from the least to the most.

## How much each parameter matters

{matters}

*of spread*: the part of the sum of squares between trials that goes with the parameter alone (in a full grid, eta \
squared). Means are taken at equal values of the other parameters.

![Accuracy by value]({folder}/values.png)

## The choices of the reference

{reference(comparison)}

Pairs of trials that differ in that parameter alone; *difference*: other minus reference, mean over the pairs with its \
standard error. Under two errors they count as not told apart.

## Curves, and accuracy against time

![Curves]({folder}/curves.png)

![Accuracy against time]({folder}/seconds.png)

The data of the pictures: [trials.csv]({folder}/trials.csv), [values.csv]({folder}/values.csv), \
[curves.csv]({folder}/curves.csv).
"""


def _csv_row(comparison: Comparison, trial: Trial) -> list[object]:
    scores = compare.scored(trial)
    return [
        trial.name,
        *(show(trial.flat.get(key)) for key in comparison.keys),
        trial.params["seed"],
        *_rounded(scores.by_line, scores.by_crop, scores.loss),
        scores.epoch,
        "" if scores.seconds is None else f"{scores.seconds:.1f}",
    ]


def _rounded(*figures: float) -> list[str]:
    return [f"{figure:.6f}" for figure in figures]


def _at(figures: Sequence[float], epoch: int) -> str:
    return f"{figures[epoch]:.6f}" if epoch < len(figures) else ""
