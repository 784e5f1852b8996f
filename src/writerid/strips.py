"""Lines scaled to one height and packed end to end; crops are windows into them.

A strip is stored column by column: row x of `strips.npy` holds the `height` grey values of pixel column x of all
lines end to end. A crop, `width` consecutive columns, is thus one contiguous block of the file.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from writerid.dataset import Archive
from writerid.errors import InputError
from writerid.files import atomic
from writerid.images import UnusableImage, decode
from writerid.parallel import ordered_map

MIN_CONTRAST = 24  # grey levels between paper and ink; a line with less holds no writing


def strip_widths(sizes: np.ndarray, height: int, width: int) -> np.ndarray:
    """Columns of each line in the strip, int64 (lines,): scaled to `height`, at least one crop `width` wide.

    Parameters: `sizes` (lines, 2) holds the width and height of each image in pixels.
    """
    scaled = np.rint(sizes[:, 0] * (height / sizes[:, 1])).astype(np.int64)
    return np.maximum(scaled, width)


def scale(grey: np.ndarray, height: int, width: int) -> np.ndarray:
    """Scale a line, uint8 (h, w), to a height with its aspect kept; returns a strip, uint8 (columns, height).

    A line narrower than `width` is centred and padded with its own paper tone.
    """
    columns = max(1, round(grey.shape[1] * (height / grey.shape[0])))
    scaled = np.asarray(Image.fromarray(grey).resize((columns, height), Image.Resampling.BILINEAR)).T
    if columns >= width:
        return np.ascontiguousarray(scaled)
    strip = np.full((width, height), tones(grey)[0], np.uint8)
    left = (width - columns) // 2
    strip[left : left + columns] = scaled
    return strip


def tones(grey: np.ndarray) -> tuple[int, int]:
    """Grey values (paper, ink) of a line: its upper quartile, and its darkest hundredth."""
    total = np.cumsum(np.bincount(grey.ravel(), minlength=256))
    paper, ink = np.searchsorted(total, [0.75 * total[-1], 0.01 * total[-1]])
    return int(paper), int(ink)


def ink_share(strip: np.ndarray, width: int) -> np.ndarray:
    """Share of ink in every window of `width` columns, float64 (columns - width + 1,).

    A pixel is ink where it is nearer to the line's ink than to its paper.
    """
    paper, ink = tones(strip)
    if paper - ink < MIN_CONTRAST:
        return np.zeros(len(strip) - width + 1)
    dark = np.count_nonzero(strip < (paper + ink) / 2, axis=1)
    running = np.concatenate([[0], np.cumsum(dark)])
    return (running[width:] - running[:-width]) / (width * strip.shape[1])


def pack(
    archive: Archive, paths: Sequence[str], sizes: np.ndarray, *, height: int, width: int, output: Path
) -> Iterator[np.ndarray]:
    """Write the strips of all lines to one .npy file, uint8 (columns, height), on all cores.

    The file is complete when the iterator is exhausted; until then each line's ink shares are yielded
    (see `ink_share`). Memory stays bounded: lines are written one by one, not mapped.

    Raises InputError where an image no longer is what map_writers measured.
    """
    widths = strip_widths(sizes, height, width)

    def work(row: int) -> tuple[np.ndarray, np.ndarray]:
        try:
            strip = scale(decode(archive.read(paths[row])), height, width)
        except UnusableImage as unusable:
            strip = np.empty((0, height), np.uint8)
            problem = unusable.detail
        else:
            problem = "its size has changed"
        if len(strip) != widths[row]:
            raise InputError(
                f"{archive.path}: {paths[row]}: {problem}; run map_writers again (`dvc repro map_writers`)"
            )
        return strip, ink_share(strip, width)

    with atomic(output) as temporary, temporary.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (int(widths.sum()), height)}
        np.lib.format.write_array_header_1_0(file, header)
        for strip, ink in ordered_map(work, range(len(paths)), "crop", " lines"):
            file.write(strip.data)
            yield ink
