"""Opening and measuring every image of a dataset: which can be used, and why others cannot."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

from writerid.base.errors import InputError, shown
from writerid.base.parallel import ordered_map
from writerid.dataset.archive import Archive, line_path, page_path
from writerid.dataset.images import MAX_PIXELS, Scan, UnusableImage, scans
from writerid.dataset.ink import appearance
from writerid.dataset.left_out import LeftOut
from writerid.dataset.lines import layout_digest, line_digest, pixel_digest
from writerid.dataset.names import same_spelling, stem
from writerid.dataset.page_lines import NO_LABELS, Finder
from writerid.dataset.places import Layout, Nowhere, Place


@dataclass(frozen=True)
class Line:
    """A usable line image: `path` inside the archive, `width` and `height` in pixels.

    `negative` says that it is light on dark; `mode` and `dpi` are what its file tells of how it was scanned (see Scan);
    `digest` is its `line_digest`.
    """

    line: str
    path: str
    form: str
    writer: str
    width: int
    height: int
    negative: bool = False
    mode: str = ""
    dpi: int = 0
    digest: str = ""


class _Measured(NamedTuple):
    width: int
    height: int
    digest: bytes
    negative: bool
    has_ink: bool
    mode: str
    dpi: int


def survey(
    archive: Archive, layout: Layout, min_size: int, find: Finder | None = None
) -> tuple[list[Line], list[LeftOut]]:
    """Open and measure every image of an archive, on all cores; of whole pages every line that `find` finds.

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
    find, layouts = find or Finder(archive, NO_LABELS), layout_digest(archive)
    measured = ordered_map(lambda path: _measure(archive, path, find), paths, "map_writers", " images")
    for member, parts in zip(paths, measured, strict=True):
        place = layout.places[member]
        for path, suffix, size in parts:
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
            elif (name := f"{place.line}{suffix}") in names:
                left_out.append(LeftOut(path, "repeated_name", f"as {names[name]}"))
            else:
                digest = line_digest(size.digest, layouts)
                told = size.negative, size.mode, size.dpi
                line = Line(name, path, place.form, place.writer, size.width, size.height, *told, digest)
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


def _measure(archive: Archive, path: str, find: Finder) -> list[tuple[str, str, _Measured | UnusableImage]]:
    """Measure each line, page or image of a file; with its path, and what its name has behind the file's."""
    try:
        data = archive.read(path)
    except UnusableImage as unusable:
        return [(path, "", unusable)]
    measured: list[tuple[str, str, _Measured | UnusableImage]] = []
    for page, scan in scans(data):
        one, suffix = page_path(path, page), "" if page is None else f"#{page}"
        lines = None if isinstance(scan, UnusableImage) else find.lines(path, page, scan.grey)
        if lines is None and isinstance(scan, Scan) and scan.grey.size > MAX_PIXELS:
            size = f"{scan.grey.shape[1]} x {scan.grey.shape[0]} pixels, and no page of several lines"
            measured.append((one, suffix, UnusableImage("too_large", size)))
        elif lines is None:
            measured.append((one, suffix, _of_scan(scan)))
        elif isinstance(lines, UnusableImage):
            measured.append((one, suffix, lines))
        else:
            assert isinstance(scan, Scan)
            for number, line in enumerate(lines, start=1):
                name = f"{suffix}#{number:02d}"
                if isinstance(line, UnusableImage):
                    measured.append((f"{one}{name}", name, line))
                else:
                    measured.append((line_path(one, line.cut), name, _of_scan(scan._replace(grey=line.grey))))
    return measured


def _of_scan(scan: Scan | UnusableImage) -> _Measured | UnusableImage:
    if isinstance(scan, UnusableImage):
        return scan
    height, width = scan.grey.shape
    return _Measured(width, height, pixel_digest(scan.grey), *appearance(scan.grey), scan.mode, scan.dpi)
