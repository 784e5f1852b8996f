"""From the bytes of an image file to grey pixels, within bounded memory."""

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from io import BytesIO
from threading import RLock
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps

from writerid.base.geometry import MAX_SIDE
from writerid.dataset.pages.recognition import WIDEST

# A line of 20,000 x 800 pixels has fewer, a page of A4 or letter at 600 dpi (35 million) has fewer than the second.
# Images with more are refused before they are decoded.
MAX_PIXELS, MAX_PAGE_PIXELS = 2**24, 40_000_000
BAND = 2**22  # pixels that are brought to grey at a time, where that takes many bytes a pixel
MAX_PAGES = 1000  # of one TIFF file
MOST_DPI = 100_000  # what says more, or nothing finite, is no resolution
Image.MAX_IMAGE_PIXELS = None  # our own limit is lower, and not a mere warning
warnings.filterwarnings("ignore", module="PIL")  # what cannot be read is left out, with a reason

FORMATS = ("PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP", "JPEG2000")  # known by their first bytes, not by their names
ENDINGS = (
    ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".tif", ".tiff", ".webp", ".gif", ".bmp", ".jp2", ".j2k", ".heic",
    ".heif", ".avif", ".pdf",
)  # fmt: skip
HEAD = 16  # bytes by which a file shows that it is an image
_JPEG_2000 = (b"\0\0\0\x0cjP  ", b"\xff\x4f\xff\x51")
_STARTS = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"II*\0", b"MM\0*", b"GIF8", *_JPEG_2000)
_FOREIGN = {  # what people bring that Pillow does not read, by bytes that stand at a place
    (0, b"%PDF"): "a PDF file; export its pages as PNG or TIFF",
    (8, b"heic"): "a HEIC photo; export it as JPEG",
    (8, b"heix"): "a HEIC photo; export it as JPEG",
    (8, b"mif1"): "a HEIF photo; export it as JPEG",
    (8, b"avif"): "an AVIF image; export it as PNG",
}
DAMAGED = "damaged, cut off, or of a kind that is not read; save it anew as PNG, or get a fresh copy"
_alone = RLock()  # held while one image of over MAX_PIXELS is in memory; a thread may look at two side by side
_SUBFILE, _REDUCED, _MASK = 254, 1, 4  # TIFF's tag of pages that only preview or mask another, and its bits


