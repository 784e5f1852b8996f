"""How many lines of pages are read from their layout files, how many are found without them, and how fast.

    python -m benchmarks.pages ARCHIVE [--text PATTERN]

ARCHIVE is a zip archive of pages with layout files. Lines whose text has PATTERN are labels and not cut
out; lines found by their ink are held against all of the file's, labels too. A line counts as found
where its polygon and one of the file's share half of the area that they cover together (IoU 0.5); each line of the
file counts once. The interval resamples pages. Writers whose pages were looked at while the method was made are the
ones whose name (that of the page without its last number) has an even SHA-256; both halves are shown.
"""

import hashlib
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image, ImageDraw

from benchmarks import tables
from stages.runner import run
from tools.pages import pages_of
from writerid.base.errors import InputError
from writerid.base.patterns import text_pattern
from writerid.dataset.ink import dark_on_light
from writerid.dataset.pages.choice import judged
from writerid.dataset.pages.cutting import Cut, cut_line
from writerid.dataset.pages.layout import PageLayout
from writerid.dataset.pages.paper import paper_tone
from writerid.dataset.pages.plain import find_lines
from writerid.dataset.pages.recognition import is_page

OVERLAP = 0.5
RESAMPLES = 1000


@dataclass
class Page:
    """What was counted on a page."""

    seen: bool
    recognised: bool
    in_file: int
    labels: int
    cut: int
    found: int
    right: int
    doubtful: bool
    read_seconds: float
    find_seconds: float


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Area that two polygons, float64 (points, 2) in pixels, share, by the area that they cover together."""
    corners = np.concatenate([one, other])
    if (one.max(axis=0) < other.min(axis=0)).any() or (other.max(axis=0) < one.min(axis=0)).any():
        return 0.0
    low = np.floor(corners.min(axis=0))
    width, height = (int(side) for side in np.ceil(corners.max(axis=0)) - low + 1)
    masks = []
    for polygon in (one, other):
        image = Image.new("1", (width, height))
        ImageDraw.Draw(image).polygon([(x, y) for x, y in (polygon - low).tolist()], fill=1)
        masks.append(np.asarray(image))
    return float(np.count_nonzero(masks[0] & masks[1]) / np.count_nonzero(masks[0] | masks[1]))


def measure(name: str, grey: np.ndarray, layout: PageLayout, pattern: re.Pattern[str] | None) -> Page:
    """Read, cut and find the lines of one page."""
    start = time.process_time()
    lines = judged(layout.fitted(grey.shape[1], grey.shape[0]), ["printed"], pattern)
    paper = paper_tone(grey)
    cut = [cut_line(grey, paper, Cut.of(line)) for line, reason in lines if reason is None]
    middle = time.process_time()
    found = find_lines(grey)
    end = time.process_time()
    outlines = [line.outline for line, _ in lines if line.outline is not None]
    right = {
        max(range(len(shares)), key=shares.__getitem__)
        for line in found.lines
        if line.outline is not None
        and max(shares := [overlap(line.outline, outline) for outline in outlines], default=0) >= OVERLAP
    }
    writer = re.sub(r"_\d$", "", PurePosixPath(name).stem)
    return Page(
        hashlib.sha256(writer.encode()).digest()[0] < 128,
        is_page(dark_on_light(grey)),
        len(lines),
        sum(1 for _, reason in lines if reason),
        sum(min(line.shape) >= 8 for line in cut),
        len(found.lines),
        len(right),
        bool(found.doubts),
        middle - start,
        end - middle,
    )


def f1(pages: list[Page]) -> float:
    """Twice the lines found by all lines, those of the files and those found."""
    return 2 * sum(page.right for page in pages) / max(1, sum(page.in_file + page.found for page in pages))


def main(archive: Path, text: str, csv: Path | None) -> None:
    """Print the tables."""
    pattern = text_pattern(text, "--text")
    pages = [
        measure(name, grey, layout, pattern)
        for name, grey, layout in pages_of(archive)
        if isinstance(grey, np.ndarray) and isinstance(layout, PageLayout)
    ]
    if not pages:
        raise InputError(f"{archive}: no page has a layout file")
    print(f"{sum(p.recognised for p in pages)} of {len(pages)} images are taken for pages")
    print(f"lines of files: {sum(p.in_file for p in pages)}, labels {sum(p.labels for p in pages)}, ", end="")
    print(f"cut out {sum(p.cut for p in pages)}; {np.mean([p.read_seconds for p in pages]):.3f} s a page")
    tables.show(rows(pages), csv)


def rows(pages: list[Page]) -> Iterator[tables.Row]:
    """Yield how well lines are found on the pages that were looked at, and on others; the interval is over pages."""
    rng = np.random.default_rng(0)
    for name, some in (("looked at", [p for p in pages if p.seen]), ("others", [p for p in pages if not p.seen])):
        if not some:
            continue
        drawn = [f1([some[i] for i in rng.integers(len(some), size=len(some))]) for _ in range(RESAMPLES)]
        bounds = np.quantile(drawn, [0.025, 0.975]).tolist()
        right, found = sum(p.right for p in some), max(1, sum(p.found for p in some))
        recall, precision = right / sum(p.in_file for p in some), right / found
        row = {"pages": name, "number": len(some), **tables.bounded("f1", [f1(some), *bounds], 3)}
        row |= {
            "recall": f"{recall:.3f}",
            "precision": f"{precision:.3f}",
            "not_sure_of": sum(p.doubtful for p in some),
        }
        yield row | {"seconds_a_page": f"{np.mean([p.find_seconds for p in some]):.2f}"}


if __name__ == "__main__":
    parser = tables.parser(__doc__)
    parser.add_argument("archive", type=Path, metavar="ARCHIVE", help="an archive of pages with layout files")
    parser.add_argument("--text", default="wiki.?texte", metavar="PATTERN", help="text of labels (wiki.?texte)")
    run(main, parser, alone=False)
