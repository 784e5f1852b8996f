"""The lines that were found on each page of an archive, drawn for people to check: `python -m tools.pages ARCHIVE`.

python -m tools.pages ARCHIVE [--output pages] [--tags printed ...] [--text PATTERN] [--plain] [--most N]

Writes a picture a page into the folder `--output`. Lines that take part are outlined in turns of red, orange and green,
those that are left out in grey. `--plain` looks for lines by their ink even where there are layout files.
"""

import argparse
import re
import zipfile
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from stages.runner import run
from writerid.base.errors import InputError, brief
from writerid.base.files import atomic
from writerid.dataset.pages.choice import text_pattern
from writerid.dataset.pages.layout import PageLayout, UnusableLayout
from writerid.dataset.pages.layout_files import MAX_BYTES, read_layout
from writerid.dataset.pages.pairing import pair
from writerid.dataset.pages.reading import PageLines, lines_of

IMAGES = (".png", ".jpg", ".jpeg", ".tif", ".tiff", ".webp", ".bmp", ".gif")
MAX_PIXELS = 2**26  # of a page: A4 at 800 dpi
COLOURS = ("red", "darkorange", "green")
SHOWN = 1600  # pixels of the longer side of a picture


def pages_of(path: Path) -> Iterator[tuple[str, np.ndarray | str, PageLayout | str | None]]:
    """Yield name, grey image and layout of each image in a zip archive.

    In place of an image or a layout stands in words why it cannot be used; the layout is None where there is no file.

    Raises InputError where there is no archive, or no image in it.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, zipfile.BadZipFile, NotImplementedError) as error:
        raise InputError(f"{path}: not a zip archive that can be read ({brief(error)})") from None
    with archive:
        names = [name for name in archive.namelist() if not name.startswith("__MACOSX") and "/._" not in name]
        images = sorted(name for name in names if name.lower().endswith(IMAGES))
        if not images:
            raise InputError(f"{path}: holds no image ({', '.join(IMAGES)})")
        layouts = {name: _layout(archive, name) for name in names if name.lower().endswith(".xml")}
        named = {name: found.image if isinstance(found, PageLayout) else "" for name, found in layouts.items() if found}
        layout_of = pair(images, named).layout_of
        for image in images:
            yield image, _grey(archive, image), layouts[layout_of[image]] if image in layout_of else None


def draw(grey: np.ndarray, page: PageLines) -> Image.Image:
    """Draw the lines of a page, uint8 (height, width), onto it."""
    by = min(1.0, SHOWN / max(grey.shape))
    size = max(1, round(grey.shape[1] * by)), max(1, round(grey.shape[0] * by))
    picture = Image.fromarray(grey).resize(size, Image.Resampling.BOX).convert("RGB")
    pen = ImageDraw.Draw(picture)
    for number, (line, reason) in enumerate(page.lines):
        if line.outline is not None:
            corners = [(x, y) for x, y in (line.outline * by).tolist()]
            pen.polygon(corners, outline="grey" if reason else COLOURS[number % len(COLOURS)], width=2)
            pen.text(corners[0], str(number + 1), fill="blue")
    return picture


def main() -> None:
    """Draw every page, and say what was found."""
    parser = argparse.ArgumentParser(prog="python -m tools.pages", description="Draw the lines found on each page.")
    parser.add_argument("archive", type=Path, metavar="ARCHIVE", help="a zip archive of pages")
    parser.add_argument("--output", type=Path, default=Path("pages"), help="folder of the pictures (pages)")
    parser.add_argument("--tags", nargs="*", default=["printed"], help="leave out lines and regions with these tags")
    parser.add_argument("--text", default="", metavar="PATTERN", help="leave out lines whose text has this pattern")
    parser.add_argument("--plain", action="store_true", help="find lines by their ink, also where layout files are")
    parser.add_argument("--most", type=int, metavar="N", help="draw only the first N pages")
    arguments = parser.parse_args()
    pattern = text_pattern(arguments.text, "--text")
    drawn = doubtful = lines = 0
    for number, (name, grey, layout) in enumerate(pages_of(arguments.archive)):
        if number == arguments.most:
            break
        try:
            page = _lines(grey, None if arguments.plain else layout, arguments.tags, pattern)
        except UnusableLayout as error:
            print(f"{name!r}: not drawn: {error}")
            continue
        assert isinstance(grey, np.ndarray)
        plain = re.sub(r"[^\w.-]", "_", Path(name).stem)[:80]
        target = arguments.output / f"{number + 1:04d}-{plain}.jpg"
        with atomic(target) as temporary:
            draw(grey, page).save(temporary, format="JPEG", quality=85)
        kept = sum(1 for one in page.lines if one.reason is None)
        doubts = f"; not sure: {'; '.join(page.doubts)}" if page.doubts else ""
        print(f"{name!r}: {kept} lines, {len(page.lines) - kept} left out{doubts}")
        drawn, lines, doubtful = drawn + 1, lines + kept, doubtful + bool(page.doubts)
    print(f"{arguments.output}: {drawn} pages with {lines} lines; {doubtful} of them doubtful")


def _lines(
    grey: np.ndarray | str, layout: PageLayout | str | None, tags: list[str], pattern: re.Pattern[str] | None
) -> PageLines:
    for one in (grey, layout):
        if isinstance(one, str):
            raise UnusableLayout(one)
    assert isinstance(grey, np.ndarray) and not isinstance(layout, str)
    return lines_of(grey, layout, tags, pattern)


def _layout(archive: zipfile.ZipFile, name: str) -> PageLayout | str | None:
    try:
        if archive.getinfo(name).file_size > MAX_BYTES:
            raise UnusableLayout(f"over {MAX_BYTES // 2**20} MiB")
        pages = read_layout(archive.read(name))
        return pages[0] if pages else None
    except (UnusableLayout, zipfile.BadZipFile, OSError, NotImplementedError, RuntimeError) as error:
        return f"its layout file {name!r} cannot be used: {brief(error)}"


def _grey(archive: zipfile.ZipFile, name: str) -> np.ndarray | str:
    try:
        with Image.open(BytesIO(archive.read(name))) as image:
            if image.width * image.height > MAX_PIXELS:
                return f"{image.width} x {image.height} pixels are too many"
            return np.asarray(image.convert("L"))
    except Exception as error:  # Pillow's readers raise many kinds on damaged files
        return f"not an image that can be read ({brief(error)})"


if __name__ == "__main__":
    run(main)
