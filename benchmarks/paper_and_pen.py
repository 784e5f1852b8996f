"""The hand, or paper and pen? What finds strangers' lines once paper is wiped and all strokes are of one width.

    python -m benchmarks.paper_and_pen ARCHIVE [--model models/model.keras] [--text PATTERN] [--writer PATTERN]

The options, and the rows and columns of the table, are those of benchmarks.strangers, but for --graph. The rows stand
there three times: for lines as they are; for lines on white paper, without ruling, in black ink; and for lines whose
strokes are thinned to their middle and drawn again in black, all in one width, which is the middle one of all lines.
What a method loses from one to the next it owes to paper and tones, or to the width and the edges of strokes, which
come from the pen as well as from how hard a hand presses. Random weights beside it tell what can be had without any
training.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy import ndimage

from benchmarks import tables
from benchmarks.strangers import Lines, begin, compared, options
from stages.runner import run
from writerid.base.parallel import ordered_map
from writerid.crops.strips import cleaned
from writerid.crops.tones import normalise

# What is no middle of a stroke: ink on one side, and paper on the other, each with its three turns by a quarter.
SIDE = np.array([[0, 0, 0], [0, 1, 0], [1, 1, 1]]), np.array([[1, 1, 1], [0, 0, 0], [0, 0, 0]])
CORNER = np.array([[0, 0, 0], [1, 1, 0], [0, 1, 0]]), np.array([[0, 1, 1], [0, 0, 1], [0, 0, 0]])


def wiped(grey: np.ndarray) -> np.ndarray:
    """Return a line as it came, uint8 (height, width), in black on white, without the ruling of its paper."""
    return normalise(cleaned(grey), "binary")


def thinned(ink: np.ndarray) -> np.ndarray:
    """Thin ink, bool (height, width), to lines of one pixel that are connected as it was.

    By hits and misses in eight directions (L. Lam et al., IEEE PAMI 14:869-885, 1992), until nothing changes.
    """
    before = np.zeros_like(ink)
    while not np.array_equal(ink, before):
        before = ink
        for turns in range(4):
            for hit, miss in (SIDE, CORNER):
                ink = ink & ~ndimage.binary_hit_or_miss(ink, np.rot90(hit, turns), np.rot90(miss, turns))
    return ink


def width(ink: np.ndarray, middle: np.ndarray) -> float:
    """The mean width of strokes, in pixels, from a line's ink and its middle, bool (height, width); NaN without ink."""
    return ink.sum() / middle.sum() if middle.any() else np.nan


def drawn(middle: np.ndarray, width: float) -> np.ndarray:
    """Draw the middle of strokes, bool (height, width), so many pixels wide: uint8, black on white."""
    if not middle.any():
        return np.full(middle.shape, 255, np.uint8)
    ink = np.clip(width / 2 + 0.5 - ndimage.distance_transform_edt(~middle), 0, 1)
    return np.rint(255 * (1 - ink)).astype(np.uint8)


def of_one_width(greys: list[np.ndarray]) -> list[np.ndarray]:
    """Return lines, each uint8 (height, width), with all strokes as wide as those of the middle one of them."""
    inks = [wiped(grey) == 0 for grey in greys]
    middles = list(ordered_map(thinned, inks, "strokes", " lines"))
    one = float(np.nanmedian([width(ink, middle) for ink, middle in zip(inks, middles, strict=True)]))
    return [drawn(middle, one) for middle in middles]


def looks(lines: Lines) -> Iterator[tuple[str, Lines]]:
    """Yield each way in which lines look, in words, and the lines."""
    yield "as they are", lines
    yield "black ink on white paper", lines._replace(greys=[wiped(grey) for grey in lines.greys])
    yield "strokes of one width", lines._replace(greys=of_one_width(lines.greys))


def main(archive: Path, model: Path, text: str, writer: str, csv: Path | None) -> None:
    """Print the table."""
    network, embedding, read, params = begin(archive, model, text, writer)
    rows = (
        {"lines": name, **cells} for name, lines in looks(read) for cells in compared(network, embedding, lines, params)
    )
    tables.show(rows, csv)


if __name__ == "__main__":
    run(main, options(__doc__), alone=False)
