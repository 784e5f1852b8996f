"""The tones of a line: what is paper and what is ink, and grey values that tell nothing of the scanner."""

import numpy as np
from PIL import Image

MIN_CONTRAST = 24  # grey levels between paper and ink; a line with less holds no writing


def paper_and_ink(grey: np.ndarray) -> tuple[int, int]:
    """Grey values (paper, ink) of a line, uint8 of any shape: its upper quartile, and its darkest hundredth."""
    return _paper_and_ink(_histogram(grey))


def normalise(grey: np.ndarray, tone: str) -> np.ndarray:
    """Return a line, uint8 (height, width), in another tone; uint8 of the same shape.

    `raw` leaves it as it is. `binary` makes ink 0 and paper 255, by Otsu's threshold. `clip` stretches the grey
    values between them: what is darker than the median of the ink becomes 0, what is lighter than halfway from the
    threshold to the median of the paper becomes 255, so that only the edges of strokes are grey. A line without
    contrast holds no writing and becomes white.
    """
    if tone == "raw":
        return grey
    counts = _histogram(grey)
    paper, ink = _paper_and_ink(counts)
    if paper - ink < MIN_CONTRAST:
        return np.full_like(grey, 255)
    threshold = otsu(counts)
    if tone == "binary":
        table = np.where(np.arange(256) > threshold, 255, 0)
    else:
        black = _median(counts, 0, threshold + 1)
        white = threshold + (_median(counts, threshold + 1, 256) - threshold) / 2
        table = np.clip((np.arange(256) - black) * (255 / max(white - black, 1)), 0, 255)
    return table.astype(np.uint8)[grey]


def otsu(counts: np.ndarray) -> int:
    """The grey value that parts dark from light best: ink is what is not lighter than it.

    Maximises the variance between the two classes of a histogram of 256 grey values (N. Otsu, A threshold selection
    method from gray-level histograms, IEEE Trans. Systems, Man and Cybernetics 9:62-66, 1979).
    """
    values = np.arange(len(counts))
    dark, total = np.cumsum(counts), counts.sum()
    moment = np.cumsum(counts * values)
    between = (moment[-1] * dark - moment * total) ** 2 / np.maximum(dark * (total - dark), 1)
    return int(np.argmax(between))


def _paper_and_ink(counts: np.ndarray) -> tuple[int, int]:
    total = np.cumsum(counts)
    paper, ink = np.searchsorted(total, [0.75 * total[-1], 0.01 * total[-1]])
    return int(paper), int(ink)


def _histogram(grey: np.ndarray) -> np.ndarray:
    # Pillow's counts in place; numpy's bincount makes eight bytes of each pixel first.
    return np.array(Image.fromarray(grey).histogram(), float)


def _median(counts: np.ndarray, first: int, last: int) -> int:
    """Return the median of the values from `first` up to, but not including, `last`."""
    total = np.cumsum(counts[first:last])
    return first + int(np.searchsorted(total, total[-1] / 2))
