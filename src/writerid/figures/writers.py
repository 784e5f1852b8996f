"""Writers beside one another: the confusion matrix, the most confused pairs, and the map of hands."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.offsetbox import AnnotationBbox, OffsetImage

from writerid.figures.canvas import save, show

MOST = 60  # writers of a confusion matrix that can be read
_SHOWN_COLUMNS = 800  # of a line, at the strip's scale, so that all lines are drawn at one size
_INSET = 150  # columns of a line that is shown on the map of hands


@dataclass(frozen=True)
class Pair:
    """Two writers that are confused: a line of each, uint8 (height, columns), and the share of crops mistaken."""

    actual: str
    predicted: str
    share: float
    actual_line: np.ndarray
    predicted_line: np.ndarray


def confusion(recall: np.ndarray, writers: Sequence[str], path: Path) -> None:
    """Draw a confusion matrix, float (writers, writers), rows actual, in the order given.

    Of more than MOST writers those who are confused most are drawn.
    """
    count = len(writers)
    off = recall * (1 - np.eye(count))
    kept = np.sort(np.argsort(-(off.sum(axis=0) + off.sum(axis=1)), kind="stable")[:MOST])
    own, names = recall[np.ix_(kept, kept)], [writers[i] for i in kept]
    side = float(np.clip(0.2 * len(names) + 2, 5, 14))
    figure = Figure(figsize=(side + 0.8, side), layout="constrained")
    axis = figure.subplots()
    shown = np.ma.masked_equal(own, 0)
    image = axis.imshow(shown, cmap="YlOrBr", vmin=0, vmax=1, interpolation="nearest")
    ticks = np.arange(len(names))
    axis.set_xticks(ticks, names, rotation=90, fontsize=7)
    axis.set_yticks(ticks, names, fontsize=7)
    axis.set_xticks(np.arange(len(names) + 1) - 0.5, minor=True)
    axis.set_yticks(np.arange(len(names) + 1) - 0.5, minor=True)
    axis.grid(which="minor", color="#eeeeee", lw=0.5)
    axis.tick_params(which="minor", length=0)
    for i, j in np.argwhere((own >= 0.05) & ~np.eye(len(names), dtype=bool)):
        axis.text(j, i, f"{100 * own[i, j]:.0f}", ha="center", va="center", fontsize=6)
    axis.set(xlabel="the writer it is taken for", ylabel="the writer it is by")
    some = "" if count <= MOST else f"\nthe {MOST} of {count} writers that are confused most"
    axis.set_title(
        "Who is taken for whom: share of each writer's test crops\n"
        f"numbers: mistakes from 5 %; confused writers stand together{some}",
        fontsize=10,
    )
    figure.colorbar(image, ax=axis, shrink=0.6, format=mpl.ticker.PercentFormatter(1))
    save(figure, path)


def pairs(confused: Sequence[Pair], path: Path) -> None:
    """Draw the most confused pairs of writers, worst first, a line of each side by side."""
    figure = Figure(figsize=(14, 0.6 + 1.1 * max(1, len(confused))), layout=ConstrainedLayoutEngine(wspace=0.04))
    if not confused:
        figure.text(0.5, 0.5, "No test crop was given to a wrong writer.", ha="center", va="center")
    else:
        for pair, row in zip(confused, figure.subplots(len(confused), 2, squeeze=False), strict=True):
            titles = (
                f"writer {pair.actual}: {pair.share:.0%} of the test crops are taken for {pair.predicted}",
                f"writer {pair.predicted}",
            )
            for axis, line, title in zip(row, (pair.actual_line, pair.predicted_line), titles, strict=True):
                show(axis, line[:, :_SHOWN_COLUMNS], _SHOWN_COLUMNS)
                axis.set_title(title, fontsize=9, loc="left", pad=3)
        figure.suptitle("Most confused pairs of writers: a test line of each", fontsize=11)
    save(figure, path)


def hands(
    places: np.ndarray, labels: np.ndarray, writers: Sequence[str], shown: Sequence[tuple[int, np.ndarray]], path: Path
) -> None:
    """Draw the map of hands.

    Parameters: the place of each line, float (lines, 2), and its writer's label, int (lines,); the names of the
    writers by label; some lines, by number, and their writing, uint8 (height, columns).
    """
    figure = Figure(figsize=(11, 9), layout="constrained")
    axis = figure.subplots()
    colours = mpl.colormaps["hsv"](np.random.default_rng(0).permutation(len(writers)) / len(writers))
    colours[:, :3] *= 0.8
    axis.scatter(places[:, 0], places[:, 1], s=14, c=colours[labels], linewidths=0)
    size = 8 if len(writers) <= 60 else 5
    for label in np.unique(labels):
        middle = np.median(places[labels == label], axis=0)
        axis.text(middle[0], middle[1], writers[label], fontsize=size, ha="center", va="center", weight="bold",
                  bbox={"boxstyle": "round,pad=0.1", "fc": "white", "alpha": 0.6, "lw": 0})  # fmt: skip
    span = np.ptp(places, axis=0) + 1e-9
    axis.set_xlim(places[:, 0].min() - 0.15 * span[0], places[:, 0].max() + 0.15 * span[0])
    axis.set_ylim(places[:, 1].min() - 0.13 * span[1], places[:, 1].max() + 0.13 * span[1])
    for number, line in shown:
        part = line[:, :_INSET]
        inked = np.flatnonzero((part < 128).any(axis=1))
        part = part[inked[0] : inked[-1] + 1] if len(inked) else part
        inset = OffsetImage(part, cmap="gray", zoom=0.5, norm=mpl.colors.Normalize(0, 255))
        away = np.sign(places[number] - places.mean(axis=0)) * (55, 30)
        axis.add_artist(
            AnnotationBbox(
                inset, tuple(places[number]), xybox=tuple(away), boxcoords="offset points", pad=0.15,
                arrowprops={"arrowstyle": "-", "color": "#555555", "lw": 0.7},
                bboxprops={"edgecolor": colours[labels[number]], "lw": 1.2},
            )
        )  # fmt: skip
    axis.axis("off")
    axis.set_title(
        "The map of hands: each dot is a test line, each number a writer; what lies near looks alike to the network",
        fontsize=10,
    )
    save(figure, path)
