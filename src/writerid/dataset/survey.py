"""Opening and measuring every image of a dataset: which can be used, and why others cannot."""

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from writerid.base.errors import InputError, shown
from writerid.base.parallel import ordered_map
from writerid.dataset.archive import Archive, page_path
from writerid.dataset.images import Scan, UnusableImage, scans
from writerid.dataset.ink import appearance
from writerid.dataset.layouts import Layout, Nowhere, Place
from writerid.dataset.left_out import LeftOut
from writerid.dataset.names import same_spelling, stem


@dataclass(frozen=True)
class Line:
    """A usable line image: `path` inside the archive, `width` and `height` in pixels.

    `negative` says that it is light on dark; `scanner` what its file tells of how it was scanned.
    """

    line: str
    path: str
    form: str
    writer: str
    width: int
    height: int
    negative: bool = False
    scanner: str = ""


class _Measured(NamedTuple):
    width: int
    height: int
    digest: bytes
    negative: bool
    has_ink: bool
    scanner: str


def survey(archive: Archive, layout: Layout, min_size: int) -> tuple[list[Line], list[LeftOut]]:
    """Open and measure every image of an archive, on all cores.

    Returns the usable lines in the order of their names, and what is left out with its reason. Of images with
    the same pixels the one with a usable name, then the first by name, is kept.

    Raises InputError where no line is usable.
    """
    lines: list[Line] = []
    left_out = list(archive.left_out)
    kept: dict[bytes, Line] = {}
    names: dict[str, str] = {}
    # Usable names first, so that a copy under an odd name counts as the duplicate.
    paths = sorted(archive.images, key=lambda path: _order(path, layout.places))
    measured = ordered_map(lambda path: _measure(archive, path), paths, "map_writers", " images")
    for member, pages in zip(paths, measured, strict=True):
        place = layout.places[member]
        for page, size in pages:
            path = page_path(member, page)
            if isinstance(size, UnusableImage):
                left_out.append(LeftOut(path, size.reason, size.detail))
            elif size.digest in kept:
                same = kept[size.digest]
                by_another = isinstance(place, Place) and place.writer != same.writer
                detail = f"of {same.path}{', which is by another writer' if by_another else ''}"
                left_out.append(LeftOut(path, "duplicate", detail))
            elif isinstance(place, Nowhere):
                left_out.append(LeftOut(path, place.reason, place.detail))
            elif min(size.width, size.height) < min_size:
                left_out.append(LeftOut(path, "too_small", f"{size.width} x {size.height} pixels"))
            elif not size.has_ink:
                left_out.append(LeftOut(path, "no_ink", f"{size.width} x {size.height} pixels"))
            elif (name := place.line if page is None else f"{place.line}#{page}") in names:
                left_out.append(LeftOut(path, "repeated_name", f"as {names[name]}"))
            else:
                line = Line(name, path, place.form, place.writer, size.width, size.height, size.negative, size.scanner)
                lines.append(line)
                names[name], kept[size.digest] = path, line
    if not lines:
        counts = ", ".join(f"{count} {reason}" for reason, count in Counter(x.reason for x in left_out).items())
        first = left_out[0]
        raise InputError(
            f"{archive.path}: no image is usable ({counts}); the first: {shown(first.path)}: {first.detail}"
        )
    return lines, left_out


def _order(path: str, places: Mapping[str, Place | Nowhere]) -> tuple[bool, str, str]:
    place = places[path]
    if isinstance(place, Nowhere):
        return place.reason == "no_form", same_spelling(stem(path)), path
    return False, place.line, path


def _measure(archive: Archive, path: str) -> list[tuple[int | None, _Measured | UnusableImage]]:
    """Measure each page of an image file."""
    try:
        data = archive.read(path)
    except UnusableImage as unusable:
        return [(None, unusable)]
    return [(page, _of_scan(scan)) for page, scan in scans(data)]


def _of_scan(scan: Scan | UnusableImage) -> _Measured | UnusableImage:
    if isinstance(scan, UnusableImage):
        return scan
    height, width = scan.grey.shape
    digest = hashlib.sha256(width.to_bytes(8, "big"))
    digest.update(np.ascontiguousarray(scan.grey).data)
    return _Measured(width, height, digest.digest(), *appearance(scan.grey), scan.scanner)
