"""Pictures of what the network learned and of what it confuses."""

from dataclasses import dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from writerid.files import atomic

mpl.use("agg")
_SHOWN_COLUMNS = 800  # of a line, at the strip's scale, so that all lines are drawn at one size


@dataclass(frozen=True)
class Pair:
    """Two writers that are confused: a line of each, uint8 (height, columns), and the share of crops mistaken."""

    actual: str
    predicted: str
    share: float
    actual_line: np.ndarray
    predicted_line: np.ndarray


def filters(kernel: np.ndarray, path: Path) -> None:
    """Draw the filters of a first layer, float (rows, columns, 1, filters), on one scale around zero."""
    count = kernel.shape[-1]
    columns = min(8, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(columns, rows + 0.6), layout="constrained")
    limit = float(np.abs(kernel).max()) or 1.0
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for number, axis in enumerate(axes):
        axis.axis("off")
        if number < count:
            image = axis.imshow(kernel[:, :, 0, number], cmap="RdBu", vmin=-limit, vmax=limit)
            axis.set_title(str(number), fontsize=7, pad=2)
    figure.colorbar(image, ax=axes.tolist(), label="weight", shrink=0.9)
    figure.suptitle(f"First layer: {count} filters of {kernel.shape[0]} x {kernel.shape[1]} pixels", fontsize=10)
    _save(figure, path)


def pairs(confused: list[Pair], path: Path) -> None:
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
                shown = np.full((line.shape[0], _SHOWN_COLUMNS), 255, np.uint8)
                part = line[:, :_SHOWN_COLUMNS]
                shown[:, : part.shape[1]] = part
                axis.imshow(shown, cmap="gray", vmin=0, vmax=255)
                axis.set_title(title, fontsize=9, loc="left", pad=3)
                axis.axis("off")
        figure.suptitle("Most confused pairs of writers: a test line of each", fontsize=11)
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    with atomic(path) as temporary:
        figure.savefig(temporary, dpi=120, metadata={"Software": None})
