"""Who wrote what: from a table, IAM's XML files, CVL's names, or folders, one a writer."""

import re
from collections.abc import Mapping
from io import BytesIO
from pathlib import PurePosixPath
from xml.etree import ElementTree

from writerid.base.errors import InputError, shown
from writerid.dataset.archive import Archive
from writerid.dataset.folders import by_cvl_names, by_folders
from writerid.dataset.images import UnusableImage
from writerid.dataset.names import parse_name, same_spelling, stem
from writerid.dataset.places import Layout, Nowhere, Place, note_alone, ways
from writerid.dataset.tables import Row, parse_table, to_text


def find_places(archive: Archive) -> Layout:
    """Find out who wrote each image of an archive.

    Raises InputError where nothing says so, two things contradict one another, or a table cannot be read.
    """
    if archive.tables:
        layout = _by_table(archive)
    elif forms := _forms_of_xml(archive):
        rows = {form: Row(0, form, form, writer) for form, writer in forms.items()}
        layout = _placed(archive, "IAM's XML files", rows, f"{archive.path}: XML files")
    else:
        layout = by_cvl_names(archive.images) or by_folders(archive)
    if not any(isinstance(place, Place) for place in layout.places.values()):
        path, nowhere = next(iter(layout.places.items()))
        assert isinstance(nowhere, Nowhere)
        first = f"the first, {shown(path)}: {nowhere.detail}"
        raise InputError(
            f"{archive.path}: of {len(archive.images)} images no writer is known; {first}\n{ways(archive)}"
        )
    return layout


def _by_table(archive: Archive) -> Layout:
    contents: dict[str, tuple[str, str]] = {}
    for name in archive.tables:
        try:
            text, encoding = to_text(archive.read(name), f"{archive.path}: {name}")
        except UnusableImage as error:
            raise InputError(f"{archive.path}: {name}: {error.detail}") from None
        contents.setdefault(text, (name, encoding))
    if len(contents) > 1:
        names = ", ".join(shown(name) for name in archive.tables)
        raise InputError(f"{archive.path}: holds {len(archive.tables)} tables of writers ({names}); keep one")
    ((text, (name, encoding)),) = contents.items()
    where = f"{archive.path}: {name}"
    known = {same_spelling(key) for path in archive.images for key in _keys(path)}
    rows: dict[str, Row] = {}
    table = parse_table(text, where, known)
    if not table:
        raise InputError(f"{where}: holds no row; each names a form or a file, and its writer\n{ways(archive)}")
    for row in table:
        row = row._replace(key=_as_path(row.key))
        before = rows.get(row.key)
        if before and before.writer and row.writer and (before.writer, before.form) != (row.writer, row.form):
            kind, first, second = ("writer", before.writer, row.writer)
            if first == second:
                kind, first, second = ("form", before.form or "none", row.form or "none")
            raise InputError(
                f"{where}: {shown(row.key)} has {kind} {shown(first)} in row {before.number} and {kind} "
                f"{shown(second)} in row {row.number}; correct one of them"
            )
        if not (before and before.writer):
            rows[row.key] = row
    layout = _placed(archive, f"the table {PurePosixPath(name).name}", rows, where, table[0])
    if encoding == "cp1252":
        note = f"{name} was read as Windows-1252; if names look wrong, save it as UTF-8"
        return layout._replace(notes=[*layout.notes, note])
    return layout


