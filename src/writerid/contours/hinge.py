"""The Hinge feature: how often contours of strokes bend by which angles (M. Bulacu and L. Schomaker, PAMI 2007).

IEEE Transactions on Pattern Analysis and Machine Intelligence 29:701-717. Two legs of the same length along the contour
meet in each of its points; the histogram counts the directions in which they point, both together. Contours are traced
between pixels, where the grey values pass the threshold, so that directions are not those of a grid of pixels.
"""

import numpy as np
from contourpy import contour_generator
from PIL import Image

from writerid.base.geometry import line_scales
from writerid.crops.tones import normalise

HEIGHT = 128  # pixels to which the lines of a dataset are scaled, by one scale (see geometry.line_scales)
LEGS = (4, 7, 15)  # pixels along the contour; chosen on IAM's lines across forms, without training
DIRECTIONS = 24
MIDDLE = 127.5  # grey value, between ink and paper once a line's tones are normalised
FEATURES = len(LEGS) * DIRECTIONS**2


def scales(sizes: np.ndarray) -> np.ndarray:
    """By how much to scale lines, float64 (lines,), of sizes (lines, 2), width and height, before `hinge`."""
    return line_scales(sizes, HEIGHT, "dataset")


def hinge(grey: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """Return the features of a line, float32 (FEATURES,), of grey values, uint8 (height, width), scaled first.

    The square roots of three histograms that each add up to 1. All are 0 where there is no contour as long as two legs.
    """
    x, y, begins, sizes = _walked(_contours(grey, scale))
    parts = []
    for leg in LEGS:
        around = np.maximum(sizes, 1)
        long = sizes >= 2 * leg
        place = np.arange(len(x)) - begins
        turns = []
        for steps in (-leg, leg):
            end = begins + (place + steps) % around
            turn = np.arctan2(y[end] - y, x[end] - x) / (2 * np.pi) % 1
            turns.append((turn * DIRECTIONS).astype(int) % DIRECTIONS)
        both = (turns[0] * DIRECTIONS + turns[1])[long]
        counts = np.bincount(both, minlength=DIRECTIONS**2)
        parts.append(np.sqrt(counts / max(counts.sum(), 1)))
    return np.concatenate(parts).astype(np.float32)


def _contours(grey: np.ndarray, scale: float) -> list[np.ndarray]:
    """Closed contours around ink and around what ink encloses, float64 (points, 2), x before y."""
    size = max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale))
    clear = Image.fromarray(normalise(grey, "clip")).resize(size, Image.Resampling.BILINEAR)
    padded = np.pad(np.asarray(clear, np.float32), 1, constant_values=255)
    return [np.asarray(line) for line in contour_generator(z=padded).lines(MIDDLE)]


def _walked(contours: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Points at every pixel of way along the contours: x and y, float64 (points,).

    And, of the contour that each point is of, int (points,): where its points begin, and how many they are.
    """
    if not contours:
        none = np.zeros(0)
        return none, none, none.astype(int), none.astype(int)
    points = np.concatenate(contours)
    ends = np.cumsum([len(contour) for contour in contours])
    step = np.hypot(*np.diff(points, axis=0).T)
    step[ends[:-1] - 1] = 0  # from one contour to the next
    way = np.concatenate([[0], np.cumsum(step)])
    length = np.diff(way[ends - 1], prepend=0)
    counts = np.rint(length).astype(int)
    sizes = np.repeat(counts, counts)
    begins = np.repeat(np.cumsum(counts) - counts, counts)
    place = np.arange(len(sizes)) - begins
    at = np.repeat(way[ends - 1] - length, counts) + (place + 0.5) * np.repeat(length / np.maximum(counts, 1), counts)
    return np.interp(at, way, points[:, 0]), np.interp(at, way, points[:, 1]), begins, sizes
