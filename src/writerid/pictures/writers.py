"""Writers beside one another: the confusion matrix, the most confused pairs, and the map of hands."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.offsetbox import AnnotationBbox, OffsetImage
from matplotlib.transforms import Bbox

from writerid.pictures.canvas import save, show

MOST = 60  # writers of a confusion matrix that can be read
_SHOWN_COLUMNS = 800  # of a line, at the strip's scale, so that all lines are drawn at one size
_INSET = 2.4  # columns, as a multiple of its height, of a line that is shown beside the map of hands


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
        colour = "white" if own[i, j] > 0.5 else "black"  # on dark cells, and on light ones
        axis.text(j, i, f"{100 * own[i, j]:.0f}", ha="center", va="center", fontsize=6, color=colour)
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
    many = len(writers) > MOST
    figure = Figure(figsize=(15, 11) if many else (13, 9))
    axis = figure.add_axes((0.14, 0.01, 0.72, 0.93))
    colours = mpl.colormaps["hsv"](np.random.default_rng(0).permutation(len(writers)) / len(writers))
    colours[:, :3] *= 0.8
    axis.scatter(places[:, 0], places[:, 1], s=10 if many else 18, c=colours[labels], linewidths=0)
    axis.margins(0.03)
    axis.axis("off")
    unnamed = _name(axis, places, labels, writers, 6 if many else 9)
    by_column = sorted(shown, key=lambda one: places[one[0], 0])
    half = (len(by_column) + 1) // 2
    for edge, align, beside in ((-0.01, 1.0, by_column[:half]), (1.01, 0.0, by_column[half:])):
        from_top = sorted(beside, key=lambda one: -places[one[0], 1])  # so that their threads seldom cross
        for at, (number, line) in zip(np.linspace(0.95, 0.05, len(from_top)), from_top, strict=True):
            part = line[:, : int(_INSET * line.shape[0])]
            inked = np.flatnonzero((part < 128).any(axis=1))
            part = part[inked[0] : inked[-1] + 1] if len(inked) else part
            inset = OffsetImage(part, cmap="gray", zoom=36 / line.shape[0], norm=mpl.colors.Normalize(0, 255))
            axis.add_artist(
                AnnotationBbox(
                    inset, tuple(places[number]), xybox=(edge, at), boxcoords="axes fraction", pad=0.15, zorder=0,
                    box_alignment=(align, 0.5), annotation_clip=False,
                    arrowprops={"arrowstyle": "-", "color": "#b0b0b0", "lw": 0.7},
                    bboxprops={"edgecolor": colours[labels[number]], "lw": 1.5},
                )
            )  # fmt: skip
    left_out = f"; {unnamed} that stand too close to others have no room for theirs" if unnamed else ""
    figure.suptitle(
        "The map of hands: each dot is a test line, each number a writer; what lies near looks alike to the network.\n"
        f"A number stands above the middle of its writer's dots{left_out}. At the sides: how some lines begin.",
        fontsize=10,
    )
    save(figure, path)


def _name(axis: Axes, places: np.ndarray, labels: np.ndarray, writers: Sequence[str], size: float) -> int:
    """Write each writer's name above the middle of its dots, where it covers no other; return how many are left out."""
    renderer = FigureCanvasAgg(axis.get_figure(root=True)).get_renderer()
    taken: list[Bbox] = []
    found = np.unique(labels)
    for label in found:
        middle = np.median(places[labels == label], axis=0)
        text = axis.annotate(
            writers[label], middle, (0, 0.8 * size), textcoords="offset points", fontsize=size, weight="bold",
            ha="center", va="center", bbox={"boxstyle": "round,pad=0.05", "fc": "white", "alpha": 0.7, "lw": 0},
        )  # fmt: skip
        own = text.get_window_extent(renderer)
        if any(own.overlaps(other) for other in taken):
            text.remove()
        else:
            taken.append(own)
    return len(found) - len(taken)
