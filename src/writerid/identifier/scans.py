"""From scans as people have them (lines, pages, folders, archives, PDF files) to lines, or why there are none."""

import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import TYPE_CHECKING

import numpy as np
from scipy import ndimage

from writerid.base.errors import InputError
from writerid.dataset.archive import Archive
from writerid.dataset.images import MAX_PAGE_PIXELS, UnusableImage, scans
from writerid.dataset.ink import appearance, dark_on_light, histogram, levels
from writerid.dataset.names import writable
from writerid.dataset.page_lines import CutLine, Finder, Labels, cut_out
from writerid.dataset.pages.choice import Judged
from writerid.dataset.pages.plain import find_lines
from writerid.dataset.pages.recognition import holds_several, may_be_page
from writerid.identifier.turned import on_its_side

if TYPE_CHECKING:
    from pypdfium2 import PdfDocument

LEAST = 12  # pixels; nothing that is lower or narrower can be read
RESOLUTION = 300  # dots per inch at which pages of a PDF file are drawn
MAX_PAGES = 500  # of a PDF file
# PDFium crashes where two threads are in it. Held once more by a thread that has it: Python may close a generator that
# somebody left (see `_pdf`) at any moment, also in the middle of drawing a page.
PDFIUM = RLock()
BY_HAND = "cut out each line as an image of its own"
BESIDE_IT = f"{BY_HAND}, or put an ALTO or PAGE XML file beside the page"
# Rows between two lines hold less ink: by a third of the fullest row or more on 64 pieces of pages with two or three
# lines, by 0.63 or more where these were in doubt; by 0.27 at most on the tight single lines of IAM that were in doubt.
PARTED = 0.45
ON_ITS_SIDE = "it seems to lie on its side: its lines run up or down; turn it by a quarter, and try again"
LOOSE = 0.6  # of an image's height; where its only line is lower, the line is cut out
BESIDE = ("page", "alto")  # folders, in an image's own or beside it, in which its layout file may lie


@dataclass(frozen=True)
class ScannedLine:
    """A line: its name, its grey values, uint8 (height, width), as they came, and its outline on the page.

    outline: (x, y) in pixels of the page; empty where the image is the line. problem: why it cannot be used, or empty.
    """

    name: str
    grey: np.ndarray
    outline: tuple[tuple[int, int], ...] = ()
    problem: str = ""


@dataclass(frozen=True)
class Scan:
    """An image or a page: its name, its size (width, height) in pixels, its lines, why it has none, or empty, and its
    grey values, uint8 (height, width), None where it could not be read."""

    name: str
    size: tuple[int, int]
    lines: Sequence[ScannedLine]
    problem: str = ""
    grey: np.ndarray | None = None

    @property
    def problems(self) -> list[str]:
        """Why it, or lines of it, cannot be used."""
        return [problem for problem in (self.problem, *(line.problem for line in self.lines)) if problem]


def read(path: Path, labels: Labels) -> Iterator[Scan]:
    """Read every image, page and PDF page of a file, a folder or an archive, with ALTO and PAGE files beside them.

    `labels` says which lines of a layout file are no handwriting. Raises InputError where there is no such file or
    folder, or nothing in it is an image; what cannot be used of it is a Scan with its problem.
    """
    own = writable(path.name)
    with _opened(path) as archive:
        find = Finder(archive, labels)
        for member in archive.images:
            name = own if len(archive.images) == 1 and Path(member).name == path.name else f"{own}/{member}"
            try:
                data = archive.read(member)
            except UnusableImage as unusable:
                yield Scan(name, (0, 0), (), unusable.detail)
                continue
            for page, grey in _pages(data):
                of_page = name if page is None else f"{name}, page {page}"
                known = None if isinstance(grey, UnusableImage) else find.lines(member, page, grey)
                yield _scan(of_page, grey, known, BESIDE_IT, laid_out=find.has_layout(member))
        for left_out in archive.left_out:
            yield Scan(f"{own}/{left_out.path}", (0, 0), (), left_out.detail)


def read_image(data: bytes, name: str) -> Iterator[Scan]:
    """Read the pages of one image or PDF file that is in memory, as `read` does."""
    for page, grey in _pages(data):
        of_page = name if page is None else f"{name}, page {page}"
        yield _scan(of_page, grey, None, BY_HAND)


def _opened(path: Path) -> Archive:
    if not path.exists():
        raise InputError(f"{path}: there is no such file or folder")
    if path.is_dir():
        return Archive(path)
    if not path.is_file():
        raise InputError(f"{path}: neither a file nor a folder")
    with path.open("rb") as file:
        packed = file.read(2) in (b"PK", b"\x1f\x8b", b"BZ") or path.name.lower().endswith((".tar", ".txz", ".tar.xz"))
    if packed:
        return Archive(path)
    names = (f"{path.stem}.xml", f"{path.name}.xml")
    whole = Path(os.path.normpath(path.absolute()))  # links stay: what DVC links to has another name
    around = whole.parent
    beside = [folder for folder in BESIDE if any((around.parent / folder / name).is_file() for name in names)]
    root = around.parent if beside else around  # as in jpg/12.jpg and alto/12.xml
    own = whole.relative_to(root).as_posix()
    near = [f"{folder}/{name}" for folder in (around.relative_to(root).as_posix(), *BESIDE) for name in names]
    inside = [f"{around.relative_to(root).as_posix()}/{folder}/{name}" for folder in BESIDE for name in names]
    try:
        return Archive(root, [own, *near, *inside])
    except InputError:
        raise InputError(f"{path}: not an image or a PDF file that can be read") from None


