"""How well the size of writing is estimated, and how much hands differ in it: see dataset.writing_size.

    python -m benchmarks.sizes [--csv FILE]

Reads the lines of params.yaml's dataset; data/lines.csv must be there. Spreads are standard deviations of the
logarithm, close to shares of the size; a form's size is the median of its lines'. Then a line of each form is made
smaller and larger.
"""

from pathlib import Path

import numpy as np

from benchmarks import tables
from benchmarks.scans import resized
from stages.runner import run
from writerid.base.parallel import ordered_map
from writerid.base.params import load
from writerid.dataset.archive import Archive
from writerid.dataset.lines import read_lines
from writerid.dataset.writing_size import writing_size

SCALES = (0.25, 0.5, 2.0, 4.0)


def sizes(grey: np.ndarray, scales: tuple[float, ...]) -> list[float]:
    """Sizes of the writing on a line as it is and scaled, as shares of the scale; NaN where they cannot be told."""
    found = []
    for scale in (1.0, *scales):
        size = writing_size(resized(grey, scale))
        found.append(np.nan if size is None else size / scale)
    return found


def spread(logs: np.ndarray, groups: np.ndarray) -> float:
    """Standard deviation within groups."""
    _, group, count = np.unique(groups, return_inverse=True, return_counts=True)
    middle = np.bincount(group, logs) / count
    return float(np.sqrt(np.sum((logs - middle[group]) ** 2) / np.sum(count - 1)))


def main(csv: Path | None) -> None:
    """Print the spreads and the table."""
    table = read_lines(Path("data/lines.csv"))
    forms, first = np.unique(table["form"], return_index=True)
    scaled = set(first.tolist())
    with Archive(Path(load().dataset)) as archive:

        def work(row: int) -> list[float]:
            return sizes(archive.decode(table["path"][row]), SCALES if row in scaled else ())

        found = list(ordered_map(work, range(len(table["path"])), "sizes", " lines"))
    logs, form = np.log([one[0] for one in found]), np.array(table["form"])
    known = np.isfinite(logs)
    of_form = np.array([np.median(logs[known & (form == name)]) for name in forms])
    writer = np.array(table["writer"])[first]
    of_writer = np.array([of_form[writer == name].mean() for name in np.unique(writer)])
    low, high = np.exp(np.quantile(of_form, [0.02, 0.98]))
    print(f"{len(logs)} lines, of {np.sum(~known)} no size; median of forms {np.exp(np.median(of_form)):.1f} pixels")
    print(f"spread of lines of a form {spread(logs[known], form[known]):.3f}", end=", ")
    print(f"of forms of a writer {spread(of_form, writer):.3f}, of writers {of_writer.std():.3f}")
    print(f"percentiles 2 and 98 of forms: ratio {high / low:.2f}; largest by smallest {np.exp(np.ptp(of_form)):.2f}")
    one_each = np.log(np.array([found[row] for row in first.tolist()]))
    rows = (
        {"scaled_by": by, "bias": f"{np.nanmean(off):+.3f}", "spread": f"{np.nanstd(off):.3f}"}
        for by, off in zip(SCALES, (one_each[:, 1:] - one_each[:, :1]).T, strict=True)
    )
    tables.show(rows, csv)


if __name__ == "__main__":
    run(main, tables.parser(__doc__), alone=False)
