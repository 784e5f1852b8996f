"""From the bytes of an image file to grey pixels, within bounded memory."""

from io import BytesIO

import numpy as np
from PIL import Image

from writerid.base.geometry import MAX_SIDE

# A line of 20,000 x 800 pixels has fewer. Images with more are refused before they are decoded.
MAX_PIXELS = 2**24
Image.MAX_IMAGE_PIXELS = None  # our own limit is lower, and not a mere warning

_FORMATS = ("PNG", "JPEG")  # what is called .png is sometimes a JPEG


class UnusableImage(Exception):
    """An image that cannot be used; `reason` is one of the reasons lines are left out for."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason
        self.detail = detail


def decode(data: bytes) -> np.ndarray:
    """Decode an image file to grey values, uint8 of shape (height, width), 0 black and 255 white.

    16-bit images are scaled to 8 bits; what is transparent is shown on white.

    Raises UnusableImage ("unreadable", "too_large").
    """
    try:
        with Image.open(BytesIO(data), formats=_FORMATS) as image:
            if image.width * image.height > MAX_PIXELS or max(image.size) > MAX_SIDE:
                raise UnusableImage("too_large", f"{image.width} x {image.height} pixels")
            image.load()
            return _grey(image)
    except (UnusableImage, MemoryError):
        raise
    except Exception as error:  # Pillow's readers raise many kinds on damaged files, SyntaxError among them
        detail = " ".join(str(error).split())
        if "<_io.BytesIO" in detail:
            detail = "not an image"
        raise UnusableImage("unreadable", detail or type(error).__name__) from None


def _grey(image: Image.Image) -> np.ndarray:
    if image.mode.startswith("I"):
        return (np.clip(np.asarray(image), 0, 65535) // 257).astype(np.uint8)
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        paper = Image.new("RGBA", rgba.size, "white")
        image = Image.alpha_composite(paper, rgba)
    return np.asarray(image.convert("L"))
