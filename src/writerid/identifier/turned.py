"""Does a page lie on its side, or stand upside down? Told from where its ink lies; docs/identify.md says how well."""

from collections.abc import Sequence

import numpy as np
from scipy import ndimage

from writerid.dataset.ink import MIN_CONTRAST, dark_on_light, histogram, levels
from writerid.dataset.pages.paper import Crowded, ink_masks, paper_tone
from writerid.dataset.pages.recognition import is_page, shrunk

LOOK = 700  # pixels of the longer side
# Rows of ink that come and go this many times more from column to column than from row to row: lines of writing run
# down the page. On upright pages of Copiste d'un jour it is 0.45 at most.
SIDEWAYS = 1.5
DOWN = -0.2  # of `rising`; 0.26 and more on the same pages
FEWEST = 3  # lines that tell what is up


def on_its_side(dark: np.ndarray) -> bool:
    """Whether the lines of a page, uint8 (height, width), dark on light, run up or down."""
    small = shrunk(dark, min(1.0, LOOK / max(dark.shape)))
    try:
        ink, _ = ink_masks(small, paper_tone(small))
    except Crowded:  # no writing, as is said elsewhere
        return False
    down, across = (_comes_and_goes(ink.sum(axis=axis)) for axis in (1, 0))
    return across > SIDEWAYS * down and is_page(np.ascontiguousarray(np.rot90(dark)))


def upside_down(greys: Sequence[np.ndarray]) -> bool:
    """Whether the lines of a document, uint8 (height, width) each, stand upside down; False where too few tell."""
    found = [value for value in map(rising, greys) if value is not None]
    return len(found) >= FEWEST and float(np.median(found)) < DOWN


def rising(grey: np.ndarray) -> float | None:
    """How much more ink a line has above its fullest rows than below, a logarithm: more letters rise than descend."""
    dark = dark_on_light(grey)
    counts = histogram(dark)
    paper, ink, threshold = levels(counts)
    if paper - ink < MIN_CONTRAST:
        return None
    rows = ndimage.gaussian_filter1d(np.count_nonzero(dark <= threshold, axis=1).astype(np.float64), 1.0)
    full = np.flatnonzero(rows >= rows.max() / 2)
    return float(np.log((rows[: full[0]].sum() + 1) / (rows[full[-1] + 1 :].sum() + 1)))


def _comes_and_goes(profile: np.ndarray) -> float:
    ink = profile.astype(np.float64)
    broad = ndimage.gaussian_filter1d(ink, len(ink) / 20)
    return float((ndimage.gaussian_filter1d(ink, 1.5) - broad).std() / max(float(ink.mean()), 1e-9))