def _pages(data: bytes) -> Iterator[tuple[int | None, np.ndarray | UnusableImage]]:
    if data.startswith(b"%PDF"):
        yield from _pdf(data)
    else:
        for page, scan in scans(data):
            yield page, scan if isinstance(scan, UnusableImage) else scan.grey


def _pdf(data: bytes) -> Iterator[tuple[int, np.ndarray | UnusableImage]]:
    """Draw each page of a PDF file, uint8 (height, width)."""
    import pypdfium2  # here: most scans are images, and need not wait for it

    try:
        with PDFIUM:
            document = pypdfium2.PdfDocument(data)
            pages = len(document)
    except pypdfium2.PdfiumError as error:
        locked = "password" in str(error).lower()
        reason = "needs a password; save it without one" if locked else "not a whole PDF file; get a fresh copy"
        yield 1, UnusableImage("unreadable", reason)
        return
    try:
        for number in range(min(pages, MAX_PAGES)):
            yield number + 1, _drawn(document, number)
        if pages > MAX_PAGES:
            yield MAX_PAGES + 1, UnusableImage("too_large", f"over {MAX_PAGES} pages; part the file")
    finally:
        with PDFIUM:
            document.close()


def _drawn(document: "PdfDocument", number: int) -> np.ndarray | UnusableImage:
    try:
        with PDFIUM, closing(document[number]) as page:
            width, height = page.get_size()
            by = min(RESOLUTION / 72, (MAX_PAGE_PIXELS * 0.99 / max(width * height, 1)) ** 0.5)
            with closing(page.render(scale=by, grayscale=True, fill_color=(255, 255, 255, 255))) as bitmap:
                grey = bitmap.to_numpy()  # it lies in the bitmap's memory
                return grey.reshape(grey.shape[:2]).copy()
    except (ValueError, RuntimeError):  # PDFium's own error is a RuntimeError
        return UnusableImage("unreadable", "cannot be drawn; save this page anew")


def _scan(
    name: str,
    grey: np.ndarray | UnusableImage,
    lines: Iterable[CutLine | UnusableImage] | UnusableImage | None,
    advice: str,
    *,
    laid_out: bool = False,
) -> Scan:
    """Look at an image and what was found on it, None where it is no page.

    advice: what to do where in doubt. laid_out: a layout file says where the lines are.
    """
    if isinstance(grey, UnusableImage):
        return Scan(name, (0, 0), (), grey.detail)
    size = (grey.shape[1], grey.shape[0])
    if lines is None and (problem := _problem(grey)):
        return Scan(name, size, [ScannedLine(name, grey, (), problem)], "", grey)
    if not laid_out and may_be_page(grey) and on_its_side(dark_on_light(grey)):
        return Scan(name, size, (), ON_ITS_SIDE, grey)
    if lines is None:
        lines = _looked_for(dark_on_light(grey))
    if isinstance(lines, UnusableImage):
        return Scan(name, size, (), f"its lines cannot be told for sure ({lines.detail}); {advice}", grey)
    if lines is None:
        return Scan(name, size, [ScannedLine(name, grey)], "", grey)
    found: list[ScannedLine] = []
    for number, line in enumerate(lines, start=1):
        of_line = f"{name}, line {number}"
        if isinstance(line, UnusableImage):
            found.append(ScannedLine(of_line, np.empty((0, 0), np.uint8), (), line.detail))
        else:
            outline = tuple((int(x), int(y)) for x, y in line.cut.outline.tolist())
            found.append(ScannedLine(of_line, line.grey, outline, _problem(line.grey)))
    return Scan(name, size, found, "" if found else "no line was found on it", grey)


def _problem(grey: np.ndarray) -> str:
    if min(grey.shape) < LEAST:
        return f"it is only {grey.shape[1]} x {grey.shape[0]} pixels"
    return "" if appearance(grey)[1] else "it is blank, without contrast, or a solid bar"


def _looked_for(dark: np.ndarray) -> Iterable[CutLine | UnusableImage] | UnusableImage | None:
    """The lines of an image that is not known to be a page; None where one line fills it."""
    found = find_lines(dark)
    several = holds_several(found, len(dark))
    if several and found.doubts:
        if not (found.crowded or may_be_page(dark) or _parted(dark)):
            return None  # one line, cut so tightly that its long strokes looked like lines of their own
        return UnusableImage("page", "; ".join(found.doubts))
    high = sum(float(np.ptp(line.outline[:, 1])) for line in found.lines if line.outline is not None)
    if several or 0 < high < LOOSE * len(dark):
        return cut_out(dark, [Judged(line, None) for line in found.lines])
    return None


def _parted(dark: np.ndarray) -> bool:
    """Whether ink lies in several bands of rows, one below the other, on dark writing, uint8 (height, width)."""
    ink = np.count_nonzero(dark <= levels(histogram(dark))[2], axis=1)
    rows = ndimage.gaussian_filter1d(ink.astype(np.float64), max(1.0, 0.02 * len(ink)))
    fullest = int(rows.argmax())
    down, up = np.minimum.accumulate(rows[fullest:]), np.minimum.accumulate(rows[fullest::-1])
    rises = max(float((rows[fullest:] - down).max()), float((rows[fullest::-1] - up).max()))
    return rises > PARTED * float(rows.max())
