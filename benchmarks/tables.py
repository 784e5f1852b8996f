"""A table that a benchmark measures: on the screen, and as the file that docs/results/ holds."""

import argparse
from collections.abc import Iterable, Mapping
from pathlib import Path

from writerid.base.files import write_csv

Row = dict[str, object]  # a cell for each column


def parser(description: str | None, *, table: bool = True) -> argparse.ArgumentParser:
    """The options of a benchmark, to which it adds its own: where the table, if there is one, is written to."""
    options = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    if table:
        options.add_argument("--csv", type=Path, metavar="FILE", help="write the table to this file, too")
    return options


def positive(text: str) -> int:
    """A count on the command line; refused where it is no whole number above 0."""
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


BOUNDED = ("", "_low", "_high")  # what the names of a figure and of its interval's bounds end in


def bounded(name: str, figures: Iterable[float], places: int = 4) -> Row:
    """Cells of a figure and its interval."""
    return {f"{name}{end}": f"{one:.{places}f}" for end, one in zip(BOUNDED, figures, strict=True)}


def show(rows: Iterable[Mapping[str, object]], csv: Path | None = None) -> None:
    """Print rows as Markdown, each as soon as it is there, and write them to a file; the first has all columns."""
    measured: list[Mapping[str, object]] = []
    for row in rows:
        cells = {
            name: f"{row.get(name, '')} ({row[f'{name}_low']}-{row[f'{name}_high']})"
            if f"{name}_low" in row
            else row.get(name, "")
            for name in (measured or [row])[0]
            if not name.endswith(("_low", "_high"))
        }
        if not measured:
            print(f"| {' | '.join(cells)} |\n{'|---' * len(cells)}|")
        print(f"| {' | '.join(map(str, cells.values()))} |", flush=True)
        measured.append(row)
    if csv:
        write_csv(csv, list(measured[0]), [[row.get(name, "") for name in measured[0]] for row in measured])
