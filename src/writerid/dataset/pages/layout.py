"""What a page's lines are: where each lies on the page, and what its layout file tells of it."""

import math
import re
from dataclasses import dataclass, replace

import numpy as np

SAME_SHAPE = 0.03  # by how much the ratio of width to height may differ between an image and its layout file
ABOVE, BELOW = 0.7, 0.3  # of the pitch; how far writing reaches from its baseline
USUAL_LINES = 30  # on a page; for the height of a line that is the only one
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?")


class UnusableLayout(Exception):
    """A layout file that cannot be used; the message says why."""


@dataclass(frozen=True)
class LineRegion:
    """A line on a page; coordinates are x before y.

    `outline` is a polygon, float64 (points, 2); None where the layout file tells no place. `baseline`, float64 of two
    points or more (points, 2), runs in the direction of reading. `falls` is by how many degrees the writing falls to
    the right (90: it runs downwards), where the file says so; the baseline knows better. `tags` are the types that the
    file gives the line and the regions around it.
    """

    name: str
    outline: np.ndarray | None
    baseline: np.ndarray | None = None
    text: str = ""
    tags: tuple[str, ...] = ()
    falls: float = 0.0

    def slope(self) -> float:
        """By how many degrees the line falls to the right, -180 to 180: from its baseline, or else as its file says."""
        if self.baseline is not None:
            across, down = self.baseline[-1] - self.baseline[0]
            if across or down:
                return float(np.degrees(np.arctan2(down, across)))
        return math.remainder(self.falls, 360)


@dataclass(frozen=True)
class PageLayout:
    """A page of a layout file: the image it was made for, its size in the file's unit (0: not told), and its lines.

    `alto` says that the file is ALTO, and not PAGE XML.
    """

    image: str
    width: float
    height: float
    lines: tuple[LineRegion, ...]
    alto: bool = False

    def fitted(self, width: int, height: int) -> list[LineRegion]:
        """Return the lines in pixels of an image of this width and height; what reaches over its edge is cut off.

        Lines that have a baseline only get an outline as high as the lines are apart. Lines without any place, or
        with one beside the image, have the outline None.

        Raises UnusableLayout where the file was made for an image of another shape.
        """
        by = np.ones(2)
        if self.width > 0 and self.height > 0:
            by = np.array([width / self.width, height / self.height])
            if abs(np.log(by[0] / by[1])) > SAME_SHAPE:
                raise UnusableLayout(
                    f"made for an image of {self.width:g} x {self.height:g}, but this one is {width} x {height} pixels"
                )
        lines = _with_outlines([_scaled(line, by) for line in self.lines], height)
        return [replace(line, outline=_clipped(line.outline, width, height)) for line in lines]


def points(text: str | None) -> np.ndarray | None:
    """Read `x,y x,y` or `x y x y`, whole numbers or not: float64 (points, 2); None where it is no list of points."""
    numbers = NUMBER.findall(text or "")
    if len(numbers) < 2 or len(numbers) % 2:
        return None
    return np.clip(np.array(numbers, np.float64), -1e6, 1e6).reshape(-1, 2)


def box(left: float, top: float, width: float, height: float) -> np.ndarray:
    """The outline of a rectangle."""
    right, bottom = left + width, top + height
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]])


def _scaled(line: LineRegion, by: np.ndarray) -> LineRegion:
    outline = None if line.outline is None else line.outline * by
    return replace(line, outline=outline, baseline=None if line.baseline is None else line.baseline * by)


def _with_outlines(lines: list[LineRegion], height: int) -> list[LineRegion]:
    """Give lines that have only a baseline an outline."""
    bare = [line for line in lines if _is_bare(line)]
    if not bare:
        return lines
    based = [line.baseline for line in lines if line.baseline is not None]
    gaps = [gap for line in bare if (gap := _gap(line, based)) is not None]
    pitch = float(np.median(gaps)) if gaps else height / USUAL_LINES
    return [replace(line, outline=_band(line, pitch)) if _is_bare(line) else line for line in lines]


def _is_bare(line: LineRegion) -> bool:
    return line.outline is None and line.baseline is not None


def _gap(line: LineRegion, baselines: list[np.ndarray]) -> float | None:
    """The distance from a line's baseline to the nearest beside it; None where there is none."""
    along, down = _axes(line)
    assert line.baseline is not None
    first, last = sorted((line.baseline[[0, -1]] @ along).tolist())
    nearest = [
        abs(float(np.mean((other - line.baseline[0]) @ down)))
        for other in baselines
        if other is not line.baseline and (other @ along).min() < last and (other @ along).max() > first
    ]
    nearest = [gap for gap in nearest if gap > 1]
    return min(nearest) if nearest else None


def _band(line: LineRegion, pitch: float) -> np.ndarray:
    _, down = _axes(line)
    assert line.baseline is not None
    return np.concatenate([line.baseline - ABOVE * pitch * down, line.baseline[::-1] + BELOW * pitch * down])


def _axes(line: LineRegion) -> tuple[np.ndarray, np.ndarray]:
    """Unit vectors along a line and down from it."""
    slope = np.radians(line.slope())
    along = np.array([np.cos(slope), np.sin(slope)])
    return along, np.array([-along[1], along[0]])


def _clipped(outline: np.ndarray | None, width: int, height: int) -> np.ndarray | None:
    if outline is None or len(outline) < 3:
        return None
    inside = np.clip(outline, 0, [width, height])
    corners = len(np.unique(np.rint(inside), axis=0))  # a line is cut along whole pixels
    return inside if (np.ptp(inside, axis=0) >= 1).all() and corners > 2 else None
