"""Lines scaled to the height of a crop and packed end to end; crops are windows into them.

A strip is stored column by column: row x of `strips.npy` holds the `height` grey values of pixel column x of all
lines end to end. A crop, `width` consecutive columns, is thus one contiguous block of the file.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

from writerid.base.errors import InputError, shown
from writerid.base.files import atomic
from writerid.base.geometry import line_scales, strip_widths
from writerid.crops.ruling import without_ruling
from writerid.crops.tones import normalise
from writerid.crops.windows import Packed
from writerid.dataset.archive import Archive
from writerid.dataset.images import UnusableImage
from writerid.dataset.ink import MIN_CONTRAST, dark_on_light, evenly_lit, paper_and_ink
from writerid.dataset.lines import layout_digest, line_digest, pixel_digest

if TYPE_CHECKING:  # the identifier does without Pydantic
    from writerid.base.schema import Crop

# From a scan, dark on light, uint8 (h, w), and how many of its pixels a strip is high, to another of the same size.
OnScan = Callable[[np.ndarray, float], np.ndarray]


def scale(grey: np.ndarray, by: float, height: int, width: int) -> np.ndarray:
    """Scale a line, uint8 (h, w); returns a strip, uint8 (columns, height), of at least `width` columns.

    A line that is lower than `height` or narrower than `width` is centred and padded with its own paper tone.
    """
    columns, rows = (max(1, round(side * by)) for side in (grey.shape[1], grey.shape[0]))
    rows = min(rows, height)
    scaled = np.asarray(Image.fromarray(grey).resize((columns, rows), Image.Resampling.BILINEAR)).T
    plain = np.count_nonzero(grey < 255) < 0.75 * grey.size  # toned paper, told without a histogram
    strip = np.full((max(columns, width), height), 255 if plain else paper_and_ink(grey)[0], np.uint8)
    left, top = (len(strip) - columns) // 2, (height - rows) // 2
    strip[left : left + columns, top : top + rows] = scaled
    return strip


def cleaned(grey: np.ndarray) -> np.ndarray:
    """Return a line as it came, uint8 (h, w), dark on light, evenly lit and without the ruling of its paper."""
    return without_ruling(evenly_lit(dark_on_light(grey)))


def strip_of(grey: np.ndarray, by: float, tone: str, height: int, width: int) -> np.ndarray:
    """Return a line as it came, uint8 (h, w), as the strip that the network sees; see `scale` and tones.normalise."""
    toned = dark_on_light(grey) if tone == "raw" else normalise(cleaned(grey), tone)
    return scale(toned, by, height, width)


def ink_share(strip: np.ndarray, width: int) -> np.ndarray:
    """Share of ink in every window of `width` columns, float64 (columns - width + 1,).

    A pixel is ink where it is nearer to the line's ink than to its paper.
    """
    paper, ink = paper_and_ink(strip)
    if paper - ink < MIN_CONTRAST:
        return np.zeros(len(strip) - width + 1)
    dark = (strip < np.uint8((paper + ink + 1) // 2)).sum(axis=1, dtype=np.uint16)
    running = np.concatenate([[0], np.cumsum(dark, dtype=np.int64)])
    return (running[width:] - running[:-width]) / (width * strip.shape[1])


def unchanged(archive: Archive, lines: Mapping[str, Sequence[Any]], row: int, layouts: bytes) -> np.ndarray:
    """Return a line of lines.csv as it came, uint8 (height, width); `layouts`: see lines.layout_digest.

    Raises InputError where its image, or a layout file, no longer is what map_writers read.
    """
    path = lines["path"][row]
    try:
        grey = archive.decode(path)
        if grey.shape != (lines["height"][row], lines["width"][row]):
            raise UnusableImage("unreadable", "its size has changed")
        if line_digest(pixel_digest(grey), layouts) != lines["digest"][row]:
            either = "it, or one of the archive's XML files," if archive.xml else "it"
            raise UnusableImage("unreadable", f"{either} has changed")
    except UnusableImage as unusable:
        raise InputError(
            f"{archive.path}: {shown(path)}: {unusable.detail}; run map_writers again (`dvc repro map_writers`)"
        ) from None
    return grey


@dataclass(frozen=True)
class Scans:
    """Lines as they came, from an archive and the columns of lines.csv, and how they become strips (see `strip_of`)."""

    archive: Archive
    lines: Mapping[str, Sequence[Any]]
    height: int
    width: int
    fit: str
    tone: str

    @classmethod
    def of(cls, archive: Archive, packed: Packed) -> "Scans":
        """The lines of what the crop stage made, as it made them."""
        return cls(archive, packed.lines, *(packed.origin[name] for name in ("height", "width", "fit", "tone")))

    @cached_property
    def sizes(self) -> np.ndarray:
        """Width and height of all lines in pixels, int (lines, 2)."""
        return np.column_stack([self.lines["width"], self.lines["height"]])

    @cached_property
    def scales(self) -> np.ndarray:
        """By how much lines are scaled, float64 (lines,)."""
        return line_scales(self.sizes, self.height, self.fit, np.array(self.lines["scale"]))

    @cached_property
    def _layouts(self) -> bytes:
        return layout_digest(self.archive)

    def strip(self, row: int, change: OnScan | None = None) -> np.ndarray:
        """Return the strip of a line, uint8 (columns, height), whose scan may be changed before it is cleaned."""
        grey = unchanged(self.archive, self.lines, row, self._layouts)
        if change:
            grey = change(dark_on_light(grey), self.height / self.scales[row])
        return strip_of(grey, self.scales[row], self.tone, self.height, self.width)


def pack(archive: Archive, lines: Mapping[str, Sequence[Any]], crop: "Crop", output: Path) -> Iterator[np.ndarray]:
    """Write the strips of all lines to one .npy file, uint8 (columns, height), on all cores.

    The file is complete when the iterator is exhausted; until then each line's ink shares are yielded
    (see `ink_share`). Memory stays bounded: lines are written one by one, not mapped.

    `lines` holds the columns of lines.csv. Raises InputError where an image, or a layout file that may tell where its
    lines are, no longer is what map_writers read.
    """
    from writerid.base.parallel import ordered_map  # here: one line alone needs no processes

    scans = Scans(archive, lines, crop.height, crop.width, crop.fit, crop.tone)
    widths = strip_widths(scans.sizes, scans.scales, crop.width)

    def work(row: int) -> tuple[np.ndarray, np.ndarray]:
        strip = scans.strip(row)
        return strip, ink_share(strip, crop.width)

    with atomic(output) as temporary, temporary.open("wb") as file:
        header = {"descr": "|u1", "fortran_order": False, "shape": (int(widths.sum()), crop.height)}
        np.lib.format.write_array_header_1_0(file, header)
        for strip, ink in ordered_map(work, range(len(widths)), "crop", " lines"):
            file.write(strip.data)
            yield ink