class UnusableImage(Exception):
    """An image that cannot be used; `reason` is one of the reasons lines are left out for."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


class Scan(NamedTuple):
    """An image: its grey values, uint8 (height, width), 0 black and 255 white, and what tells of its scanner.

    `mode` is Pillow's name of its colours, `dpi` what its file says of its resolution, 0 if nothing.
    """

    grey: np.ndarray
    mode: str
    dpi: int


def is_image(head: bytes) -> bool:
    """Whether a file that begins so, with its first HEAD bytes, is an image of a kind that people bring."""
    if head.startswith(b"BM"):
        return head[6:10] == bytes(4)  # two letters are too few; there a bitmap has four zeros
    return head.startswith(_STARTS) or (head[:4], head[8:12]) == (b"RIFF", b"WEBP") or bool(_foreign(head))


def decode(data: bytes, page: int | None = None) -> np.ndarray:
    """Decode an image file, or one page (from 1) of a TIFF file, to grey values, uint8 of shape (height, width).

    0 is black and 255 white. Turned photos are set upright (EXIF); 16 bits are scaled to 8; what is transparent is
    shown on white.

    Raises UnusableImage ("unreadable", "too_large").
    """
    with _opened(data) as image:
        numbers = _pages(image)
        if page is not None:
            if page not in numbers:
                raise UnusableImage("unreadable", f"has no page {page}")
            image.seek(page - 1)
        elif numbers != [1]:
            raise UnusableImage("unreadable", f"has {len(numbers)} pages")
        return _grey(image)


def scans(data: bytes) -> Iterator[tuple[int | None, Scan | UnusableImage]]:
    """Yield each page of an image file as its number, None where it is the only one, and what `decode` makes of it.

    Of images over MAX_PIXELS one at a time is at work, whatever the number of threads, until the next is asked for.
    """
    try:
        with _opened(data) as image:
            numbers = _pages(image)
            for number in numbers:
                page = number if numbers != [1] else None
                with _alone if image.width * image.height > MAX_PIXELS else nullcontext():
                    yield page, _scan(image, number)
    except UnusableImage as unusable:
        yield None, unusable


def _scan(image: Image.Image, page: int) -> Scan | UnusableImage:
    try:
        with _plain_errors():
            if page > 1:
                image.seek(page - 1)
            resolution = float(image.info.get("dpi", (0, 0))[0])
            dpi = round(resolution) if 0 < resolution < MOST_DPI else 0
            return Scan(_grey(image), image.mode, dpi)
    except UnusableImage as unusable:
        return unusable


@contextmanager
def _opened(data: bytes) -> Iterator[Image.Image]:
    foreign = _foreign(data[:HEAD])
    if foreign:
        raise UnusableImage("unreadable", foreign)
    with _plain_errors(), Image.open(BytesIO(data), formats=FORMATS) as image:
        yield image


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except (UnusableImage, MemoryError):
        raise
    except Exception as error:  # Pillow's readers raise many kinds on damaged files, SyntaxError among them
        detail = DAMAGED
        if "<_io.BytesIO" in str(error):
            detail = "not an image"
        if "decoder jpeg2k not available" in str(error):
            detail = "a JPEG 2000 image, which this installation cannot read; export it as PNG"
        raise UnusableImage("unreadable", detail) from None


def _pages(image: Image.Image) -> list[int]:
    """Return the numbers, from 1, of the pages that are images of their own."""
    if image.format != "TIFF":
        frames = getattr(image, "n_frames", 1)
        if frames > 1 and image.format in ("PNG", "GIF", "WEBP"):
            raise UnusableImage("unreadable", f"an animation of {frames} pictures")
        return [1]  # what a phone puts behind the photo is a preview
    numbers = []
    for page in range(MAX_PAGES + 1):
        try:
            image.seek(page)
        except EOFError:
            break
        if not int(image.tag_v2.get(_SUBFILE, 0)) & (_REDUCED | _MASK):  # type: ignore[attr-defined]
            numbers.append(page + 1)
    else:
        raise UnusableImage("too_large", f"over {MAX_PAGES} pages")
    image.seek(0)
    return numbers or [1]


def _grey(image: Image.Image) -> np.ndarray:
    most = MAX_PAGE_PIXELS if max(image.size) <= WIDEST * min(image.size) else MAX_PIXELS
    if image.width * image.height > most or max(image.size) > MAX_SIDE:
        raise UnusableImage("too_large", f"{image.width} x {image.height} pixels; make it smaller, or part it")
    image.load()
    if image.format != "PNG" or "exif" in image.info or "Raw profile type exif" in image.info:
        image = ImageOps.exif_transpose(image)
    if image.mode.startswith("I") or image.mode == "F":
        white = _white(float(image.getextrema()[1]))  # type: ignore[arg-type]
        return _in_bands(image, lambda band: _scaled(np.asarray(band), white))
    if image.mode == "LAB":
        return np.asarray(image.getchannel("L"))
    if image.has_transparency_data:
        return _in_bands(image, _on_white)
    return np.asarray(image if image.mode == "L" else image.convert("L"))


def _on_white(image: Image.Image) -> np.ndarray:
    rgba = image.convert("RGBA")
    return np.asarray(Image.alpha_composite(Image.new("RGBA", rgba.size, "white"), rgba).convert("L"))


def _in_bands(image: Image.Image, grey: Callable[[Image.Image], np.ndarray]) -> np.ndarray:
    rows = max(1, BAND // image.width)
    tops = range(0, image.height, rows)
    return np.concatenate([grey(image.crop((0, y, image.width, min(y + rows, image.height)))) for y in tops])


def _white(most: float) -> float:
    """Return the value that stands for white where the largest is `most`, for 1, 8, 12 and 16 bits and more."""
    return next((bound for bound in (1, 255, 4095, 65535) if most <= bound), most)


def _scaled(deep: np.ndarray, white: float) -> np.ndarray:
    """Return grey values of more than 8 bits as uint8; raises UnusableImage where some are no numbers."""
    if not np.isfinite(deep).all():
        raise UnusableImage("unreadable", "has pixels without a value (NaN); save it anew as PNG")
    if white == 65535:
        return (np.clip(deep, 0, 65535) // 257).astype(np.uint8)
    return (np.clip(deep, 0, white).astype(np.float32) * (255 / white)).astype(np.uint8)


def _foreign(head: bytes) -> str:
    return next((name for (place, mark), name in _FOREIGN.items() if head[place:].startswith(mark)), "")
