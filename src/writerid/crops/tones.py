"""The tones of a line: what is paper and what is ink, and grey values that tell nothing of the scanner."""

import numpy as np
from PIL import Image

from writerid.dataset.ink import MIN_CONTRAST, histogram, levels


def normalise(grey: np.ndarray, tone: str) -> np.ndarray:
    """Return a line, uint8 (height, width), in another tone; uint8 of the same shape.

    `raw` leaves it as it is. `binary` makes ink 0 and paper 255, by Otsu's threshold. `clip` stretches the grey
    values between them: what is darker than the median of the ink becomes 0, what is lighter than halfway from the
    threshold to the median of the paper becomes 255, so that only the edges of strokes are grey. A line without
    contrast holds no writing and becomes white.
    """
    if tone == "raw":
        return grey
    counts = histogram(grey)
    paper, ink, threshold = levels(counts)
    if paper - ink < MIN_CONTRAST:
        return np.full_like(grey, 255)
    if tone == "binary":
        table = np.where(np.arange(256) > threshold, 255, 0)
    else:
        black = _median(counts, 0, threshold + 1)
        white = threshold + (_median(counts, threshold + 1, 256) - threshold) / 2
        table = np.clip((np.arange(256) - black) * (255 / max(white - black, 1)), 0, 255)
    # Pillow's own table: five times as fast as numpy's indexing.
    return np.asarray(Image.fromarray(grey).point(table.astype(np.uint8).tolist()))


def _median(counts: np.ndarray, first: int, last: int) -> int:
    """Return the median of the values from `first` up to, but not including, `last`."""
    total = np.cumsum(counts[first:last])
    return first + int(np.searchsorted(total, total[-1] / 2))
