"""Ink on paper: strokes of a pen, scanned as 8-bit grey pixels.

Everything that decides how dark an image is (paper, pen, focus) belongs to the form, never
to the writer, so that a writer cannot be told by the tone of the page.
"""

import io
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter

from writerid.synthesis.penmanship import Traits
from writerid.synthesis.pens import STEP, Pen, gentle, new_pen, trace
from writerid.synthesis.skeletons import Points, along

Pixels = NDArray[np.uint8]

MARGIN = 3  # pixels of paper left around the ink
GREY_STEP = 4  # the scanner's grey levels: coarse ones keep the files small and hide nothing


@dataclass(frozen=True)
class Form:
    """The sheet that a form was written on, the pen that lay beside it and the scanner, in grey levels."""

    pen: Pen
    paper: float
    x_height: float  # pixels
    blur: float  # standard deviation, in pixels
    grain: float  # standard deviation of the scanner's noise
    shade: float  # amplitude of the uneven lighting
    width: float  # of a line, in pixels


def new_form(difficulty: float, rng: np.random.Generator) -> Form:
    """A sheet, a pen and a scanner, independent of the writer."""
    return Form(
        pen=new_pen(difficulty, rng),
        paper=rng.uniform(220, 246),
        x_height=rng.uniform(20.5, 27),
        blur=rng.uniform(0.35, 0.65),
        grain=rng.uniform(0.4, 0.9),
        shade=rng.uniform(0.5, 3.0),
        width=rng.uniform(1000, 1450),
    )


def _ink(points: Points, radius: NDArray[np.float64], darkness: NDArray[np.float64], size: tuple[int, int]) -> NDArray:
    """How much ink (0..1) lies on each pixel of a (height, width) sheet: the darkest of all marks on it."""
    reach = int(np.ceil(radius.max() + 0.5))
    offset = np.arange(-reach, reach + 1)
    corner = np.rint(points).astype(np.intp)
    columns = corner[:, :1] + offset
    rows = corner[:, 1:] + offset
    squares = (np.square(pixels - points.T[axis, :, None]) for axis, pixels in enumerate((columns, rows)))
    across, down = (square.astype(np.float32) for square in squares)
    distance = np.sqrt(across[:, None, :] + down[:, :, None])
    edge = (radius + 0.5).astype(np.float32)[:, None, None]
    marks = np.clip(edge - distance, 0.0, 1.0) * darkness.astype(np.float32)[:, None, None]
    sheet = np.zeros(size, np.float32)
    np.maximum.at(sheet.reshape(-1), (rows[:, :, None] * size[1] + columns[:, None, :]).reshape(-1), marks.reshape(-1))
    return sheet


def render(strokes: list[Points], traits: Traits, form: Form, rng: np.random.Generator) -> Pixels:
    """Draw strokes (points, 2), in x-heights with y upwards, on a sheet cut close around them.

    Returns uint8 (height, width): dark ink on light paper.
    """
    pen = form.pen
    paths = [along(stroke * (form.x_height, -form.x_height), STEP) for stroke in strokes]
    traces = [trace(path, traits, pen, rng) for path in paths]
    radius = 0.5 * np.concatenate([width for width, _ in traces])
    darkness = np.concatenate([dark for _, dark in traces])
    points = np.concatenate(paths)
    border = np.ceil(radius.max()) + 1 + MARGIN
    points = points - points.min(axis=0) + border
    width, height = (int(side) for side in np.ceil(points.max(axis=0) + border))
    tooth = rng.standard_normal((height, width), dtype=np.float32)
    ink = _ink(points, radius, darkness, (height, width)) * np.clip(1 - np.float32(pen.grain) * np.abs(tooth), 0, 1)
    ink = gaussian_filter(ink, np.hypot(form.blur, pen.edge), mode="constant", radius=2)
    paper = (form.paper + form.shade * gentle(width, 200, rng)).astype(np.float32) + form.grain * tooth
    grey = paper * (1 - ink) + pen.ink * ink
    return np.clip(np.rint(grey / GREY_STEP) * GREY_STEP, 0, 255).astype(np.uint8)


def as_png(pixels: Pixels) -> bytes:
    """The image as an 8-bit grey PNG file."""
    file = io.BytesIO()
    # runs of equal pixels and their codes are all there is to save in noise, and quick to find
    Image.fromarray(pixels).save(file, format="PNG", compress_level=1, compress_type=zlib.Z_RLE)
    return file.getvalue()
