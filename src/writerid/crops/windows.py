"""Crops: windows into the strips, and the rows of the tables that name them."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from writerid.base.errors import InputError
from writerid.base.files import read_array
from writerid.base.geometry import line_scales, strip_widths
from writerid.dataset.splits import SideLine

# One row a crop: its first column in the strips, the row of its line in lines.csv, and its writer's label.
CROP = np.dtype([("start", "<i8"), ("line", "<i4"), ("label", "<i4")])


def gather(strips: np.ndarray, starts: np.ndarray, width: int) -> np.ndarray:
    """Copy crops out of the strips: uint8 (crops, height, width) for start columns (crops,)."""
    crops = np.empty((len(starts), width, strips.shape[1]), np.uint8)
    for crop, start in zip(crops, starts.tolist(), strict=True):
        crop[:] = strips[start : start + width]
    return crops.transpose(0, 2, 1)


@dataclass(frozen=True)
class Packed:
    """What the crop stage made: the strips, uint8 (columns, height), and the tables of crops of some sides.

    Beside them stand the columns of lines.csv, where each line ends in the strips (see `line_ends`), and the width of
    a crop in pixels.
    """

    strips: np.ndarray
    tables: Mapping[str, np.ndarray]
    lines: Mapping[str, Sequence[Any]]
    ends: np.ndarray
    width: int

    def side_lines(self, side: str) -> list[SideLine]:
        """Return the lines that a side has crops of.

        Lines no wider than a crop, and blank ones, are known by their names only: a full stop looks like another.
        """

        def digest(strip: np.ndarray) -> str | None:
            if len(strip) <= self.width or strip.min() == strip.max():
                return None
            return hashlib.blake2b(strip.data, digest_size=8).hexdigest()

        return [
            SideLine(
                self.lines["line"][row],
                self.lines["form"][row],
                digest(self.strips[self.ends[row] : self.ends[row + 1]]),
            )
            for row in np.unique(self.tables[side]["line"])
        ]


def read(
    strips: Path, tables: Mapping[str, Path], lines: Mapping[str, Sequence[Any]], *, height: int, width: int, fit: str
) -> Packed:
    """Read strips and the tables of some sides.

    Parameters: the files; the columns of lines.csv; the size of a crop in pixels; how lines were scaled (see
    geometry.line_scales).

    Raises InputError where a file is missing or damaged, or was not made from these lines for crops of this size.
    """
    ends = line_ends(lines, height=height, width=width, fit=fit)
    packed = Packed(read_array(strips), {side: read_array(path) for side, path in tables.items()}, lines, ends, width)
    fits = packed.strips.dtype == np.uint8 and packed.strips.shape == (ends[-1], height)
    wrong = [] if fits else [strips]
    wrong += [path for side, path in tables.items() if not _belongs(packed, side)]
    if wrong:
        raise InputError(
            f"{wrong[0]}: not made from data/lines.csv as it stands for crops of {height} x {width} pixels; "
            "run crop again (`dvc repro crop`)"
        )
    return packed


def line_ends(lines: Mapping[str, Sequence[int]], *, height: int, width: int, fit: str) -> np.ndarray:
    """Where each line begins and ends in the strips: int64 (lines + 1,), line i from the i-th to the next column."""
    sizes = np.column_stack([lines["width"], lines["height"]])
    return np.concatenate([[0], np.cumsum(strip_widths(sizes, line_scales(sizes, height, fit), width))])


def _belongs(packed: Packed, side: str) -> bool:
    table, ends = packed.tables[side], packed.ends
    labels = np.asarray(packed.lines["label"])
    if table.dtype != CROP or table.ndim != 1 or not len(table):
        return False
    rows = table["line"]
    if rows.min() < 0 or rows.max() >= len(labels):
        return False
    beyond = table["start"] + packed.width - ends[rows + 1]  # columns by which a crop reaches past its line
    if side != "train" and beyond[np.append(rows[1:] != rows[:-1], True)].any():
        return False  # there a line's last crop ends with the line
    return bool(beyond.max() <= 0 and (table["start"] >= ends[rows]).all() and (table["label"] == labels[rows]).all())
