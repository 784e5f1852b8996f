"""What is paper and what is ink on a page: uneven light is flattened, ruling is taken out."""

import numpy as np
from PIL import Image
from scipy import ndimage

TILE = 32  # pixels; larger than a stroke is wide, smaller than a shadow
INK = 0.72  # of the paper's brightness; a stroke is at least once darker than this ...
EDGE = 0.85  # ... and reaches as far as it is darker than this
SPECK = 3  # pixels; a blob that is not higher and not wider is dust, or a dot of a dotted rule
RULE = 80  # pixels; letters have no level stroke so long
RULE_HEIGHT = 5  # pixels; a level stroke that is thicker is not ruling
GAP = 8  # pixels between the dashes of a rule
MOST_MARKS = 20_000  # on a page some 1,700 pixels high; ten times what full and dusty pages have


class Crowded(Exception):
    """A page with so many marks that they are noise, a screen or a pattern; the message counts them."""


def paper_tone(grey: np.ndarray) -> np.ndarray:
    """Brightness of the bare paper at each pixel of a page, uint8 of the page's shape (height, width).

    The page is cut into tiles; of each the bright quarter counts, and a tile that differs from all its neighbours,
    because it is covered by ink, takes their tone.
    """
    height, width = grey.shape
    rows, columns = -(-height // TILE), -(-width // TILE)
    padded = np.pad(grey, ((0, rows * TILE - height), (0, columns * TILE - width)), mode="edge")
    tiles = padded.reshape(rows, TILE, columns, TILE).transpose(0, 2, 1, 3).reshape(rows, columns, -1)
    bright = np.partition(tiles, TILE * TILE * 3 // 4, axis=-1)[..., TILE * TILE * 3 // 4]
    smooth = ndimage.median_filter(bright, size=5, mode="nearest")
    whole = Image.fromarray(smooth).resize((columns * TILE, rows * TILE), Image.Resampling.BILINEAR)
    return np.asarray(whole)[:height, :width]


def ink_masks(grey: np.ndarray, paper: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where a page, uint8 (height, width), holds ink, and what else is dark on it: two masks, bool of the same shape.

    `paper` is its `paper_tone`. Dust and the faint dots of rules are no ink; rules may be.

    Raises Crowded, before any mark is looked at, where there are more than MOST_MARKS.
    """
    share = grey / np.maximum(paper, 1).astype(np.float32)
    weak = share < EDGE
    names, count = ndimage.label(weak, np.ones((3, 3)))
    if count > MOST_MARKS:
        raise Crowded(f"{count:,} separate marks, and a page of writing has some thousand")
    keep = np.zeros(count + 1, bool)
    keep[1:] = ndimage.minimum(share, names, np.arange(1, count + 1)) < INK
    for name, (y, x) in enumerate(ndimage.find_objects(names), start=1):
        keep[name] &= max(y.stop - y.start, x.stop - x.start) > SPECK
    return keep[names], weak


def without_ruling(ink: np.ndarray, dark: np.ndarray) -> np.ndarray:
    """The ink mask of a level page without its level rules, whole, dashed or dotted; see `ink_masks`."""
    ink = ink & ~_ruling(dark)
    names, _ = ndimage.label(ink, np.ones((3, 3)))
    for name, (y, x) in enumerate(ndimage.find_objects(names), start=1):
        high, wide = y.stop - y.start, x.stop - x.start
        if max(high, wide) <= SPECK or (high < RULE_HEIGHT and wide > 3 * high):  # what is left of rules
            ink[y, x][names[y, x] == name] = False
    return ink


def _ruling(dark: np.ndarray) -> np.ndarray:
    """Pixels of rules that strokes do not cross, bool, of a mask of what is dark."""
    joined = ndimage.binary_closing(np.pad(dark, ((0, 0), (GAP, GAP))), np.ones((1, GAP)))[:, GAP:-GAP]
    level = ndimage.binary_opening(joined, np.ones((1, RULE)))
    level = ndimage.binary_dilation(level, np.ones((3, 1)))
    # Of a column of dark pixels that runs through a rule, only a short one is the rule's own.
    tall = ndimage.binary_opening(dark | level, np.ones((RULE_HEIGHT + 1, 1)))
    return level & ~tall
