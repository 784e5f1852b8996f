"""How contours of strokes bend, and how wide the strokes between them are: histograms over all points of contours.

Hinge (M. Bulacu and L. Schomaker, IEEE PAMI 29:701-717, 2007): two legs of the same length along the contour meet in
each point; the histogram counts the directions in which they point, both together. Of several such histograms together
(S. He and L. Schomaker, CoHinge, Pattern Recognition 63:321-333, 2017) this is a small kind: a third leg, three legs
before. Quill-Hinge (A. Brink et al., Pattern Recognition 45:162-171, 2012) counts the two legs and the width of the
stroke. Chains count the directions of several legs, each of which begins where the one before ends (a small kind of
those of I. Siddiqi and N. Vincent, Pattern Recognition 43:3853-3865, 2010). Contours are traced between pixels, where
the grey values pass the threshold, so that directions are not those of a grid of pixels.
"""

from dataclasses import dataclass

import numpy as np
from contourpy import contour_generator
from PIL import Image

from writerid.base.geometry import line_scales
from writerid.crops.strips import cleaned
from writerid.crops.tones import normalise

HEIGHT = 128  # pixels to which the lines of a dataset are scaled, by one scale (see geometry.line_scales)
LEGS, DIRECTIONS = (2, 3, 5, 7, 10, 15, 22, 32), 24  # pixels along the contour
CO_LEGS, CO_DIRECTIONS = (5, 10), 16
QUILL_LEGS, QUILL_DIRECTIONS = (4, 7), 16
CHAIN_LEGS, CHAIN, CHAIN_DIRECTIONS = (3, 8), 4, 8  # a chain has so many legs
WIDTHS = (3, 5, 7, 9, 11, 14, 18)  # pixels; between them strokes are of one width
MIDDLE = 127.5  # grey value, between ink and paper once a line's tones are normalised
KINDS = (  # how many features of each kind, one after the other; each kind is whitened for itself
    len(LEGS) * DIRECTIONS**2,
    len(CO_LEGS) * CO_DIRECTIONS**3,
    *[(len(WIDTHS) + 1) * QUILL_DIRECTIONS**2] * len(QUILL_LEGS),
    *[CHAIN_DIRECTIONS**CHAIN] * len(CHAIN_LEGS),
)


