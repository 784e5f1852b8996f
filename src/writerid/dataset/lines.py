"""The table of lines that map_writers makes, held to what every later stage relies on."""

from pathlib import Path
from typing import Any

from writerid.base.errors import InputError
from writerid.base.files import read_csv
from writerid.base.geometry import MAX_SIDE

COLUMNS = {"line": str, "path": str, "form": str, "writer": str, "width": int, "height": int}


def read_lines(path: Path) -> dict[str, list[Any]]:
    """Return the columns of lines.csv.

    Raises InputError where it cannot be read, or a row contradicts its own name or another row.
    """
    table = read_csv(path, COLUMNS)
    lines: set[str] = set()
    paths: set[str] = set()
    writer_of: dict[str, str] = {}
    for row, cells in enumerate(zip(*table.values(), strict=True), start=2):
        line, image, form, writer, *size = cells
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
        if problem:
            raise InputError(f"{path}: row {row}: {problem}; run map_writers again (`dvc repro --force map_writers`)")
        lines.add(line)
        paths.add(image)
    if not lines:
        raise InputError(f"{path}: holds no line; run map_writers again (`dvc repro --force map_writers`)")
    return table


def is_line_of(line: str, form: str) -> bool:
    """Whether a line is one of a form, from their names: a line's begins with its form's."""
    return bool(form) and line.startswith(form) and line[len(form) : len(form) + 1] in ("", "-", "/", "#")
