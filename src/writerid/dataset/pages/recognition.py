"""Is an image a whole page? A page is never taken for a line."""

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from writerid.dataset.pages.plain import Found

LEAST_SIDE = 250  # pixels; in an image that is lower or narrower, several lines of writing could not be read
WIDEST = 4.0  # times its height; three lines of a page are not wider
SEVERAL = 3  # lines; a page for sure
TIGHT = 0.35  # of the image's height; one of two lines is lower on a page, higher where a line is cut out badly
ONE_WORD = 0.6  # of the ink; where so much is in strokes that run through several "lines", these are parts of one
LOOK = 900  # pixels of the longer side; lines can be counted, not read


def may_be_page(grey: np.ndarray) -> bool:
    """Whether an image has the size of a page; this takes no time."""
    height, width = grey.shape
    return min(height, width) >= LEAST_SIDE and width <= WIDEST * height


def is_page(grey: np.ndarray) -> bool:
    """Whether an image, uint8 (height, width), holds several lines of writing, one below the other, dark on light.

    What has more marks than any writing is one, too: it is no line, and its doubts say what it is.
    """
    if not may_be_page(grey):
        return False
    from writerid.dataset.pages.plain import find_lines  # with scipy: a quarter of a second that datasets of lines save

    small = shrunk(grey, min(1.0, LOOK / max(grey.shape)))
    return holds_several(find_lines(small), len(small))


def shrunk(grey: np.ndarray, by: float) -> np.ndarray:
    """Return a page at a lower resolution, so many times its size."""
    size = max(1, round(grey.shape[1] * by)), max(1, round(grey.shape[0] * by))
    return grey if by == 1 else np.asarray(Image.fromarray(grey).resize(size, Image.Resampling.BOX))


def holds_several(found: "Found", height: int) -> bool:
    """Whether an image so many pixels high, whatever its shape, holds several lines, from what was found on it."""
    heights = [np.ptp(line.outline[:, 1]) for line in found.lines if line.outline is not None]
    several = len(heights) >= SEVERAL or (len(heights) > 1 and max(heights) < TIGHT * height)
    return found.crowded or (found.entangled < ONE_WORD and several)
