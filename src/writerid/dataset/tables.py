"""Reading the table that says who wrote what: forms.txt, lines.csv and their kin, as editors and Excel write them."""

import csv
import re
from collections.abc import Container, Iterator, Sequence
from typing import NamedTuple

from writerid.base.errors import InputError, shown
from writerid.dataset.names import same_spelling

_DELIMITERS = ("\t", ";", ",")
# IAM's: form, writer, sentences, prt or all, lines, correct lines, words, correct words.
_IAM_ROW = re.compile(r"(\S+)\s+(\S+)\s+\d+\s+(?:prt|all)\s+\d+\s+\d+\s+\d+\s+\d+")
HEADINGS = {
    "file": {"file", "filename", "file name", "file_name", "path", "image", "line"},
    "form": {"form", "document", "page", "sheet", "form_id"},
    "writer": {"writer", "writer_id", "author", "scribe", "hand"},
}
SHOW_COLUMNS = (
    "separate the columns by tabs or semicolons, or put a name with blanks in quotes: `FORM;WRITER`; "
    "more than two columns need a header: `file;writer;form`"
)

SHOW_QUOTES = 'write a cell that holds quotes as `"the ""old"" hand"`'


class Row(NamedTuple):
    """A row of the table: `key` names a file or a form; the text is as it was read, without its end."""

    number: int
    text: str
    key: str
    writer: str
    form: str = ""


def to_text(data: bytes, where: str) -> tuple[str, str]:
    """Return the text of a table and its encoding: UTF-8, UTF-16 with its mark, or else Windows' own.

    Raises InputError where it is none of these.
    """
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if marked else ("utf-8-sig", "cp1252"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding
    raise InputError(f"{where}: neither UTF-8 nor UTF-16 text; save it as UTF-8")


class _Line(NamedTuple):
    number: int
    text: str
    cells: list[str]


def parse_table(text: str, where: str, known: Container[str] = ()) -> list[Row]:
    """Read the rows of a table: `FORM WRITER`, or `FILE WRITER`, or under a header file, writer and form.

    Columns are separated by tabs, semicolons or commas, or else by blanks, and cells may be quoted. A line that begins
    with # is a comment. `known` holds the names of forms and files that there are, which may hold blanks; `where` names
    the table in errors. A row may lack its writer.

    Raises InputError for a row whose columns cannot be told apart, or in which a quote opens a cell and does not end
    it, and for a header that does not say, or says twice, which columns hold files, forms and writers.
    """
    for delimiter in _DELIMITERS:
        lines = _cut(text, where, delimiter, strict=False)
        if all(_IAM_ROW.fullmatch(line.text.strip()) for line in lines):
            break
        if 2 * sum(len(line.cells) > 1 for line in lines) > len(lines):
            lines = _cut(text, where, delimiter, strict=True)
            if _are_columns(lines, delimiter, where):
                return _in_columns(lines, where)
    return [_by_blanks(line, where, known) for line in _cut(text, where, " ", strict=True)]


def _cut(text: str, where: str, delimiter: str, *, strict: bool) -> list[_Line]:
    """Cut a table into rows and cells, without comments and empty lines; a quoted cell may hold line ends."""
    row: list[tuple[int, str]] = []  # the lines of the row that is being read

    def pieces() -> Iterator[str]:
        for number, piece in enumerate(re.split(r"\r\n|\n|\r", text), start=1):
            if row or (piece.strip() and not piece.lstrip().startswith("#")):
                row.append((number, piece))
                yield re.sub(f'(?<=") +(?={delimiter}|$)', "", piece) + "\n"  # blanks behind a quoted cell

    lines = []
    try:
        for cells in csv.reader(pieces(), delimiter=delimiter, skipinitialspace=True, strict=strict):
            whole = "\n".join(piece for _, piece in row)
            lines.append(_Line(row[0][0], whole, [same_spelling(cell) for cell in cells]))
            row.clear()
    except csv.Error:
        number, piece = row[0]
        raise InputError(
            f"{where}: row {number}, {shown(piece)}: a quote opens a cell here and does not end it; "
            f"{SHOW_COLUMNS if delimiter == ' ' else SHOW_QUOTES}"
        ) from None
    return lines[1:] if lines and re.fullmatch(r"sep=.", lines[0].text.strip()) else lines  # Excel's


def _are_columns(lines: Sequence[_Line], delimiter: str, where: str) -> bool:
    """Whether all rows have as many cells; they are cut where all are empty, and filled up behind a single word."""
    width = max(2, *(max((i for i, cell in enumerate(line.cells, start=1) if cell), default=0) for line in lines))
    for number, text, cells in lines:
        del cells[width:]
        if len(cells) == 1 and " " not in cells[0]:
            cells += [""] * (width - 1)
        if len(cells) != width:
            if delimiter == ",":
                return False
            problem = f"has fewer columns than another row, which has {width}"
            raise InputError(f"{where}: row {number}, {shown(text)}: {problem}; {SHOW_COLUMNS}")
    return True


def _in_columns(lines: Sequence[_Line], where: str) -> list[Row]:
    number, text, first = lines[0]
    named = {role: _columns(first, role) for role in HEADINGS}
    columns = {role: found[0] for role, found in named.items() if found}
    this = f"{where}: row {number}, {shown(text)}"
    if "writer" in columns and len(columns) > 1:
        for role, found in named.items():
            if len(found) > 1:
                names = " and ".join(shown(first[index]) for index in found)
                raise InputError(f"{this}: {names} may each be the {role}; call the one that is `{role}`")
        lines = lines[1:]
        key = columns["file"] if "file" in columns else columns["form"]
        form = columns["form"] if {"file", "form"} <= set(columns) else None
    elif len(first) > 2:
        which = "the file or the form" if "writer" in columns else "the writer"
        raise InputError(f"{this}: which column is {which}? {SHOW_COLUMNS}")
    else:
        key, columns["writer"], form = 0, 1, None
    return [
        Row(
            line.number,
            line.text,
            line.cells[key],
            line.cells[columns["writer"]],
            "" if form is None else line.cells[form],
        )
        for line in lines
    ]


def _columns(headings: Sequence[str], role: str) -> list[int]:
    """The columns that may have a role: those of its own name, or else of any other for it."""
    names = [heading.casefold() for heading in headings]
    own = [index for index, name in enumerate(names) if name == role]
    return own or [index for index, name in enumerate(names) if name in HEADINGS[role]]


def _by_blanks(row: _Line, where: str, known: Container[str]) -> Row:
    """Read a row whose columns are separated by blanks, if there is one way to: names may hold blanks too."""
    number, line, cells = row
    iam = _IAM_ROW.fullmatch(line.strip())
    if iam:
        return Row(number, line, same_spelling(iam[1]), same_spelling(iam[2]))
    words = [word for word in cells if word] if '"' in line else line.split()
    if len(words) == 1:
        return Row(number, line, words[0], "")
    spaced = same_spelling(line)
    ways = {(words[0], words[1])} if len(words) == 2 else set()
    if spaced in known:
        ways.add((spaced, ""))
    for match in re.finditer(r"\s+", spaced):
        key, rest = spaced[: match.start()], spaced[match.end() :]
        if key in known and len(words) > 2 and len(rest.split()) == 1:
            ways.add((key, rest))
    if len(ways) != 1:
        raise InputError(f"{where}: row {number}, {shown(line)}: where does the writer's name begin? {SHOW_COLUMNS}")
    ((key, writer),) = ways
    return Row(number, line, key, writer)
