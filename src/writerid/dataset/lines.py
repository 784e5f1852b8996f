"""The table of lines that map_writers makes, held to what every later stage relies on."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from writerid.base.errors import InputError, shown
from writerid.base.files import read_csv
from writerid.base.geometry import MAX_SIDE
from writerid.dataset.archive import Archive
from writerid.dataset.images import UnusableImage

MOST_SCALED = 1000  # times
# `scale` brings a line to the dataset's one resolution (see dataset.resolution).
COLUMNS = {
    "line": str, "path": str, "form": str, "writer": str, "width": int, "height": int, "scale": float, "digest": str,
}  # fmt: skip


def read_lines(path: Path) -> dict[str, list[Any]]:
    """Return the columns of lines.csv.

    Raises InputError where it cannot be read, or a row contradicts its own name or another row.
    """
    table = read_csv(path, COLUMNS)
    lines: set[str] = set()
    paths: set[str] = set()
    writer_of: dict[str, str] = {}
    for row, cells in enumerate(zip(*table.values(), strict=True), start=2):
        line, image, form, writer, *size, scale, _ = cells
        problem = None
        if not is_line_of(line, form):
            problem = f"line {line!r} is not one of form {form!r}"
        elif line in lines:
            problem = f"line {line} stands there twice"
        elif image in paths:
            problem = f"image {image} stands there twice"
        elif writer_of.setdefault(form, writer) != writer:
            problem = f"form {form} has writer {writer!r} here and writer {writer_of[form]!r} above"
        elif not 1 <= min(size) <= max(size) <= MAX_SIDE:
            problem = f"an image of {size[0]} x {size[1]} pixels is none"
        elif not 1 / MOST_SCALED <= scale <= MOST_SCALED:
            problem = f"a scale of {scale} is none"
        if problem:
            raise InputError(f"{path}: row {row}: {problem}; run map_writers again (`dvc repro --force map_writers`)")
        lines.add(line)
        paths.add(image)
    if not lines:
        raise InputError(f"{path}: holds no line; run map_writers again (`dvc repro --force map_writers`)")
    return table


def check_names(names: Iterable[tuple[str, str]]) -> None:
    """Raise InputError where a name, beside what it is the name of, holds what `dvc plots` would take for code."""
    for what, name in names:
        if "</" in name:
            raise InputError(
                f"{what} {shown(name)}: `</` in a name is taken for code by `dvc plots`; write it otherwise"
            )


def pixel_digest(grey: np.ndarray) -> bytes:
    """Digest of an image's size and pixels, uint8 (height, width)."""
    digest = hashlib.sha256(grey.shape[1].to_bytes(8, "big"))
    digest.update(np.ascontiguousarray(grey).data)
    return digest.digest()


def layout_digest(archive: Archive) -> bytes:
    """Digest of the names and contents of all files of an archive that may tell where the lines of its pages are."""
    digest = hashlib.sha256()
    for name in archive.xml:
        try:
            content = archive.read(name)
        except UnusableImage as error:
            content = error.detail.encode()
        for part in (name.encode("utf-8", "backslashreplace"), content):
            digest.update(len(part).to_bytes(8, "big") + part)
    return digest.digest()


def line_digest(pixels: bytes, layouts: bytes) -> str:
    """What lines.csv keeps of a line, from the two digests above: it differs once an image or a layout file does."""
    return hashlib.sha256(pixels + layouts).hexdigest()[:16]


def is_line_of(line: str, form: str) -> bool:
    """Whether a line is one of a form, from their names: a line's begins with its form's."""
    return bool(form) and line.startswith(form) and line[len(form) : len(form) + 1] in ("", "-", "/", "#")
