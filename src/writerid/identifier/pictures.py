"""Small pictures of reference lines, kept to be shown beside the questioned ones."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

PICTURE = 40  # pixels high
WIDEST = 900  # pixels


def packed(strips: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Make small pictures of strips, uint8 (columns, height); returns `pictures` and `ends`, see bundle.References."""
    small = [_small(strip) for strip in strips]
    ends = np.concatenate([[0], np.cumsum([len(one) for one in small])]).astype(np.int64)
    return np.concatenate([np.empty((0, PICTURE), np.uint8), *small]), ends


def picture(pictures: np.ndarray, ends: np.ndarray, row: int) -> np.ndarray | None:
    """Return the picture of a reference line, uint8 (PICTURE, width); None where none is kept."""
    return pictures[ends[row] : ends[row + 1]].T if len(ends) > row + 1 else None


def _small(strip: np.ndarray) -> np.ndarray:
    width = min(WIDEST, max(1, round(len(strip) * PICTURE / strip.shape[1])))
    size = (width, PICTURE)
    whole = Image.fromarray(np.ascontiguousarray(strip.T[:, : round(WIDEST * strip.shape[1] / PICTURE)]))
    return np.asarray(whole.resize(size, Image.Resampling.BOX)).T
