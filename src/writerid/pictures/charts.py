"""Charts of figures: curves by epoch, accuracy by writer and by lines read, reliability, deletion and insertion."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from writerid.explain.sureness import Bin, wilson
from writerid.pictures.canvas import BLUE, GREY, ORANGE, save, shares

NAMES = {
    "integrated_gradients": "integrated gradients",
    "gradient_x_input": "gradient x input",
    "grad_cam": "Grad-CAM",
    "ink": "most ink first",
    "random": "at random",
}
_STYLES = {
    "integrated_gradients": (ORANGE, "-"),
    "gradient_x_input": ("#e69f00", "-"),
    "grad_cam": (BLUE, "-"),
    "ink": ("black", "--"),
    "random": (GREY, ":"),
}
_WRITERS_A_COLUMN = 50


def curves(history: Mapping[str, Mapping[str, Sequence[float]]], best: int, path: Path) -> None:
    """Draw loss and accuracy by epoch, `history[side][name]`, float (epochs,), the best epoch, from 1, marked."""
    figure = Figure(figsize=(10, 4), layout="constrained")
    for axis, name in zip(figure.subplots(1, 2), ("loss", "accuracy"), strict=True):
        for side, colour, marker in (("train", GREY, "s"), ("validation", BLUE, "o")):
            values = history[side][name]
            axis.plot(range(1, len(values) + 1), values, color=colour, marker=marker, ms=4, label=f"{side}, by crop")
        if name == "accuracy" and "line_accuracy" in history["validation"]:
            values = history["validation"]["line_accuracy"]
            axis.plot(range(1, len(values) + 1), values, color=ORANGE, marker="^", ms=4, label="validation, by line")
            shares(axis, "y")
        else:
            axis.set_ylim(0, 1.05 * max(max(history[side]["loss"]) for side in ("train", "validation")))
            axis.grid(alpha=0.3)
            axis.spines[["top", "right"]].set_visible(False)
        axis.axvline(best, color="black", lw=1, ls=":")
        axis.annotate(
            f"best epoch: {best}",
            (best, 0.03),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if best > 1 else 4, 0),
            textcoords="offset points",
            ha="right" if best > 1 else "left",
            fontsize=8,
        )
        axis.xaxis.get_major_locator().set_params(integer=True)
        if len(values) == 1:
            axis.set(xlim=(0, 2), xticks=[1])
        axis.set(xlabel="epoch", title=f"{name.capitalize()} by epoch")
        axis.legend(fontsize=8)
    save(figure, path)


def by_writer(writers: Sequence[str], lines: Sequence[int], accuracy: Sequence[float], path: Path) -> None:
    """Draw accuracy by writer over test lines, the least first, with 95 % Wilson intervals; any number of writers."""
    right = np.rint(np.array(accuracy) * np.array(lines))
    low, high = wilson(right, np.array(lines))
    columns = -(-len(writers) // _WRITERS_A_COLUMN)
    rows = -(-len(writers) // columns)
    figure = Figure(figsize=(max(6, 3.4 * columns), 1.1 + 0.19 * rows), layout="constrained")
    for number, axis in enumerate(figure.subplots(1, columns, squeeze=False)[0]):
        own = slice(number * rows, (number + 1) * rows)
        at = np.arange(len(writers[own]))
        axis.hlines(at, low[own], high[own], color=BLUE, alpha=0.45, lw=2)
        axis.plot(accuracy[own], at, "o", color=BLUE, ms=4)
        axis.set_yticks(at, [f"{w} ({n})" for w, n in zip(writers[own], lines[own], strict=True)], fontsize=7)
        axis.set_ylim(rows - 0.4, -0.6)
        shares(axis, "x")
        axis.tick_params(axis="x", labelsize=7)
    figure.suptitle("Accuracy by writer, the least first; in brackets, test lines", fontsize=10)
    figure.supxlabel("share of the writer's lines that are right; bar: 95 % Wilson interval over lines", fontsize=8)
    save(figure, path)


def lines_read(accuracy: Mapping[str, float], path: Path) -> None:
    """Draw accuracy over forms against how many lines of each are read; the last key is `all`."""
    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axis = figure.subplots()
    axis.plot(range(len(accuracy)), list(accuracy.values()), color=BLUE, marker="o")
    axis.set_xticks(range(len(accuracy)), list(accuracy))
    low = min(accuracy.values())
    shares(axis, "y")
    floor = max(0, low - max(0.05, 0.5 * (1 - low)))
    for at, value in enumerate(accuracy.values()):
        away = -14 if value > floor + 0.1 * (1 - floor) else 8  # points; not onto the axis
        axis.annotate(f"{value:.1%}", (at, value), (0, away), textcoords="offset points", ha="center", fontsize=8)
    axis.set_ylim(floor, 1 + 0.03 * (1 - floor))
    axis.set(xlabel="lines of a form that are read", ylabel="forms whose writer is named")
    axis.set_yticks([tick for tick in axis.get_yticks() if tick <= 1 + 1e-9])
    axis.set_title("How often a form's writer is named, by the lines that are read of it", fontsize=10)
    save(figure, path)


def reliability(levels: Mapping[str, Mapping[str, Sequence[Bin]]], path: Path) -> None:
    """Draw reliability diagrams, `levels[level][raw or calibrated]`."""
    figure = Figure(figsize=(4 * len(levels), 4.2), layout="constrained")
    for axis, (level, states) in zip(figure.subplots(1, len(levels), squeeze=False)[0], levels.items(), strict=True):
        axis.plot([0, 1], [0, 1], color=GREY, ls=":", lw=1)
        for (state, bins), colour in zip(states.items(), (GREY, ORANGE), strict=True):
            confidence, right, low, high, items = (np.array(column) for column in zip(*bins, strict=True))
            size = 20 + 160 * items / items.sum()
            axis.plot(confidence, right, color=colour, lw=1, alpha=0.7)
            axis.vlines(confidence, low, high, color=colour, lw=1.5, alpha=0.5)
            axis.scatter(confidence, right, s=size, color=colour, label=state, zorder=3)
        shares(axis)
        axis.set(title=f"by {level}", xlabel="how sure the network is", ylabel="how often it is right", aspect="equal")
        axis.legend(fontsize=8, loc="upper left", markerscale=0.6)
    figure.suptitle(
        "Reliability: on the dotted line, it is right as often as it is sure\n"
        "larger dots hold more; bars: 95 % Wilson intervals",
        fontsize=10,
    )
    save(figure, path)


def fidelity(rows: Sequence[tuple[object, ...]], path: Path) -> None:
    """Draw deletion and insertion, rows of (test, order, share, probability)."""
    figure = Figure(figsize=(10, 4.2), layout="constrained")
    titles = {
        "deletion": "Deletion: the marked ink goes first.\nThe lower the curve, the truer the map.",
        "insertion": "Insertion: the marked ink comes first.\nThe higher the curve, the truer the map.",
    }
    for axis, (test, title) in zip(figure.subplots(1, 2), titles.items(), strict=True):
        for order, (colour, style) in _STYLES.items():
            own = [(float(str(row[2])), float(str(row[3]))) for row in rows if row[:2] == (test, order)]
            axis.plot(*zip(*own, strict=True), color=colour, ls=style, label=NAMES[order])
        shares(axis)
        axis.set(xlabel="share of the ink " + ("gone" if test == "deletion" else "there"), ylabel="confidence")
        axis.set_title(title, fontsize=10)
        axis.legend(fontsize=8)
    save(figure, path)
