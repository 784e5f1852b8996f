"""The lines of a clean page without a layout file: deskewed, and parted by where its ink lies."""

from dataclasses import dataclass

import numpy as np
from PIL import Image
from scipy import ndimage

from writerid.dataset.pages.layout import LineRegion
from writerid.dataset.pages.paper import Crowded, ink_masks, paper_tone, without_ruling
from writerid.dataset.pages.recognition import shrunk
from writerid.dataset.pages.ridges import STEEPEST, Ridge, pitch, skew, spacing, stroke_heights, trace

WORKING_SIDE = 1700  # pixels of the longer side of a page on which lines are sought
WORKING_PITCH = 70  # pixels from line to line; larger writing is made smaller first
LEVEL = 0.4  # degrees; a page turned by less is not turned back
FARTHEST = 3.0  # ratio; lines that lie farther apart than so many expected pitches are no sign of a wrong pitch
SMALL = 0.5  # of the usual height of strokes; lines whose strokes are lower are print or notes
AGREES = 1.3  # ratio; ridges that lie farther from the expected pitch are traced anew with their own
REACH = 0.95  # pitches from the middle of a line to the farthest ink that may be its own
FEW = 3  # lines; a page with fewer tells too little of how far apart its lines are
STRAY = 0.2
ENTANGLED = 0.2
DARK = 0.25
CORE = 0.15  # pitches; a stroke that comes so near the middles of two lines belongs to both, and is cut


@dataclass(frozen=True)
class Found:
    """The lines found on a page from the top down; `doubts` says in words why they may be wrong, if anything does.

    `entangled` is the share of ink in strokes that run through several lines. `crowded`: so many marks that no
    line was looked for.
    """

    lines: list[LineRegion]
    doubts: tuple[str, ...]
    entangled: float = 0.0
    crowded: bool = False


def find_lines(grey: np.ndarray) -> Found:
    """Find the lines of a page, uint8 (height, width), dark writing on lighter paper.

    A page may be turned by up to 8 degrees, its light uneven and its paper ruled. Lines of much smaller writing than
    the page's usual are taken for print or notes, and left out.
    """
    try:
        return _lines(grey)
    except Crowded as error:
        return Found([], (str(error),), crowded=True)


def _lines(grey: np.ndarray) -> Found:
    by = min(1.0, WORKING_SIDE / max(grey.shape))
    ink, angle, distance = _prepared(grey, by)
    if distance is not None and distance > WORKING_PITCH:
        by *= WORKING_PITCH / distance
        ink, angle, distance = _prepared(grey, by)
    if distance is None:
        return Found([], ("no ink",))
    ridges = trace(ink, distance)
    gap = spacing(ridges)
    if len(ridges) > FEW and gap and not _agree(gap, distance) and gap < FARTHEST * distance:
        distance = gap
        ridges = trace(ink, distance)
    y, x = np.nonzero(ink)
    line, cut = _assigned(ink, y, x, ridges, distance)
    of_line = [(x[line == number], y[line == number]) for number in range(len(ridges))]
    of_line = [(x, y) for x, y in of_line if len(x) >= distance and np.ptp(x) >= distance]
    letters = np.array([_letters(x, y) for x, y in of_line])
    large = letters >= SMALL * np.median(letters) if len(letters) else []
    lines: list[LineRegion] = []
    for (x, y), kept in zip(of_line, large, strict=True):
        if kept:
            outline = _back(_outline(x, y, distance), grey.shape, ink.shape, angle, by)
            lines.append(LineRegion(f"line-{len(lines) + 1}", outline, falls=angle))
    stray = 1 - sum(len(x) for x, _ in of_line) / len(line)
    reasons = {
        f"only {len(lines)} line(s)": len(lines) < FEW,
        "the distance from line to line is not clear": not _agree(spacing(ridges), distance),
        f"{stray:.0%} of the ink is in no line": stray > STRAY,
        f"{cut:.0%} of the ink is in strokes that run through several lines": cut > ENTANGLED,
        f"turned by {abs(angle):.1f} degrees or more": abs(angle) >= STEEPEST,
        f"{ink.mean():.0%} of the page is dark": ink.mean() > DARK,
    }
    return Found(lines, tuple(reason for reason, holds in reasons.items() if holds), cut)


def _agree(gap: float | None, distance: float) -> bool:
    return gap is None or 1 / AGREES < gap / distance < AGREES


