"""A table that a benchmark measures: on the screen, and as the file that docs/results/ holds."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from writerid.base.files import write_csv


def show(rows: Iterable[Mapping[str, object]], csv: Path | None = None) -> None:
    """Print rows of one and the same columns as Markdown, each as soon as it is there, and write them to a file."""
    measured: list[Mapping[str, object]] = []
    for row in rows:
        for cells in [row.values()] if measured else [row, ["---"] * len(row), row.values()]:
            print("|", " | ".join(map(str, cells)), "|", flush=True)
        measured.append(row)
    if csv:
        write_csv(csv, list(measured[0]), [list(row.values()) for row in measured])
