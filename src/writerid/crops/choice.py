"""Which windows of the strips are crops: tables of start column, line and label."""

from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from writerid.base.errors import InputError
from writerid.base.files import read_csv
from writerid.base.randomness import Use, stream
from writerid.crops.windows import CROP
from writerid.dataset.splits import SIDES, UNSEEN

if TYPE_CHECKING:  # the identifier does without Pydantic
    from writerid.base.schema import Crop

LEAST_INKED = 0.1  # share of a side's lines


def tables(
    inks: Iterable[np.ndarray], labels: Sequence[int], sides: Sequence[str | None], crop: "Crop", seed: int
) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """Choose the crops of all lines: drawn at random for training, evenly spaced for the other sides.

    Parameters: the ink shares of each line's windows (see strips.ink_share), its label and its side; how crops are
    chosen; the seed. Returns a table of dtype CROP for each side, and where each line begins and ends in the strips,
    int64 (lines + 1,).

    Raises InputError where a line has no side, or a side but the unseen one no line, or a side next to no ink.
    """
    parts: dict[str, list[np.ndarray]] = {side: [] for side in SIDES}
    inked: Counter[str] = Counter()
    ends = [0]
    for row, (ink, label, side) in enumerate(zip(inks, labels, sides, strict=True)):
        if side not in parts:
            held = f"the side {side!r}" if side else "no side"
            raise InputError(f"data/split.csv: row {row + 2} of data/lines.csv has {held} in it; run split again")
        if side == "train":
            starts = training_starts(ink, crop.keep, crop.min_ink, stream(seed, Use.CROPS, row))
        else:
            starts = even_starts(len(ink), crop.stride)
        crops = np.empty(len(starts), CROP)
        crops["start"], crops["line"], crops["label"] = starts + ends[-1], row, label
        parts[side].append(crops)
        inked[side] += bool(ink.any())
        ends.append(ends[-1] + len(ink) + crop.width - 1)
    for side, own in parts.items():
        if not own and side != UNSEEN:
            raise InputError(f"split: no line is on the {side} side; raise split.{side}, or add lines")
        if inked[side] < LEAST_INKED * len(own):
            raise InputError(
                f"crop: the {side} side has next to no ink: {inked[side]} of its {len(own)} lines hold any that can be "
                "told from paper; look at these images, and set crop.fit: line where some are far larger than the rest"
            )
    none = np.empty(0, CROP)
    return {side: np.concatenate([none, *own]) for side, own in parts.items()}, np.array(ends, np.int64)


def read_sides(path: Path) -> dict[str, str]:
    """Return the side of each line in split.csv; raises InputError where it cannot be read, or has a line twice."""
    table = read_csv(path, {"line": str, "split": str})
    repeated = [line for line, count in Counter(table["line"]).items() if count > 1]
    if repeated:
        raise InputError(f"{path}: line {repeated[0]} stands in it twice; run split again")
    return dict(zip(table["line"], table["split"], strict=True))


def training_starts(ink: np.ndarray, keep: float, min_ink: float, rng: np.random.Generator) -> np.ndarray:
    """Draw start columns for training from one line, int64, ascending; at least one.

    A share `keep` of the possible start columns is drawn without repetition, from the windows with at least
    `min_ink` ink where there are enough of them. A line without any such window gives its most inked one.
    """
    possible = np.flatnonzero(ink >= min_ink)
    if not len(possible):
        return np.array([np.argmax(ink)])
    count = max(1, round(keep * len(ink)))
    return np.sort(rng.permutation(possible)[:count])


def even_starts(windows: int, stride: int) -> np.ndarray:
    """Evenly spaced start columns from the first to the last of `windows` possible ones, int64, ascending."""
    return evenly(windows, 1 + -(-(windows - 1) // stride))


def evenly(count: int, most: int) -> np.ndarray:
    """Return numbers from 0 up to `count`, all or `most` of them spread evenly, int64 (numbers,), ascending."""
    return np.arange(count) if count <= most else np.rint(np.linspace(0, count - 1, most)).astype(np.int64)


def evenly_of_each(groups: np.ndarray, most: int) -> np.ndarray:
    """Return places of items, all or `most` of each group spread evenly, int64, ascending; `groups`: of each item."""
    each = (np.flatnonzero(groups == group) for group in np.unique(groups))
    return np.sort(np.concatenate([own[evenly(len(own), most)] for own in each]))