def _letters(x: np.ndarray, y: np.ndarray) -> float:
    """The usual height in pixels of the strokes of a line, from its ink pixels."""
    part = np.zeros((np.ptp(y) + 1, np.ptp(x) + 1), bool)
    part[y - y.min(), x - x.min()] = True
    return float(np.median(stroke_heights(part)))


def _prepared(grey: np.ndarray, by: float) -> tuple[np.ndarray, float, float | None]:
    """The ink of a page made smaller and turned level, the angle it was turned by, and its pitch."""
    small = shrunk(grey, by)
    ink, dark = ink_masks(small, paper_tone(small))
    angle = skew(ink)
    if abs(angle) < LEVEL:
        angle = 0.0
    else:
        white = int(np.median(small))
        small = np.asarray(
            Image.fromarray(small).rotate(angle, Image.Resampling.BILINEAR, expand=True, fillcolor=white)
        )
        ink, dark = ink_masks(small, paper_tone(small))
    ink = without_ruling(ink, dark)
    return ink, angle, pitch(ink)


def _at(ridge: Ridge, x: np.ndarray) -> np.ndarray:
    return ridge.y[np.clip(x - ridge.left, 0, len(ridge.y) - 1)]


def _assigned(
    ink: np.ndarray, y: np.ndarray, x: np.ndarray, ridges: list[Ridge], distance: float
) -> tuple[np.ndarray, float]:
    """The line of each ink pixel (y, x), int64, -1 where it belongs to none; and the share of ink in cut strokes.

    A stroke belongs whole to the line that most of it is nearest to, unless it runs through the middles of several.
    """
    if not ridges:
        return np.full(len(y), -1), 0.0
    nearest, least = np.full(len(y), -1), np.full(len(y), REACH * distance)
    names, count = ndimage.label(ink, np.ones((3, 3)))
    stroke = names[y, x]
    through = np.zeros((count + 1, len(ridges)), np.int64)
    for number, ridge in enumerate(ridges):
        outside = np.maximum(ridge.left - x, x - (ridge.left + len(ridge.y) - 1))
        off = np.abs(y - _at(ridge, x)) + np.maximum(outside, 0) * 0.5
        near = off < least
        nearest[near], least[near] = number, off[near]
        through[:, number] = np.bincount(stroke[off < CORE * distance], minlength=count + 1)
    votes = np.zeros((count + 1, len(ridges)), np.int64)
    np.add.at(votes, (stroke[nearest >= 0], nearest[nearest >= 0]), 1)
    whole = np.where(votes.max(axis=1) > 0, votes.argmax(axis=1), -1)
    cut = np.count_nonzero(through > CORE * distance, axis=1) > 1
    return np.where(cut[stroke], nearest, whole[stroke]), float(cut[stroke].mean())


def _outline(x: np.ndarray, y: np.ndarray, distance: float) -> np.ndarray:
    """A polygon close around ink pixels, float64 (points, 2)."""
    step = max(2, round(distance / 4))
    left = int(x.min())
    place = (x - left) // step
    count = int(place.max()) + 1
    top, bottom = np.full(count, np.inf), np.full(count, -np.inf)
    np.minimum.at(top, place, y)
    np.maximum.at(bottom, place, y)
    filled = np.flatnonzero(np.isfinite(top))
    every = np.arange(count)
    top = ndimage.minimum_filter1d(np.interp(every, filled, top[filled]), 3, mode="nearest")
    bottom = ndimage.maximum_filter1d(np.interp(every, filled, bottom[filled]), 3, mode="nearest")
    pad = 0.06 * distance
    middle = left + (every + 0.5) * step
    across = np.concatenate([[left - pad], middle, [x.max() + 1 + pad]])
    top, bottom = np.pad(top, 1, mode="edge") - pad, np.pad(bottom, 1, mode="edge") + 1 + pad
    return np.concatenate([np.column_stack([across, top]), np.column_stack([across, bottom])[::-1]])


def _back(outline: np.ndarray, shape: tuple[int, ...], level: tuple[int, ...], angle: float, by: float) -> np.ndarray:
    """Points of the level, smaller page (shape `level`) in pixels of the page as it came (shape `shape`)."""
    turn = np.radians(angle)
    x, y = (outline - np.array([level[1], level[0]]) / 2).T
    turned = np.column_stack([x * np.cos(turn) - y * np.sin(turn), x * np.sin(turn) + y * np.cos(turn)])
    points = turned / by + np.array([shape[1], shape[0]]) / 2
    return np.clip(points, 0, [shape[1], shape[0]])
