"""The lines that were found on each page of an archive, drawn for people to check: `python -m tools.pages ARCHIVE`.

python -m tools.pages ARCHIVE [--output pages] [--tags printed ...] [--text PATTERN] [--plain] [--most N]

Writes a picture a page into the folder `--output`. Lines that take part are outlined in turns of red, orange and green,
those that are left out in grey. `--plain` looks for lines by their ink even where there are layout files.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from stages.runner import run
from writerid.base.errors import InputError
from writerid.base.files import atomic
from writerid.base.patterns import text_pattern
from writerid.dataset.archive import Archive, page_path
from writerid.dataset.images import UnusableImage, scans
from writerid.dataset.ink import dark_on_light
from writerid.dataset.page_lines import NO_LABELS, Finder
from writerid.dataset.pages.layout import PageLayout, UnusableLayout
from writerid.dataset.pages.reading import PageLines, lines_of
from writerid.dataset.pages.recognition import shrunk

COLOURS = ("red", "darkorange", "green")
SHOWN = 1600  # pixels of the longer side of a picture


def pages_of(path: Path) -> Iterator[tuple[str, np.ndarray | str, PageLayout | str | None]]:
    """Yield path, grey image and layout of each page of a dataset.

    In place of an image or a layout stands in words why it cannot be used; the layout is None where there is no file.

    Raises InputError where there is no dataset, or no image in it.
    """
    with Archive(path) as archive:
        finder = Finder(archive, NO_LABELS)
        for name in archive.images:
            try:
                images = scans(archive.read(name))
            except UnusableImage as error:
                yield name, str(error), None
                continue
            for page, scan in images:
                layout: PageLayout | str | None
                try:
                    layout = finder.layout(name, page)
                except UnusableLayout as error:
                    layout = f"its layout file cannot be used: {error}"
                grey = str(scan) if isinstance(scan, UnusableImage) else dark_on_light(scan.grey)
                yield page_path(name, page), grey, layout


def draw(grey: np.ndarray, page: PageLines) -> Image.Image:
    """Draw the lines of a page, uint8 (height, width), onto it."""
    by = min(1.0, SHOWN / max(grey.shape))
    picture = Image.fromarray(shrunk(grey, by)).convert("RGB")
    pen = ImageDraw.Draw(picture)
    for number, (line, reason) in enumerate(page.lines):
        if line.outline is not None:
            corners = [(x, y) for x, y in (line.outline * by).tolist()]
            pen.polygon(corners, outline="grey" if reason else COLOURS[number % len(COLOURS)], width=2)
            pen.text(corners[0], str(number + 1), fill="blue")
    return picture


def main(archive: Path, output: Path, tags: list[str], text: str, plain: bool, most: int | None) -> None:
    """Draw every page, and say what was found."""
    if most is not None and most < 1:
        raise InputError("--most: at least one page must be drawn")
    pattern = text_pattern(text, "--text")
    drawn = doubtful = lines = 0
    for number, (name, grey, layout) in enumerate(pages_of(archive)):
        if number == most:
            break
        try:
            page = _lines(grey, None if plain else layout, tags, pattern)
        except UnusableLayout as error:
            print(f"{name!r}: not drawn: {error}")
            continue
        assert isinstance(grey, np.ndarray)
        letters = re.sub(r"[^\w.-]", "_", Path(name).stem)
        letters = letters.encode()[:80].decode(errors="ignore")  # file systems count bytes
        target = output / f"{number + 1:04d}-{letters}.jpg"
        with atomic(target) as temporary:
            draw(grey, page).save(temporary, format="JPEG", quality=85)
        kept = sum(1 for one in page.lines if one.reason is None)
        doubts = f"; not sure: {'; '.join(page.doubts)}" if page.doubts else ""
        print(f"{name!r}: {kept} lines, {len(page.lines) - kept} left out{doubts}")
        drawn, lines, doubtful = drawn + 1, lines + kept, doubtful + bool(page.doubts)
    if not drawn:
        raise InputError(f"{archive}: no page in it can be drawn; see above")
    print(f"{output}: {drawn} pages with {lines} lines; {doubtful} of them doubtful")


def _lines(
    grey: np.ndarray | str, layout: PageLayout | str | None, tags: list[str], pattern: re.Pattern[str] | None
) -> PageLines:
    for one in (grey, layout):
        if isinstance(one, str):
            raise UnusableLayout(one)
    assert isinstance(grey, np.ndarray) and not isinstance(layout, str)
    return lines_of(grey, layout, tags, pattern)


def options() -> argparse.ArgumentParser:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.pages", description="Draw the lines found on each page.")
    parser.add_argument("archive", type=Path, metavar="ARCHIVE", help="an archive or a folder of pages")
    parser.add_argument("--output", type=Path, default=Path("pages"), help="folder of the pictures (pages)")
    parser.add_argument("--tags", nargs="*", default=["printed"], help="leave out lines and regions with these tags")
    parser.add_argument("--text", default="", metavar="PATTERN", help="leave out lines whose text has this pattern")
    parser.add_argument("--plain", action="store_true", help="find lines by their ink, also where layout files are")
    parser.add_argument("--most", type=int, metavar="N", help="draw only the first N pages")
    return parser


if __name__ == "__main__":
    run(main, options(), alone=False)