@dataclass(frozen=True)
class Contours:
    """Points at every pixel of way along the contours around ink and around what ink encloses.

    x, y: float64 (points,), in the pixels of `ink`, bool (height, width). Of the contour that each point is of, int
    (points,): where its points begin, and how many they are.
    """

    ink: np.ndarray
    x: np.ndarray
    y: np.ndarray
    begins: np.ndarray
    sizes: np.ndarray

    def on(self, steps: int) -> np.ndarray:
        """The point that lies so many steps on along the contour of each, int (points,)."""
        place = np.arange(len(self.x)) - self.begins
        return self.begins + (place + steps) % np.maximum(self.sizes, 1)

    def turn(self, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        """Direction from points to others, as a share of a full turn, float64, 0 up to 1."""
        return np.arctan2(self.y[end] - self.y[start], self.x[end] - self.x[start]) / (2 * np.pi) % 1

    def legs(self, length: int) -> tuple[np.ndarray, np.ndarray]:
        """Directions of the two legs that meet in each point, back and ahead, as in `turn`."""
        here = np.arange(len(self.x))
        return self.turn(here, self.on(-length)), self.turn(here, self.on(length))


def scales(sizes: np.ndarray) -> np.ndarray:
    """By how much to scale lines, float64 (lines,), of sizes (lines, 2), width and height, before `features`."""
    return line_scales(sizes, HEIGHT, "dataset")


def features(grey: np.ndarray, scale: float = 1.0) -> np.ndarray:
    """Return the features of a line, float32 (sum of KINDS,), of grey values, uint8 (height, width), scaled first."""
    traced = contours(grey, scale)
    wide = widths(traced)
    quills, chains = (quill_hinge(traced, leg, wide) for leg in QUILL_LEGS), (chain(traced, leg) for leg in CHAIN_LEGS)
    return np.concatenate([hinge(traced), cohinge(traced), *quills, *chains])


def hinge(traced: Contours) -> np.ndarray:
    """Histograms of two legs, float32 (len(LEGS) * DIRECTIONS^2,); here and below square roots of what adds up to 1.

    A histogram is 0 where there is no contour as long as its legs.
    """
    parts = []
    for leg in LEGS:
        back, ahead = traced.legs(leg)
        parts.append(_histogram(traced, 2 * leg, (back, DIRECTIONS), (ahead, DIRECTIONS)))
    return np.concatenate(parts)


def cohinge(traced: Contours) -> np.ndarray:
    """Histograms of two legs and of one that ends two legs before they begin, float32."""
    parts = []
    for leg in CO_LEGS:
        back, ahead = traced.legs(leg)
        place = traced.on(3 * leg)
        turns = ((turn, CO_DIRECTIONS) for turn in (ahead, back[place], ahead[place]))
        parts.append(_histogram(traced, 4 * leg, *turns))
    return np.concatenate(parts)


def widths(traced: Contours) -> np.ndarray:
    """Width of the stroke at each point, from the contour to the other side: the place among WIDTHS, int (points,)."""
    across = 2 * np.pi * (traced.turn(traced.on(-3), traced.on(3)) - 0.25)  # ink lies on the left of a contour's way
    reach = np.arange(1, WIDTHS[-1] + 1)
    height, width = traced.ink.shape
    rows = np.rint(traced.y[:, None] + np.sin(across)[:, None] * reach).astype(int).clip(0, height - 1)
    columns = np.rint(traced.x[:, None] + np.cos(across)[:, None] * reach).astype(int).clip(0, width - 1)
    paper = np.pad(~traced.ink[rows, columns], ((0, 0), (0, 1)), constant_values=True)
    return np.digitize(paper.argmax(axis=1), WIDTHS)


def quill_hinge(traced: Contours, leg: int, wide: np.ndarray) -> np.ndarray:
    """Histogram of two legs and of the width of the stroke, which `widths` gives, float32."""
    bins = len(WIDTHS) + 1
    back, ahead = traced.legs(leg)
    turns = (back, QUILL_DIRECTIONS), (ahead, QUILL_DIRECTIONS)
    return _histogram(traced, 2 * leg, *turns, (wide / bins, bins))


def chain(traced: Contours, leg: int) -> np.ndarray:
    """Histogram of the directions of CHAIN legs, one after the other, float32."""
    _, ahead = traced.legs(leg)
    turns = ((ahead[traced.on(leg * place)], CHAIN_DIRECTIONS) for place in range(CHAIN))
    return _histogram(traced, CHAIN * leg, *turns)


def _histogram(traced: Contours, length: int, *shares: tuple[np.ndarray, int]) -> np.ndarray:
    """Count points of contours at least so long by several shares, 0 up to 1, each in so many bins."""
    bins = [count for _, count in shares]
    placed = [np.minimum((share * count).astype(int), count - 1) for share, count in shares]
    both = np.ravel_multi_index(placed, bins)[traced.sizes >= length]
    counts = np.bincount(both, minlength=int(np.prod(bins)))
    return np.sqrt(counts / max(counts.sum(), 1)).astype(np.float32)


def contours(grey: np.ndarray, scale: float = 1.0) -> Contours:
    """Trace a line as it came, uint8 (height, width): without its paper's ruling, tones normalised, scaled."""
    size = max(1, round(grey.shape[1] * scale)), max(1, round(grey.shape[0] * scale))
    clear = Image.fromarray(normalise(cleaned(grey), "clip")).resize(size, Image.Resampling.BILINEAR)
    padded = np.pad(np.asarray(clear, np.float32), 1, constant_values=255)
    lines = [np.asarray(line) for line in contour_generator(z=padded).lines(MIDDLE)]
    return Contours(padded < MIDDLE, *_walked(lines))


def _walked(lines: list[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Points at every pixel of way along contours, float64 (any, 2) each: x and y, float64 (points,).

    And, of the contour that each point is of, int (points,): where its points begin, and how many they are.
    """
    if not lines:
        none = np.zeros(0)
        return none, none, none.astype(int), none.astype(int)
    points = np.concatenate(lines)
    ends = np.cumsum([len(line) for line in lines])
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
