"""Who wrote what where no table says so: CVL's names, or folders, one a writer."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePosixPath

from writerid.base.errors import InputError, shown
from writerid.dataset.archive import Archive
from writerid.dataset.names import parse_name, same_spelling, stem
from writerid.dataset.places import Layout, Nowhere, Place, note_alone, ways
from writerid.dataset.sources import ARCHIVES

# Folders that say what lies in them, not who wrote it.
_PLAIN_FOLDERS = {
    "train", "training", "trainset", "validation", "val", "test", "testset", "lines", "sentences", "images", "pages",
    "words", "scans", "data", "dataset", "data_subset",
}  # fmt: skip
_IAM_LINE = re.compile(r"[a-r]\d\d-\d{3}[a-z]{0,2}(-s\d\d)?-\d\d")
_CVL_LINE = re.compile(r"(?P<form>(?P<writer>[01]\d{3})-\d)-\d{1,2}")
_CVL_OTHER = re.compile(r"[01]\d{3}-\d(-cropped|-\d{1,2}-\d{1,2}-.+)?", re.DOTALL)  # a page, or a word of a line
_MOSTLY = 0.9


def by_cvl_names(images: Sequence[str]) -> Layout | None:
    """CVL calls a line WRITER-TEXT-LINE, such as 0001-1-3; pages and words beside it are the same writing again.

    Returns None where most images are called otherwise.
    """
    matches = {path: _CVL_LINE.fullmatch(stem(path)) for path in images}
    again = {path for path in images if _CVL_OTHER.fullmatch(stem(path))}
    if not any(matches.values()) or sum(map(bool, matches.values())) + len(again) < _MOSTLY * len(images):
        return None
    if all(match["writer"].startswith("19") for match in matches.values() if match):
        return None  # those are dates
    return Layout(
        "CVL's names, WRITER-TEXT-LINE",
        {
            path: Place(stem(path), match["form"], match["writer"])
            if match
            else Nowhere("no_form", _no_line_of_cvl(path, path in again))
            for path, match in matches.items()
        },
    )


def _no_line_of_cvl(path: str, again: bool) -> str:
    name = shown(stem(path))
    return f"{name} is a page or a word of CVL, whose lines are read" if again else f"{name} is not WRITER-TEXT-LINE"


def by_folders(archive: Archive) -> Layout:
    """One folder a writer, and in it a folder or a file a form.

    Raises InputError where folders do not tell the writers, or the images are IAM's lines.
    """
    if sum(bool(_IAM_LINE.fullmatch(stem(path))) for path in archive.images) > _MOSTLY * len(archive.images):
        raise InputError(
            f"{archive.path}: these are lines of IAM ({shown(archive.images[0])}) without their writers; put forms.txt "
            "of IAM's ascii.tgz or xml.tgz beside them: all in one folder, and `dataset` names the folder"
        )
    folders = _without_plain(archive)
    writers = Counter(parts[0] for parts in folders.values() if parts)
    if packed := sorted(writer for writer in writers if writer.lower().endswith(ARCHIVES)):
        raise InputError(
            f"{archive.path}: is {shown(packed[0])} one writer's, or does it hold a folder a writer? unpack it, so "
            "that each writer has a folder, or write a table (docs/data.md)"
        )
    if len(writers) < 2:
        where = f"all images lie in the folder {shown(next(iter(writers)))}" if writers else "no folder names a writer"
        raise InputError(
            f"{archive.path}: nothing says who wrote its {len(archive.images)} images: no table, and {where}\n"
            f"{ways(archive)}"
        )
    places: dict[str, Place | Nowhere] = {}
    alone = 0
    for path, parts in folders.items():
        own = same_spelling(stem(path))
        name = parse_name(own)
        if not parts:
            places[path] = Nowhere("no_writer", "lies in no writer's folder")
            continue
        form = "/".join(parts) if len(parts) > 1 else f"{parts[0]}/{name.form if name else own}"
        line = f"{'/'.join(parts)}/{own}"
        alone += form == line
        places[path] = Place(line, form, parts[0])
    some = ", ".join(shown(writer) for writer in sorted(writers)[:3])
    return Layout(f"folders, one a writer ({some}{', ...' if len(writers) > 3 else ''})", places, note_alone(alone))


def _without_plain(archive: Archive) -> dict[str, list[str]]:
    """The folders of each image, without those around the writers': plain ones, and archives in a folder."""
    folders = {path: [same_spelling(part) for part in PurePosixPath(path).parts[:-1]] for path in archive.images}
    plain = _PLAIN_FOLDERS | {_without_ending(archive.path.name)}
    while first := {parts[0] for parts in folders.values() if parts}:  # loose images say nothing of the others
        if len(first) == 1 and (name := next(iter(first))).lower().endswith(ARCHIVES):
            plain |= {_without_ending(name)}  # it may hold a folder of its own name
        if not all(_without_ending(name) in plain for name in first):
            break
        folders = {path: parts[1:] for path, parts in folders.items()}
    return folders


def _without_ending(name: str) -> str:
    """The name of a folder or an archive as plain ones are compared."""
    name = name.casefold()
    return next((name.removesuffix(ending) for ending in ARCHIVES if name.endswith(ending)), name)
