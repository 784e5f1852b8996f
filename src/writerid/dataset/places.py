"""Where an image of a dataset belongs, and what to say where that cannot be known."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from writerid.base.errors import shown
from writerid.dataset.archive import Archive
from writerid.dataset.names import stem


class Place(NamedTuple):
    """Where a line image belongs: its own name, its form and its writer."""

    line: str
    form: str
    writer: str


class Nowhere(NamedTuple):
    """Why an image belongs nowhere: a reason of left_out.REASONS, and details."""

    reason: str
    detail: str


class Layout(NamedTuple):
    """The places of all images by path; how they were found out, in words; notes on what a person should know."""

    how: str
    places: Mapping[str, Place | Nowhere]
    notes: Sequence[str] = ()


def note_alone(count: int) -> list[str]:
    """What a person should know of so many images that each count as a form."""
    if not count:
        return []
    return [
        f"{count} images each count as a form of their own; if several show one sheet, say so (a column form, or a "
        "folder a form), or training and test may share a sheet"
    ]


def ways(archive: Archive) -> str:
    """The three layouts that would do, with a person's own file names."""
    path = archive.images[0]
    file, form = Path(path).name, re.sub(r"[\W_]+\d+$", "", stem(path)) or "letter"
    return (
        "three layouts do (docs/data.md): "
        f"a table lines.csv, `file;writer;form` and then `{shown(path)};Anna;letter 1`; "
        f"or a folder a writer, `Anna/letter 1/{shown(file)}`; "
        f"or images FORM-NN, `{shown(form)}-01{Path(path).suffix}`, and a forms.txt with `{shown(form)};Anna`"
    )
