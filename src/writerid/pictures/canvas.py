"""What all pictures share: one look, saving byte for byte the same, and writing with evidence drawn over it."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image
from scipy.ndimage import gaussian_filter

from writerid.base.files import atomic

mpl.use("agg")
BLUE, ORANGE, GREY = "#0072b2", "#d55e00", "#6b7280"  # told apart with any colour vision (M. Okabe and K. Ito, 2002)
FOR, AGAINST = (230, 97, 0), (60, 60, 200)  # what speaks for a writer, and what against
DPI = 120
_SPREAD = 1 / 28  # of a line's height, by which evidence, which stands on strokes alone, is spread like a marker's ink
_COLUMNS = 800  # lines that are shorter are not drawn larger


def save(figure: Figure, path: Path) -> None:
    """Write a picture."""
    with atomic(path) as temporary:
        figure.savefig(temporary, dpi=DPI, metadata={"Software": None})


def save_image(pixels: np.ndarray, path: Path) -> None:
    """Write pixels, uint8 (height, width) or (height, width, 3), as a PNG of their size."""
    with atomic(path) as temporary:
        Image.fromarray(pixels).save(temporary, "PNG", optimize=True)


def show(axis: Axes, pixels: np.ndarray, columns: int | None = None) -> None:
    """Draw grey or coloured pixels, uint8, on an axis without ticks; white is added on the right up to `columns`."""
    if columns is not None and pixels.shape[1] < columns:
        padding = [(0, 0), (0, columns - pixels.shape[1]), *[(0, 0)] * (pixels.ndim - 2)]
        pixels = np.pad(pixels, padding, constant_values=255)
    axis.imshow(pixels, cmap="gray", vmin=0, vmax=255, interpolation="antialiased")
    axis.axis("off")


def shares(axis: Axes, which: str = "both") -> None:
    """Let an axis go from 0 to 100 %."""
    for name in ("x", "y"):
        if which in (name, "both"):
            getattr(axis, f"set_{name}lim")(0, 1.02)
            getattr(axis, f"{name}axis").set_major_formatter(mpl.ticker.PercentFormatter(1))
    axis.grid(alpha=0.3)
    axis.spines[["top", "right"]].set_visible(False)


def tinted(line: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """Draw a coarse map, float (height, width), from 0 up, over writing, the more orange the stronger; as `marked`."""
    share = ((strength - strength.min()) / (np.ptp(strength) or 1.0))[..., None] ** 1.5
    return np.rint((255 - share * (255 - np.array(FOR)) * 0.85) * (line[..., None] / 255)).astype(np.uint8)


def marked(line: np.ndarray, evidence: np.ndarray) -> np.ndarray:
    """Draw evidence over writing as if with marker pens: orange speaks for, blue against; uint8 (height, width, 3).

    Parameters: a line, uint8 (height, width); evidence, float (height, width), which is scaled to its own largest.
    """
    spread = gaussian_filter(evidence.astype(np.float64), _SPREAD * line.shape[0])
    strength = np.clip(np.abs(spread) / (np.quantile(np.abs(spread), 0.985) or 1.0), 0, 1)[..., None] ** 0.7
    tint = np.where(spread[..., None] > 0, FOR, AGAINST)
    paper = 255 - strength * (255 - tint) * 0.85
    return np.rint(paper * (line[..., None] / 255)).astype(np.uint8)


def stacked(
    images: Sequence[np.ndarray], titles: Sequence[str], heading: str, path: Path, note: str = "", across: int = 1
) -> None:
    """Draw lines of writing one below the other, `across` beside one another, at one scale, each under its title."""
    columns = max((image.shape[1] for image in images), default=1)
    columns = max(columns, _COLUMNS // across)
    width = float(np.clip(columns * across / 90, 8, 14))
    row = width / across * max((image.shape[0] for image in images), default=1) / columns + 0.34
    top = 0.4 + 0.2 * (1 + note.count("\n") if note else 0)
    rows = -(-len(images) // across)
    figure = Figure(figsize=(width, top + row * max(1, rows)), layout=ConstrainedLayoutEngine(wspace=0.03))
    figure.suptitle(heading + (f"\n{note}" if note else ""), fontsize=10)
    if not images:
        figure.text(0.5, 0.3, "There is none.", ha="center")
    else:
        axes = figure.subplots(rows, across, squeeze=False).ravel()
        for axis, image, title in zip(axes, images, titles, strict=False):  # of the last row, some may stay empty
            show(axis, image, columns)
            axis.set_title(title, fontsize=8, loc="left", pad=2)
        for axis in axes[len(images) :]:
            axis.axis("off")
    save(figure, path)
