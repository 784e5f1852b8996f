"""Crops: windows into the strips, and the rows of the tables that name them."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from writerid.base.errors import InputError
from writerid.base.files import read_array, readable, write_json
from writerid.dataset.lines import read_lines
from writerid.dataset.splits import UNSEEN, SideLine

if TYPE_CHECKING:  # the identifier does without Pydantic
    from writerid.base.schema import Crop

ORIGIN = "crops.json"
AGAIN = "run crop again (`dvc repro --force crop`)"

# One row a crop: its first column in the strips, the row of its line in lines.csv, and its label: the place of its
# writer among the known writers, whom the network tells apart, in the order of their names; NO_LABEL for an unseen one.
CROP = np.dtype([("start", "<i8"), ("line", "<i4"), ("label", "<i4")])
NO_LABEL = -1


def gather(strips: np.ndarray, starts: np.ndarray, width: int) -> np.ndarray:
    """Copy crops out of the strips: uint8 (crops, height, width) for start columns (crops,)."""
    crops = np.empty((len(starts), width, strips.shape[1]), np.uint8)
    for crop, start in zip(crops, starts.tolist(), strict=True):
        crop[:] = strips[start : start + width]
    return crops.transpose(0, 2, 1)


@dataclass(frozen=True)
class Packed:
    """What the crop stage made: the strips, uint8 (columns, height), and the tables of crops of some sides.

    Beside them stand the columns of lines.csv; where each line begins and ends in the strips, int64 (lines + 1,), line
    i from the i-th to the next column; the width of a crop in pixels; the known writers by label; split.group_by; and
    all that `write_origin` wrote down.
    """

    strips: np.ndarray
    tables: Mapping[str, np.ndarray]
    lines: Mapping[str, Sequence[Any]]
    ends: np.ndarray
    width: int
    writers: Sequence[str]
    group_by: str = "form"
    origin: Mapping[str, Any] = field(default_factory=dict)

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
                self.lines["writer"][row],
                digest(self.strips[self.ends[row] : self.ends[row + 1]]),
            )
            for row in np.unique(self.tables[side]["line"])
        ]


def labels(writers: Sequence[str], known: Sequence[str]) -> list[int]:
    """Return the label of each writer, NO_LABEL for one who is not among the known."""
    place = {writer: label for label, writer in enumerate(known)}
    return [place.get(writer, NO_LABEL) for writer in writers]


def write_origin(folder: Path, lines: Path, writers: Sequence[str], crop: "Crop", group_by: str) -> None:
    """Write down what the crops of a folder were made from and how: later stages ask the crops, not params.yaml.

    Parameters: the folder; lines.csv; the known writers by label; parameters.
    """
    write_json(
        folder / ORIGIN,
        {
            "lines": _digest(lines),
            "height": crop.height,
            "width": crop.width,
            "stride": crop.stride,
            "tone": crop.tone,
            "fit": crop.fit,
            "group_by": group_by,
            "writers": writers,
        },
    )


def read(folder: Path, sides: Sequence[str], lines: Path) -> Packed:
    """Read the strips of all lines, and the crops of some sides, from the folder that the crop stage wrote.

    Raises InputError where a file is missing or damaged, or was not made from lines.csv as it stands.
    """
    table = read_lines(lines)
    try:
        origin = json.loads(readable(folder / ORIGIN).read_text(encoding="utf-8"))
        height, width, group_by = int(origin["height"]), int(origin["width"]), str(origin["group_by"])
        known = [str(writer) for writer in origin["writers"]]
    except (ValueError, KeyError, TypeError):
        raise InputError(f"{folder / ORIGIN}: not what the crop stage writes; {AGAIN}") from None
    strips, ends = read_array(folder / "strips.npy"), read_array(folder / "ends.npy")
    tables = {side: read_array(folder / f"{side}.npy") for side in sides}
    packed = Packed(strips, tables, table, ends, width, known, group_by, origin)
    wrong = []
    if origin.get("lines") != _digest(lines) or ends.shape != (len(table["line"]) + 1,):
        wrong = [folder / ORIGIN]
    elif strips.dtype != np.uint8 or strips.shape != (ends[-1], height):
        wrong = [folder / "strips.npy"]
    else:
        wrong = [folder / f"{side}.npy" for side in sides if not _belongs(packed, side)]
    if wrong:
        raise InputError(f"{wrong[0]}: not made from {lines} as it stands; {AGAIN}")
    return packed


def _digest(path: Path) -> str:
    return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()


def _belongs(packed: Packed, side: str) -> bool:
    table, ends = packed.tables[side], packed.ends
    expected = np.array(labels(packed.lines["writer"], packed.writers))
    if table.dtype != CROP or table.ndim != 1:
        return False
    if not len(table):
        return side == UNSEEN
    rows = table["line"]
    if rows.min() < 0 or rows.max() >= len(expected) or (expected[rows] == NO_LABEL).any() != (side == UNSEEN):
        return False
    beyond = table["start"] + packed.width - ends[rows + 1]  # columns by which a crop reaches past its line
    if side != "train" and beyond[np.append(rows[1:] != rows[:-1], True)].any():
        return False  # there a line's last crop ends with the line
    return bool(beyond.max() <= 0 and (table["start"] >= ends[rows]).all() and (table["label"] == expected[rows]).all())
