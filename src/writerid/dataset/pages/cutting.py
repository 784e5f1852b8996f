"""Cutting a line out of its page."""

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from writerid.base.errors import InputError
from writerid.dataset.pages.layout import LineRegion, points

LEVEL = 1.0  # degrees; a line that falls or climbs by less is not turned


@dataclass(frozen=True)
class Cut:
    """Where to cut: `outline`, int64 (points, 2), in pixels of the page; `turn` clockwise degrees to level it after.

    It is what a table of lines keeps of a line on a page, as `x,y x,y ...`, with `@turn` behind where it has one.
    """

    outline: np.ndarray
    turn: float

    def __str__(self) -> str:
        corners = " ".join(f"{x},{y}" for x, y in self.outline.tolist())
        return f"{corners} @{self.turn:g}" if self.turn else corners

    @classmethod
    def of(cls, line: LineRegion) -> "Cut":
        """Where to cut a line that has an outline; whole pixels and tenths of a degree."""
        assert line.outline is not None
        slope = round(line.slope(), 1)
        outline = np.rint(line.outline).astype(np.int64)
        repeats = (outline == np.roll(outline, 1, axis=0)).all(axis=1)
        return cls(outline if repeats.all() else outline[~repeats], -slope if abs(slope) >= LEVEL else 0.0)

    @classmethod
    def read(cls, text: str) -> "Cut":
        """Read what `str` gives; raises InputError where it is nothing of the kind."""
        corners, _, turn = text.partition("@")
        outline = points(corners)
        try:
            angle = float(turn or 0)
        except ValueError:
            outline = None
        if outline is None or len(outline) < 3 or (outline < 0).any() or not -180 <= angle <= 180:
            raise InputError(f"{text[:60]!r} is no outline of a line on a page")
        return cls(outline.astype(np.int64), angle)


def cut_line(page: np.ndarray, paper: np.ndarray, cut: Cut) -> np.ndarray:
    """Cut a line out of a page, uint8 (height, width); returns uint8 (rows, columns).

    `paper` is the page's `paper_tone`: it fills what lies around the outline, so that no ink of the neighbours stays.
    A line that runs upwards, downwards or aslant is turned level.

    Raises InputError where the outline does not lie on the page.
    """
    left, top = cut.outline.min(axis=0)
    right, bottom = cut.outline.max(axis=0) + 1
    right, bottom = min(right, page.shape[1]), min(bottom, page.shape[0])
    if right <= left or bottom <= top:
        raise InputError(f"an outline from {left},{top} does not lie on a page of {page.shape[1]} x {page.shape[0]}")
    within = np.s_[top:bottom, left:right]
    drawn = Image.new("L", (int(right - left), int(bottom - top)))
    ImageDraw.Draw(drawn).polygon([(int(x - left), int(y - top)) for x, y in cut.outline], fill=255)
    line = np.where(np.asarray(drawn) > 0, page[within], paper[within])
    if not cut.turn:
        return line
    fill = int(np.median(paper[within]))
    upright = _turned(Image.fromarray(line), cut.turn, fill)
    mask = np.asarray(_turned(drawn, cut.turn, 0)) > 127
    if not mask.any():
        return line
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    return np.asarray(upright)[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1].copy()


def _turned(image: Image.Image, clockwise: float, fill: int) -> Image.Image:
    """An image turned; by quarters without loss."""
    quarters = round(clockwise / 90)
    image = Image.fromarray(np.rot90(np.asarray(image), -quarters))
    rest = clockwise - 90 * quarters
    if abs(rest) < LEVEL:
        return image
    return image.rotate(-rest, Image.Resampling.BILINEAR, expand=True, fillcolor=fill)
