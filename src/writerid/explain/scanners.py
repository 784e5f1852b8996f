"""Lines as another scanner would have them: soft, sharpened, compressed, coarse, too light or too dark.

Lines are uint8 (height, columns), dark on light, and keep their size. Amounts are shares of the line's height.
"""

import io

import numpy as np
from PIL import Image, ImageFilter

SCAN = 128  # pixels that a line is high in a scan of 300 dpi, at which files are compressed
WIDEST = 65_500  # columns of a JPEG
PERCENT = 150  # of what sharpening adds to an edge


def blurred(line: np.ndarray, share: float) -> np.ndarray:
    """Blur a line by a Gaussian; `share` is its standard deviation."""
    return np.asarray(Image.fromarray(line).filter(ImageFilter.GaussianBlur(share * len(line))))


def sharpened(line: np.ndarray, share: float) -> np.ndarray:
    """Sharpen a line by an unsharp mask, as scanners do; `share` is the standard deviation of its blur."""
    return np.asarray(Image.fromarray(line).filter(ImageFilter.UnsharpMask(share * len(line), PERCENT, threshold=0)))


def compressed(line: np.ndarray, quality: int) -> np.ndarray:
    """Save a line as JPEG of a quality, 1 to 100, and read it again.

    It is saved at the height it has in a scan of 300 dpi. Only what JPEG does comes back, not what drawing a line
    larger and smaller does. A line too long for JPEG stays as it is.
    """
    before, file = _at_height(Image.fromarray(line), SCAN), io.BytesIO()
    if before.width > WIDEST:
        return line
    before.save(file, "JPEG", quality=quality)
    with Image.open(file) as image:
        lost = _at_size(image, line).astype(int) - _at_size(before, line)
    return np.clip(line + lost, 0, 255).astype(np.uint8)


def coarse(line: np.ndarray, dpi: int) -> np.ndarray:
    """Draw a line with as few pixels as a scan of that many dots per inch has, and enlarge it again."""
    return _at_size(_at_height(Image.fromarray(line), max(1, round(SCAN * dpi / 300))), line)


def gamma(line: np.ndarray, power: float) -> np.ndarray:
    """Raise brightness, 0 to 1, to a power: below 1 what is grey gets lighter, above 1 darker."""
    table = np.rint(255 * (np.arange(256) / 255) ** power)
    return np.asarray(Image.fromarray(line).point(table.astype(int).tolist()))


def _at_height(image: Image.Image, height: int) -> Image.Image:
    columns = max(1, round(image.width * height / image.height))
    return image.resize((columns, height), Image.Resampling.BICUBIC)


def _at_size(image: Image.Image, line: np.ndarray) -> np.ndarray:
    return np.asarray(image.resize(line.shape[::-1], Image.Resampling.BICUBIC))
