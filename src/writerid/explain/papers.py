"""Scans as they would be on other paper, and what cleaning leaves of a line that was changed.

Lines are uint8 (rows, columns), dark on light, and keep their size. Amounts are shares of the height of a strip, in
pixels of the scan.
"""

import numpy as np

from writerid.crops.strips import cleaned
from writerid.dataset.ink import MIN_CONTRAST, histogram, levels, paper_and_ink
from writerid.explain.shapes import core

TONE = 0.4  # of rules, as a share of the way from paper to ink
THICK = 1 / 64
SIDE = 0.4  # of a square: 5 mm where a line is 12 mm high


def ruled(scan: np.ndarray, height: float) -> np.ndarray:
    """Draw a rule under the zone of small letters, from one end of the line to the other."""
    return _under(scan, _bars(len(scan), core(scan)[1], 2 * len(scan), height)[:, None])


def squared(scan: np.ndarray, height: float) -> np.ndarray:
    """Draw squares under the writing, on one of whose rules it stands."""
    rows, columns = scan.shape
    side = SIDE * height
    level, upright = _bars(rows, core(scan)[1] % side, side, height), _bars(columns, side / 2, side, height)
    return _under(scan, np.maximum(level[:, None], upright[None]))


def recleaned(line: np.ndarray, changed: np.ndarray) -> np.ndarray:
    """Clean a changed line as scans are: even light, no ruling, and its paper and ink in the tones they had before.

    A line that was not changed, and holds nothing that is taken for ruling, stays as it is.
    """
    clean = cleaned(changed)
    own, before = _tones(clean), _tones(line)
    if own[-1] - own[0] < MIN_CONTRAST:
        return clean
    grey = np.arange(256)
    table = np.interp(grey, own, before) + grey - np.clip(grey, own[0], own[-1])
    return np.clip(np.rint(table), 0, 255).astype(np.uint8)[clean]


def _tones(line: np.ndarray) -> tuple[int, float, int]:
    """Grey values of a line's ink, of the edge at which cleaning makes what is lighter white, and of its paper."""
    paper, ink, threshold = levels(histogram(line))
    return ink, (threshold + paper) / 2, paper


def _bars(pixels: int, first: float, every: float, height: float) -> np.ndarray:
    """How much of each of so many pixels rules cover, float64 (pixels,): from `first` on, one in `every` pixels."""
    fine = (np.arange(8 * pixels) + 0.5) / 8
    return (((fine - first) % every < max(1.0, THICK * height)) & (fine >= first % every)).reshape(-1, 8).mean(axis=1)


def _under(line: np.ndarray, share: np.ndarray) -> np.ndarray:
    """Lay rules, by the share of each pixel that they cover, under the writing."""
    paper, ink = paper_and_ink(line)
    return np.minimum(line, np.rint(paper - TONE * (paper - ink) * share)).astype(np.uint8)
