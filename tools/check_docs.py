"""Check that the figures in README.md and docs/*.md are those of the files that they are quoted from.

    python -m tools.check_docs

A comment right above a table, a paragraph, a list or a block of output names the files, and parts of them:

    <!-- figures: folds.csv -->
    <!-- figures: metrics/test.json line form.accuracy -->
    <!-- figures: none: a scale of ENFSI's -->

A name without a slash is a file in docs/results/, any other is a path in the repository. What follows a file chooses
from it: names of columns or of rows (their first cell), keys of JSON; quotes hold words together. Numbers before the
first file are no measured figures, such as versions.

Of a table, every number of a row must be found in one row of a file, in the same order; where the row's first words
are a cell of the file, in a row that has this cell. Elsewhere every number with a decimal point, every percentage and
every number of three digits or more must be among what was chosen. Nothing in `code` counts. Figures may be rounded,
and shares quoted as percentages.

On a page with such comments, paragraphs and lists without one are held against all tables of the page and all files
that it names; only their decimals and percentages count. What stands nowhere else is named once, anywhere on the page:

    <!-- figures of the page: 3.11 "95 %" in_words.csv results -->
"""

import csv
import io
import json
import re
import shlex
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from stages.runner import run
from writerid.base.errors import InputError
from writerid.repository.git import asked

RESULTS = Path("docs/results")
INDEX = RESULTS / "README.md"  # which command made each file, when, of what data, on what machine
COMMENT = re.compile(r"\s*<!--\s*figures( of the page)?:\s*(.*?)\s*-->\s*", re.DOTALL)
# A sign only where no range ("0.95-0.97") is meant; no digits of names such as "k5" or of versions.
NUMBER = re.compile(r"((?:(?<![\w)%])-)?(?<![\w.])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?)(\s?%)?")

TEXT = ("paragraph", "bullet_list", "ordered_list", "blockquote")

Row = dict[str, str]  # from the place in a file (row.column, key.key) to what stands there


@dataclass(frozen=True)
class Figure:
    """A number as a page or a file has it."""

    text: str
    value: Decimal
    percent: bool

    def rounds(self, exact: "Figure") -> bool:
        """Whether it is `exact` to the places that are shown; of what is below 1, a whole number is no rounding."""
        half = Decimal(5).scaleb(min(self.value.as_tuple().exponent, 0) - 1)  # type: ignore[operator]
        if not self.percent and "." not in self.text and abs(exact.value) < 1:
            half = Decimal(0)
        scales = (1, 100) if self.percent and not exact.percent else (1,)
        return any(abs(exact.value * scale - self.value) <= half for scale in scales)


def figures(text: str) -> list[Figure]:
    """Every number of a text."""
    return [
        Figure(whole.strip(), Decimal(number.replace(",", "")), bool(percent))
        for whole, number, percent in ((m[0], m[1], m[2]) for m in NUMBER.finditer(text))
    ]


def read(name: str) -> list[Row]:
    """Rows of a .csv, .tsv or .json file (a list has as many rows as items); raises InputError where there are none."""
    path = Path(name) if "/" in name else RESULTS / name
    # A run of the person's own may stand in metrics/; the pages tell of the one that git has (or is about to have).
    text = asked("show", f":./{path}") if path.parts[0] == "metrics" else ""
    if not text and not path.is_file():
        raise InputError(f"{path} is not there")
    text = text or path.read_text(encoding="utf-8")
    try:
        if path.suffix == ".json":
            found = json.loads(text, parse_float=str)
            return [dict(_leaves(item)) for item in (found if isinstance(found, list) else [found])]
        header, *lines = csv.reader(io.StringIO(text), delimiter="\t" if path.suffix == ".tsv" else ",")
        return [{f"{line[0]}.{k}": cell for k, cell in zip(header, line, strict=True)} for line in lines]
    except ValueError as error:
        raise InputError(f"{path} cannot be read: {error}") from None


def _leaves(item: object, *place: str) -> Iterator[tuple[str, str]]:
    children = item.items() if isinstance(item, dict) else enumerate(item) if isinstance(item, list) else None
    if children is None:
        yield ".".join(place), str(item)
    for key, child in children or ():
        yield from _leaves(child, *place, str(key))


def chosen(source: str) -> tuple[list[str], list[Row]]:
    """The files that a comment names, and what it chooses from their rows; raises InputError where that is nothing."""
    files: dict[str, list[str]] = {}
    rows: list[Row] = []
    for word in shlex.split(source):
        if word.endswith((".csv", ".tsv", ".json")):
            files.setdefault(word, [])
        elif not files and NUMBER.fullmatch(word):
            rows.append({"": word})
        elif not files:
            raise InputError(f"`{word}` is no .csv, .tsv or .json file")
        else:
            files[list(files)[-1]].append(word)
    for name, keys in files.items():
        whole = read(name)
        for key in keys:
            if not any(_within(key, place) for row in whole for place in row):
                raise InputError(f"{name} has nothing named `{key}`")
        rows += [
            {at: cell for at, cell in row.items() if not keys or any(_within(k, at) for k in keys)} for row in whole
        ]
    if not files and not rows:
        raise InputError("no file is named")
    return list(files), [row for row in rows if row]


def _within(key: str, place: str) -> bool:
    return f".{key}." in f".{place}."