def _placed(archive: Archive, how: str, rows: Mapping[str, Row], where: str, first: Row | None = None) -> Layout:
    """Place images by rows that name files, or forms of files called FORM-NN."""
    places: dict[str, Place | Nowhere] = {}
    named: dict[str, str] = {}
    writers: dict[str, Row] = {}
    alone = 0
    for path in archive.images:
        own = same_spelling(stem(path))
        name = parse_name(own)
        row = next((rows[key] for key in _file_keys(path) if key in rows), None)
        if row:
            if row.key in named:
                raise InputError(
                    f"{where}: row {row.number}: {shown(row.key)} names two images, {shown(named[row.key])} and "
                    f"{shown(path)}; write the folder too"
                )
            named[row.key] = path
            folder = f"{row.key.rpartition('/')[0]}/" if "/" in row.key else ""
            form = f"{row.writer}/{row.form}" if row.form else folder + (name.form if name else own)
            line = f"{form}/{folder}{own}" if row.form else folder + own
            alone += form == line
        elif name and name.form in rows:
            row, form, line = rows[name.form], name.form, own
        elif row := next((rows[folder] for folder in _folders(path) if folder in rows), None):
            form, line = row.key, f"{row.key}/{own}"
        if row is None:
            quoted = f"; its row {first.number} is {shown(first.text)}" if first else ""
            if name:
                places[path] = Nowhere("no_writer", f"form {shown(name.form)} is in no row{quoted}")
            else:
                places[path] = Nowhere("no_form", _better_name(own, rows) + quoted)
        elif not row.writer:
            places[path] = Nowhere("no_writer", f"form {shown(form)}: row {row.number} names no writer")
        elif writers.setdefault(form, row).writer != row.writer:
            raise InputError(
                f"{where}: form {shown(form)} has writer {shown(writers[form].writer)} in row {writers[form].number} "
                f"and writer {shown(row.writer)} in row {row.number}; correct one of them"
            )
        else:
            places[path] = Place(line, form, row.writer)
    return Layout(how, places, note_alone(alone))


def _better_name(own: str, rows: Mapping[str, Row]) -> str:
    key = max((key for key in rows if key and own.startswith(key)), key=len, default="")
    number = re.search(r"(\d+)\D*$", own[len(key) :])
    if key and number:
        return f"{shown(own)} is not FORM-NN; call it {shown(f'{key}-{number[1]}')}"
    return f"{shown(own)} is neither FORM-NN, such as {shown(f'{own}-00')}, nor in a row"


def _file_keys(path: str) -> list[str]:
    """What a row may call a file, the most exact first: with ever fewer of its folders, with and without ending."""
    whole = PurePosixPath(same_spelling(path))
    tails = ["/".join(whole.parts[start:]) for start in range(len(whole.parts))]
    return [key for tail in tails for key in (tail, tail.removesuffix(whole.suffix))]


def _folders(path: str) -> list[str]:
    """The folders that a row may call a form, the innermost first."""
    return [same_spelling(part) for part in reversed(PurePosixPath(path).parts[:-1])]


def _keys(path: str) -> list[str]:
    """All that a row may call a file or its form."""
    name = parse_name(same_spelling(stem(path)))
    return [*_file_keys(path), *_folders(path), *([name.form] if name else [])]


def _as_path(key: str) -> str:
    """Write a file's name as Windows or a shell gives it as archives do."""
    return key.replace("\\", "/").removeprefix("./")


def _forms_of_xml(archive: Archive) -> dict[str, str]:
    """The writer of each form, from IAM's files `<form id="a01-000u" writer-id="000" ...>`."""
    writers: dict[str, str] = {}
    named: dict[str, str] = {}
    for name in archive.xml:
        try:
            _, root = next(iter(ElementTree.iterparse(BytesIO(archive.read(name)), events=("start",))))
        except (UnusableImage, ElementTree.ParseError, StopIteration, ValueError, LookupError):
            archive.others += 1
            continue
        if root.tag == "form" and root.get("id") and root.get("writer-id"):
            form, writer = same_spelling(root.attrib["id"]), same_spelling(root.attrib["writer-id"])
            if writers.setdefault(form, writer) != writer:
                raise InputError(
                    f"{archive.path}: form {shown(form)} has writer {shown(writers[form])} in {shown(named[form])} and "
                    f"writer {shown(writer)} in {shown(name)}; correct one of them"
                )
            named.setdefault(form, name)
    return writers
