"""Reading the table that says who wrote what: forms.txt, lines.csv and their kin, as editors and Excel write them."""

import csv
import re
from collections.abc import Container, Sequence
from io import StringIO
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


def parse_table(text: str, where: str, known: Container[str] = ()) -> list[Row]:
    """Read the rows of a table: `FORM WRITER`, or `FILE WRITER`, or under a header file, writer and form.

    Columns are separated by tabs, semicolons or commas, or else by blanks, and cells may be quoted. A line that begins
    with # is a comment. `known` holds the names of forms and files that there are, which may hold blanks; `where` names
    the table in errors. A row may lack its writer.

    Raises InputError for a row whose columns cannot be told apart.
    """
    lines = [(n, line) for n, line in _lines(text) if line.strip() and not line.lstrip().startswith("#")]
    if lines and re.fullmatch(r"sep=.", lines[0][1].strip()):  # Excel's
        lines = lines[1:]
    if not all(_IAM_ROW.fullmatch(line.strip()) for _, line in lines):
        for delimiter in _DELIMITERS:
            cells = [_cells(line, delimiter) for _, line in lines]
            if 2 * sum(len(row) > 1 for row in cells) > len(cells) and _are_columns(lines, cells, delimiter, where):
                return _in_columns(lines, cells, where)
    return [_by_blanks(number, line, where, known) for number, line in lines]


def _are_columns(lines: Sequence[tuple[int, str]], cells: Sequence[list[str]], delimiter: str, where: str) -> bool:
    """Whether all rows have as many cells; they are cut where all are empty, and filled up behind a single word."""
    width = max(2, *(max((i for i, cell in enumerate(row, start=1) if cell), default=0) for row in cells))
    for (number, line), row in zip(lines, cells, strict=True):
        del row[width:]
        if len(row) == 1 and " " not in row[0]:
            row += [""] * (width - 1)
        if len(row) != width:
            if delimiter == ",":
                return False
            problem = f"has fewer columns than another row, which has {width}"
            raise InputError(f"{where}: row {number}, {shown(line)}: {problem}; {SHOW_COLUMNS}")
    return True


def _lines(text: str) -> list[tuple[int, str]]:
    """Number the lines; a quoted cell may hold line ends."""
    lines: list[tuple[int, str]] = []
    number = 1
    for piece in re.split(r"\r\n|\n|\r", text):
        if lines and lines[-1][1].count('"') % 2 and not lines[-1][1].lstrip().startswith("#"):
            lines[-1] = (lines[-1][0], f"{lines[-1][1]}\n{piece}")
        else:
            lines.append((number, piece))
        number += 1
    return lines


def _cells(line: str, delimiter: str) -> list[str]:
    row = next(csv.reader(StringIO(line, newline=""), delimiter=delimiter, skipinitialspace=True), [])
    return [same_spelling(cell) for cell in row]


def _in_columns(lines: Sequence[tuple[int, str]], cells: Sequence[list[str]], where: str) -> list[Row]:
    columns = {
        name: index
        for index, heading in enumerate(cells[0])
        for name, headings in HEADINGS.items()
        if heading.casefold() in headings
    }
    if "writer" in columns and len(columns) > 1:
        lines, cells = lines[1:], cells[1:]
        key = columns["file"] if "file" in columns else columns["form"]
        form = columns["form"] if {"file", "form"} <= set(columns) else None
    elif len(cells[0]) > 2:
        number, line = lines[0]
        raise InputError(f"{where}: row {number}, {shown(line)}: which column is the writer? {SHOW_COLUMNS}")
    else:
        key, columns["writer"], form = 0, 1, None
    return [
        Row(number, line, row[key], row[columns["writer"]], row[form] if form is not None else "")
        for (number, line), row in zip(lines, cells, strict=True)
    ]


def _by_blanks(number: int, line: str, where: str, known: Container[str]) -> Row:
    """Read a row whose columns are separated by blanks, if there is one way to: names may hold blanks too."""
    iam = _IAM_ROW.fullmatch(line.strip())
    if iam:
        return Row(number, line, same_spelling(iam[1]), same_spelling(iam[2]))
    words = [word for word in _cells(line, " ") if word] if '"' in line else line.split()
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