def words(node: SyntaxTreeNode, *, code: bool = False) -> str:
    """The text under a node, with line breaks where the page has them."""
    kinds = {"softbreak": "\n", "hardbreak": "\n"}
    held = {"text", "code_inline"} if code else {"text"}
    return "".join(n.content if n.type in held else kinds.get(n.type, "") for n in node.walk())


def lines(node: SyntaxTreeNode) -> Iterator[tuple[int, str]]:
    """Each line of a block that is no table, with its number in the page."""
    if node.type == "fence" and node.map:
        yield from enumerate(node.content.splitlines(), node.map[0] + 2)
    for inline in (n for n in node.walk() if n.type == "inline" and n.map):
        yield from enumerate(words(inline).split("\n"), inline.map[0] + 1)  # type: ignore[index]


def body(table: SyntaxTreeNode) -> Iterator[tuple[int, list[SyntaxTreeNode]]]:
    """Each row of a table below its head: its line in the page and its cells."""
    for row in (n for n in table.walk() if n.type == "tr" and n.parent and n.parent.type == "tbody"):
        yield _line(row), list(row.children)


def wrong_in_table(table: SyntaxTreeNode, rows: list[Row]) -> Iterator[tuple[int, str]]:
    """The first figure of each row that no row of the file has in its place."""
    for line, cells in body(table):
        label = next((text for text in (words(cell, code=True).strip() for cell in cells) if text), "")
        wanted = [figure for cell in cells for figure in figures(words(cell))]
        same = [row for row in rows if label in row.values()]
        held = max((_in_order(wanted, row.values()) for row in same or rows), default=0)
        if held < len(wanted):
            yield line, wanted[held].text + (f" of `{label}`" if same else "")


def _in_order(wanted: list[Figure], cells: Iterable[str]) -> int:
    """How many of the figures, from the first on, the cells have one after the other."""
    count = 0
    for exact in (figure for cell in cells for figure in figures(cell)):
        count += count < len(wanted) and wanted[count].rounds(exact)
    return count


def wrong_in_text(node: SyntaxTreeNode, rows: list[Row], *, whole: bool = True) -> Iterator[tuple[int, str]]:
    """The figures of a paragraph, list or block of output that are not among these; `whole`: whole numbers, too."""
    exact = [figure for row in rows for cell in row.values() for figure in figures(cell)]
    for line, text in lines(node):
        for figure in figures(text):
            counts = figure.percent or "." in figure.text or (whole and abs(figure.value) >= 100)
            if counts and not any(figure.rounds(other) for other in exact):
                yield line, figure.text


def check_page(page: str, quoted: set[str]) -> Iterator[str]:
    """What is wrong in a page, a line each; the names of the files that it quotes are added to `quoted`."""
    root = SyntaxTreeNode(MarkdownIt().enable("table").parse(Path(page).read_text(encoding="utf-8")))
    sources: dict[SyntaxTreeNode, str] = {}  # of the blocks that a comment stands above
    tables = [node for node in root.walk() if node.type == "table"]
    every = [{"": words(cell)} for table in tables for _, cells in body(table) for cell in cells]  # said by the page
    files: set[str] = set()
    for node in root.walk():
        comment = COMMENT.fullmatch(node.content) if node.type == "html_block" else None
        if not comment:
            continue
        of_page, source = comment[1], comment[2]
        block = None if of_page else node.next_sibling
        if block is None and not of_page:
            yield f"{page}:{_line(node)}: there is nothing below this comment"
            continue
        if block is not None:
            sources[block] = source
        if source.startswith("none:"):
            continue
        try:
            names, rows = chosen(source)
        except (InputError, ValueError) as error:
            yield f"{page}:{_line(node)}: {error}"
            continue
        files.update(names)
        every += rows if of_page else [row for name in names for row in read(name)]
        if block is not None:
            for line, figure in (wrong_in_table if block.type == "table" else wrong_in_text)(block, rows):
                yield f"{page}:{line}: {figure} is not in {source}"
    quoted.update(files)
    for table in tables:
        if table not in sources and _has_decimals(table):
            yield f"{page}:{_line(table)}: no comment says where this table's figures are from"
    for node in root.children if files else []:
        if node.type in TEXT and node not in sources:
            for line, figure in wrong_in_text(node, every, whole=False):
                yield f"{page}:{line}: {figure} is in no table and no file of this page"


def _line(node: SyntaxTreeNode) -> int:
    return node.map[0] + 1 if node.map else 0


def _has_decimals(table: SyntaxTreeNode) -> bool:
    return any("." in figure.text for _, cells in body(table) for cell in cells for figure in figures(words(cell)))


def check() -> list[str]:
    """What is wrong in the pages and in docs/results/, a line each."""
    quoted: set[str] = set()
    pages = ["README.md", *sorted(map(str, Path("docs").glob("*.md")))]
    problems = [problem for page in pages for problem in check_page(page, quoted)]
    index = INDEX.read_text(encoding="utf-8") if INDEX.is_file() else ""
    for path in sorted(RESULTS.glob("*")):
        if path != INDEX and path.name not in quoted:
            problems.append(f"{path}: no page quotes it")
        if path != INDEX and f"`{path.name}`" not in index:
            problems.append(f"{path}: {INDEX} does not say how it was made")
    return problems


def main() -> None:
    """Check that the figures in README.md and docs/*.md are those of the files that they are quoted from."""
    if problems := check():
        raise InputError("\n".join(problems))


if __name__ == "__main__":
    run(main, alone=False)
