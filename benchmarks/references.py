"""The identifier with a million reference lines: how long it takes to open, to ask and to enrol, and what it needs.

    python -m benchmarks.references [--references 1000 100000 1000000] [--csv FILE]

The people are made up: each is a place near a line that the identifier knows, and LINES lines lie around it. No picture
of a line is kept. The page that is asked about and then enrolled is made of lines of --lines. What one process does at
first is timed from its start; all else in one process that stays. Linux only.
"""

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import tables
from benchmarks.identify import PAGE, WARM, stacked, timed
from stages.runner import run
from writerid import Identifier
from writerid.base.declaration import ROOT
from writerid.dataset.archive import Archive
from writerid.identifier import bundle as bundles
from writerid.identifier.bundle import ENROLLED, Bundle, References, Writer

LINES, CROPS = 10, 10  # of each person, and of each line
APART, ALIKE = 0.5, 0.25  # how far people are from the line that they are made from, and their lines from them


def peopled(bundle: Bundle, lines: int, rng: np.random.Generator) -> Bundle:
    """An identifier that knows so many lines by people who are made up, and nobody else."""
    known = bundle.references.vectors
    length = float(np.linalg.norm(known, axis=1).mean())
    people = lines // LINES

    def near(vectors: np.ndarray, by: float) -> np.ndarray:
        noise = rng.normal(0, by * length / known.shape[1] ** 0.5, vectors.shape).astype(np.float32)
        return np.asarray(vectors + noise, np.float32)

    places = near(known[rng.integers(len(known), size=people)], APART)
    whose = np.repeat(np.arange(people, dtype=np.int32), LINES)
    made = near(places[whose], ALIKE)
    names = [f"person {number}" for number in range(people)]
    return replace(
        bundle,
        writers=tuple(Writer(name, ENROLLED) for name in names),
        documents=tuple(f"{name}.png" for name in names),
        references=References(
            made, np.full(len(made), CROPS, np.int32), whose, whose, np.empty((0, 40), np.uint8), np.zeros(1, np.int64)
        ),
        made={**bundle.made, "pictures": False},
    )


def used(folder: Path, line: Path, page: Path) -> dict[str, float]:
    """What it takes to load an identifier, to ask it about a line and a page, and to enrol the page."""
    identifiers: list[Identifier] = []
    load = timed(lambda: identifiers.append(Identifier.load(folder)))[0]
    identifier = identifiers[0]
    first = timed(partial(identifier.identify, line))[0]
    warm = [np.median([timed(partial(identifier.identify, path))[0] for _ in range(WARM)]) for path in (line, page)]
    asking = peak()
    enrol = timed(lambda: identifiers.append(identifier.enrol("one more", identifier.read(page))))[0]
    save = timed(partial(identifiers[-1].save, folder))[0]
    names = ("load", "first_line", "line", "page", "enrol_page", "save")
    seconds = dict(zip(names, (load, first, *warm, enrol, save), strict=True))
    return {name: round(float(each), 2) for name, each in seconds.items()} | {"asking_mb": asking, "peak_mb": peak()}


def peak() -> int:
    """The most memory that this process has had, in MB."""
    return int(Path("/proc/self/status").read_text().split("VmHWM:")[1].split()[0]) // 1024


def measured(folder: Path, lines: Path, sizes: list[int]) -> Iterator[tables.Row]:
    """A row for each number of references."""
    with Archive(lines) as archive:
        greys = [archive.decode(path) for path in archive.images[:PAGE]]
    bundle = Identifier.load(folder).bundle
    for size in sizes:
        with tempfile.TemporaryDirectory() as place:
            line, page, own = Path(place, "line.png"), Path(place, "page.png"), Path(place, "identifier")
            Image.fromarray(greys[0]).save(line)
            Image.fromarray(stacked(greys)).save(page)
            bundles.write(peopled(bundle, size, np.random.default_rng(0)), own)
            megabytes = sum(path.stat().st_size for path in own.iterdir()) / 1e6
            command = [sys.executable, "-m", "writerid", "identify", str(line), "--identifier", str(own)]
            cold = timed(partial(subprocess.run, command, check=True, capture_output=True, cwd=ROOT / "src"))[0]
            with ProcessPoolExecutor(1, get_context("spawn")) as pool:
                rest = pool.submit(used, own, line, page).result()
            yield {"references": size, "disk_mb": round(megabytes), "cold_line": round(cold, 2), **rest}


def main(identifier: Path, lines: Path, references: list[int], csv: Path | None) -> None:
    """Print the table."""
    tables.show(measured(identifier, lines, references), csv)


if __name__ == "__main__":
    parser = tables.parser(__doc__)
    parser.add_argument("--identifier", type=Path, default=Path("models/identifier"), help="its folder (%(default)s)")
    parser.add_argument("--lines", type=Path, default=Path("data/synthetic.zip"), help="archive (%(default)s)")
    sizes, many = [1000, 100_000, 1_000_000], "reference lines (1000 100000 1000000)"
    parser.add_argument("--references", type=tables.positive, nargs="+", default=sizes, metavar="N", help=many)
    run(main, parser, alone=False)
