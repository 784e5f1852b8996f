"""Another archive, as if its forms had been scanned at several resolutions, or written on ruled and squared paper.

    python -m benchmarks.scans data/synthetic.zip data/mixed.zip --dpi 150 300 600 [--say]
    python -m benchmarks.scans data/synthetic.zip data/ruled.zip --ruled form

Each form has one resolution and one kind of paper, drawn at random; 300 dpi is what the archive has. `--say` writes it
into the files. `--ruled form`: every other form of a writer is ruled or, a quarter of them, squared. `--ruled writer`:
each writer has paper of one kind, so that it tells who wrote on it.
"""

import argparse
import zipfile
from io import BytesIO
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from benchmarks import tables
from stages.runner import run
from writerid.base.files import atomic
from writerid.dataset.archive import Archive
from writerid.dataset.layouts import find_places
from writerid.dataset.places import Place

AS_IT_IS = 300


def ruled(grey: np.ndarray, paper: np.random.Generator, place: np.random.Generator) -> np.ndarray:
    """Draw rules or squares onto a line, uint8 (height, width): `paper` draws of which kind, `place` where they lie."""
    squared = paper.random() < 0.25
    every = int(paper.integers(40, 60) if squared else paper.integers(70, 110))
    tone, thick, below = int(paper.integers(120, 205)), int(paper.integers(1, 4)), int(paper.integers(4, 16))
    height, width = grey.shape
    ink = np.count_nonzero(grey < np.quantile(grey, 0.75) - 60, axis=1)
    middle = int(np.argmax(np.convolve(ink, np.ones(5), "same"))) + below + int(place.integers(-3, 4))
    falls = np.rint(np.linspace(0, place.uniform(-4, 4), width)).astype(int)
    tones: np.ndarray = np.asarray(place.normal(tone, 4, size=width))
    drawn: np.ndarray = grey.astype(float)
    columns = np.arange(width)
    for row in range(middle % every - every, height + every, every):
        for offset in range(thick):
            rows = row + offset + falls
            within = (rows >= 0) & (rows < height)
            at = rows[within], columns[within]
            drawn[at] = np.minimum(drawn[at], tones[within])
    if squared:
        for left in range(int(place.integers(every)), width, every):
            drawn[:, left : left + thick] = np.minimum(drawn[:, left : left + thick], tone)
    return np.clip(drawn, 0, 255).astype(np.uint8)


def resized(grey: np.ndarray, by: float) -> np.ndarray:
    """Return an image, uint8 (height, width), at another resolution, so many times its size."""
    size = max(1, round(grey.shape[1] * by)), max(1, round(grey.shape[0] * by))
    return grey if by == 1 else np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BICUBIC))


def main(source: Path, output: Path, dpi: list[int], say: bool, ruled_by: str | None) -> None:
    """Write the archive."""
    with Archive(source) as archive, atomic(output) as temporary, zipfile.ZipFile(temporary, "w") as written:
        places = {path: place for path, place in find_places(archive).places.items() if isinstance(place, Place)}
        forms = sorted({(place.writer, place.form) for place in places.values()})
        number = {form: place for place, (_, form) in enumerate(forms)}
        own = {writer: place for place, writer in enumerate(sorted({writer for writer, _ in forms}))}
        for table in archive.tables:
            written.writestr(table, archive.read(table))
        for row, (path, place) in enumerate(sorted(places.items())):
            grey = archive.decode(path)
            paper = np.random.default_rng([0, number[place.form]])
            if ruled_by == "form" and number[place.form] % 2:
                grey = ruled(grey, paper, np.random.default_rng([1, row]))
            elif ruled_by == "writer":
                grey = ruled(grey, np.random.default_rng([2, own[place.writer]]), np.random.default_rng([1, row]))
            scanned = int(paper.choice(dpi))
            image = Image.fromarray(resized(grey, scanned / AS_IT_IS))
            image.save(buffer := BytesIO(), "PNG", compress_level=1, dpi=(scanned, scanned) if say else None)
            written.writestr(str(PurePosixPath(path).with_suffix(".png")), buffer.getvalue())


def options() -> argparse.ArgumentParser:
    """Return the options of the command line."""
    parser = tables.parser(__doc__, table=False)
    parser.add_argument("source", type=Path, metavar="ARCHIVE", help="of lines")
    parser.add_argument("output", type=Path, metavar="OUTPUT", help="the archive to write")
    resolutions = f"resolutions of forms, at random ({AS_IT_IS})"
    parser.add_argument("--dpi", type=tables.positive, nargs="+", default=[AS_IT_IS], metavar="DPI", help=resolutions)
    parser.add_argument("--say", action="store_true", help="write the resolution into the files")
    parser.add_argument("--ruled", dest="ruled_by", choices=("form", "writer"), help="rule paper by form or by writer")
    return parser


if __name__ == "__main__":
    run(main, options(), alone=False)
