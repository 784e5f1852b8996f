"""How large the writing on a line is, in pixels, estimated from its ink: it doubles where the resolution does."""

from itertools import pairwise

import numpy as np
from PIL import Image
from scipy import ndimage

from writerid.dataset.ink import MIN_CONTRAST, dark_on_light, evenly_lit, histogram, levels

FIRST_HEIGHT, WIDER = 64, 3  # pixels to which a line is made smaller at first; and larger again if too small to tell
WORKING, NEAR, TRIES = 16.0, 1.25, 3  # pixels; the band's height at which it is measured, or so near to it; attempts
WIDEST = 4096  # pixels of a line, scaled so, that are looked at: from its middle
STRETCH = 8  # bands; a line may rise, fall or be bent over more than that
FEWEST = 12  # edges of strokes a working row that tell a size
LONGEST = 6  # bands; a wider gap is one between words
SPECK = 8  # pixels of a scaled line; a mark that has no more is dust
BARE = 0.1  # share of rows that hold no writing: what edges they have are of squared paper or noise


def writing_size(grey: np.ndarray) -> float | None:
    """Estimate the size of the writing on a line, uint8 (height, width), in pixels of the image; None if it is unsure.

    It is the geometric mean of two lengths: the height of the narrowest band of rows that holds half of all left
    and right edges of strokes, and the usual gap between strokes that follow each other in a row. It grows with the
    resolution, whatever the pen and the image's margins; a written x-height measures about two of it.
    None: next to no ink, or fewer strokes than a word of three letters has.
    """
    by, size = min(1.0, FIRST_HEIGHT / grey.shape[0]), None
    for _ in range(TRIES):
        ink = _ink(grey, by)
        band, gap = (None, None) if ink is None else (_band(ink), _gap(ink))
        if band is None or gap is None:
            by = min(1.0, WIDER * by)  # small writing on a high image
            continue
        size = float(np.sqrt(band * gap)) / by
        if 1 / NEAR < band / WORKING < NEAR:
            break
        by *= WORKING / max(band, 2.0)
    return size


def _ink(grey: np.ndarray, by: float) -> np.ndarray | None:
    """Ink of a scaled line, bool (rows, columns); None where there is none."""
    width, height = (max(1, round(side * by)) for side in grey.shape[::-1])
    most = max(1, round(WIDEST / by))
    left = max(0, (grey.shape[1] - most) // 2)
    part = grey[:, left : left + most]
    scaled = Image.fromarray(part).resize((min(width, WIDEST), height), Image.Resampling.BICUBIC)
    even = evenly_lit(dark_on_light(np.asarray(scaled)))
    paper, ink, threshold = levels(histogram(even))
    if paper - ink < MIN_CONTRAST:
        return None
    marks, _ = ndimage.label(even <= threshold, np.ones((3, 3)))
    area = np.bincount(marks.ravel())
    area[0] = 0  # the paper
    return (area > SPECK)[marks]


def _band(ink: np.ndarray) -> float | None:
    """The height in rows of the narrowest band that holds half of the edges of strokes; the mean over stretches."""
    height, width = ink.shape
    edges = ink[:, 1:] != ink[:, :-1]
    total, logs = 0, 0.0
    bounds = np.linspace(0, width - 1, max(1, round(width / (STRETCH * WORKING))) + 1).astype(int).tolist()
    stretches = np.array([np.count_nonzero(edges[:, first:end], axis=1) for first, end in pairwise(bounds)])
    bare = np.quantile(stretches, BARE, axis=1, keepdims=True).astype(int)
    start, place = np.linspace(0, 0.5, 200), np.arange(height + 1)
    for rows in np.maximum(stretches - bare, 0):
        count = int(rows.sum())
        if count >= 2 * WORKING:
            share = np.concatenate([[0], np.cumsum(rows)]) / count
            share = share + 1e-9 * place  # rows without edges
            bands = np.interp(start + 0.5, share, place) - np.interp(start, share, place)
            total, logs = total + count, logs + count * float(np.log(bands.min()))
    return float(np.exp(logs / total)) if total >= FEWEST * WORKING else None


def _gap(ink: np.ndarray) -> float | None:
    """The usual gap in columns between two strokes that follow each other in a row."""
    row, edge = np.nonzero(ink[:, 1:] != ink[:, :-1])
    leaves = ink[row, edge]  # a stroke ends before a gap
    gaps = np.diff(edge)[leaves[:-1] & (row[1:] == row[:-1])]
    gaps = gaps[gaps < LONGEST * WORKING]
    return float(np.exp(np.log(gaps).mean())) if len(gaps) else None
