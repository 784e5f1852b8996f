"""Crops: windows into the strips, and the rows of the tables that name them."""

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np

from writerid.errors import InputError
from writerid.geometry import line_scales, strip_widths
from writerid.splits import SideLine

# One row a crop: its first column in the strips, the row of its line in lines.csv, and its writer's label.
CROP = np.dtype([("start", "<i8"), ("line", "<i4"), ("label", "<i4")])


def gather(strips: np.ndarray, starts: np.ndarray, width: int) -> np.ndarray:
    """Copy crops out of the strips: uint8 (crops, height, width) for start columns (crops,)."""
    crops = np.empty((len(starts), width, strips.shape[1]), np.uint8)
    for crop, start in zip(crops, starts.tolist(), strict=True):
        crop[:] = strips[start : start + width]
    return crops.transpose(0, 2, 1)


def line_ends(lines: Mapping[str, Sequence[int]], *, height: int, width: int, fit: str) -> np.ndarray:
    """Where each line begins and ends in the strips: int64 (lines + 1,), line i from the i-th to the next column.

    Parameters: the columns `width` and `height` of lines.csv; the size of a crop in pixels; how lines are scaled (see
    geometry.line_scales).
    """
    sizes = np.column_stack([lines["width"], lines["height"]])
    return np.concatenate([[0], np.cumsum(strip_widths(sizes, line_scales(sizes, height, fit), width))])


def check(
    strips: np.ndarray,
    tables: Mapping[str, np.ndarray],
    labels: Sequence[int],
    ends: np.ndarray,
    *,
    height: int,
    width: int,
) -> None:
    """Refuse strips and tables that were not made from these lines for crops of this size.

    Parameters: the strips; the table of each side; the column `label` of lines.csv; where lines end in the strips
    (see `line_ends`); the size of a crop in pixels.

    Raises InputError where they do not belong together.
    """

    def belongs(side: str, table: np.ndarray) -> bool:
        if table.dtype != CROP or table.ndim != 1 or not len(table):
            return False
        rows = table["line"]
        if rows.min() < 0 or rows.max() >= len(labels):
            return False
        beyond = table["start"] + width - ends[rows + 1]  # columns by which a crop reaches past its line
        if side != "train" and beyond[np.append(rows[1:] != rows[:-1], True)].any():
            return False  # there a line's last crop ends with the line
        return bool(
            beyond.max() <= 0
            and (table["start"] >= ends[rows]).all()
            and (table["label"] == np.asarray(labels)[rows]).all()
        )

    wrong = [] if strips.dtype == np.uint8 and strips.shape == (ends[-1], height) else ["strips"]
    wrong += [side for side, table in tables.items() if not belongs(side, table)]
    if wrong:
        raise InputError(
            f"data/crops/{wrong[0]}.npy: not made from data/lines.csv as it stands for crops of {height} x {width} "
            "pixels; run crop again (`dvc repro crop`)"
        )


def side_lines(
    strips: np.ndarray, table: np.ndarray, lines: Mapping[str, Sequence[str]], ends: np.ndarray, width: int
) -> list[SideLine]:
    """Return the lines that a table has crops of; the columns `line` and `form` of lines.csv name them.

    Lines no wider than a crop, and blank ones, are known by their names only: a full stop looks like another.
    """

    def digest(strip: np.ndarray) -> str | None:
        if len(strip) <= width or strip.min() == strip.max():
            return None
        return hashlib.blake2b(strip.data, digest_size=8).hexdigest()

    return [
        SideLine(lines["line"][row], lines["form"][row], digest(strips[ends[row] : ends[row + 1]]))
        for row in np.unique(table["line"])
    ]
