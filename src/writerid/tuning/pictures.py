"""Pictures of trials: accuracy by value of each parameter, curves in one chart, accuracy against seconds."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from writerid.base.files import atomic
from writerid.tuning.compare import Comparison, Effect, Row, levels, scored
from writerid.tuning.grid import show

mpl.use("agg")
_MOST_NAMED = 8  # trials named in the picture of accuracy against seconds


def values(comparison: Comparison, found: Sequence[Effect], path: Path) -> None:
    """Draw the validation accuracy by line of each trial over the value of each parameter, and the values' means.

    Without effects, where trials are too few to tell the parameters apart, there are no means.
    """
    effects = {effect.key: effect for effect in found}
    drawn = [key for key in effects if key != "seed"] or [
        key for key in comparison.grid if len(levels(comparison.factorial, key)) > 1
    ]
    figure = Figure(figsize=(2.6 * max(2, len(drawn)) + 0.6, 4.2), layout="constrained")
    if not drawn:
        figure.text(0.5, 0.5, "No parameter of the grid was tried with two values.", ha="center", va="center")
    rng = np.random.default_rng(0)  # so that points do not hide one another; the same each time
    for number, key in enumerate(drawn):
        axis = figure.add_subplot(1, len(drawn), number + 1, sharey=figure.axes[0] if figure.axes else None)
        names = [show(value) for value in levels(comparison.factorial, key)]
        for place, name in enumerate(names):
            heights = [scored(trial).by_line for trial in comparison.factorial if show(trial.params.get(key)) == name]
            axis.plot(place + rng.uniform(-0.12, 0.12, len(heights)), heights, "o", ms=4, alpha=0.45, color="tab:blue")
        if key in effects:
            means = [effects[key].means[name][0] for name in names]
            axis.plot(range(len(names)), means, "-_", color="tab:red", ms=22, mew=2.5, lw=1)
        axis.set_xticks(range(len(names)), names)
        axis.set_xlim(-0.5, len(names) - 0.5)
        share = f"{effects[key].by_line:.0%} of the spread" if key in effects else "too few trials for means"
        axis.set_title(f"{key}\n{share}", fontsize=10)
        axis.grid(axis="y", alpha=0.3)
        if number:
            axis.tick_params(labelleft=False)
        else:
            axis.set_ylabel("validation accuracy by line")
    figure.suptitle("Each trial (blue) by value of each parameter, and the mean at equal others (red)", fontsize=10)
    _save(figure, path)


def curves(logged: Mapping[str, Mapping[str, Sequence[float]]], path: Path) -> None:
    """Draw training (dashed) and validation curves of experiments, by name: loss, and accuracy by crop."""
    figure = Figure(figsize=(11, 4.6 + 0.16 * len(logged)), layout="constrained")
    if not logged:
        figure.text(0.5, 0.5, "No experiment to draw.", ha="center", va="center")
        _save(figure, path)
        return
    panels = figure.subplots(1, 2)
    colours = [mpl.colormaps["tab10" if len(logged) <= 10 else "tab20"](i % 20) for i in range(len(logged))]
    for axis, kind in zip(panels, ("loss", "accuracy"), strict=True):
        for colour, found in zip(colours, logged.values(), strict=True):
            for side, style in (("train", "--"), ("validation", "-")):
                heights = found.get(f"{side} {kind}", [])
                axis.plot(range(1, len(heights) + 1), heights, style, marker="o", ms=3.5, color=colour, lw=1.6)
        axis.set_xlabel("epoch")
        axis.set_ylabel("loss" if kind == "loss" else "accuracy by crop")
        axis.xaxis.get_major_locator().set_params(integer=True)
        axis.grid(alpha=0.3)
    handles = [Line2D([], [], color=colour, lw=2, label=name) for colour, name in zip(colours, logged, strict=True)]
    handles += [Line2D([], [], color="grey", ls=style, label=side) for side, style in _SIDES]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=8, frameon=False)
    figure.suptitle("Training and validation by epoch", fontsize=11)
    _save(figure, path)


_SIDES = (("training (as it was trained: with dropout and label smoothing)", "--"), ("validation", "-"))


def seconds(comparison: Comparison, path: Path) -> None:
    """Draw the validation accuracy by line over the seconds of training; those that none beats in both are named."""
    timed = sorted((row for row in comparison.rows if row.seconds is not None), key=lambda row: row.seconds or 0.0)
    figure = Figure(figsize=(9, 5.8), layout="constrained")
    if not timed:
        figure.text(0.5, 0.5, "No trial's time was measured.", ha="center", va="center")
        _save(figure, path)
        return
    axis = figure.subplots()
    front: list[Row] = []
    for row in timed:
        if not front or row.by_line > front[-1].by_line:
            front.append(row)
    axis.plot(*_points(timed), "o", ms=5, alpha=0.5, color="tab:blue")
    axis.plot(*_points(front), "-o", ms=6, lw=1, color="tab:red")
    named = front[-_MOST_NAMED:]
    for number, row in enumerate(named, start=1):
        place = (row.seconds or 0.0, row.by_line)
        axis.annotate(str(number), place, xytext=(0, 6), textcoords="offset points", fontsize=8, ha="center")
    handles = [Line2D([], [], ls="", label=f"{number} {row.name}") for number, row in enumerate(named, start=1)]
    figure.legend(handles=handles, loc="outside lower center", ncols=2, fontsize=8, frameon=False, handlelength=0)
    axis.margins(0.08)
    axis.set_xlabel("seconds of training (mean over seeds)")
    axis.set_ylabel("validation accuracy by line")
    axis.grid(alpha=0.3)
    axis.set_title("Accuracy against time; red: no other is both faster and better", fontsize=11)
    _save(figure, path)


def _points(rows: Sequence[Row]) -> tuple[list[float], list[float]]:
    return [row.seconds or 0.0 for row in rows], [row.by_line for row in rows]


def _save(figure: Figure, path: Path) -> None:
    with atomic(path) as temporary:
        figure.savefig(temporary, dpi=120, format="png", metadata={"Software": None})
