"""What all pictures share: sheets of titled pictures, the same byte for byte each time, and evidence over writing."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont
from scipy.ndimage import gaussian_filter

from writerid.base.files import atomic

# DejaVu, in every environment, so that pictures are alike anywhere. Pillow has no letters beyond ASCII of its own.
FONTS = Path(mpl.get_data_path(), "fonts", "ttf")
FOR, AGAINST = (230, 97, 0), (60, 60, 200)  # what speaks for a writer, and what against
_SPREAD = 1 / 28  # of a line's height, by which evidence, which stands on strokes alone, is spread like a marker's ink
_WIDTH, _ZOOM, _GAP, _TEXT = 1600, 2.0, 14, 21  # pixels: of a sheet, of a line's pixel at most, between cells, of text


def save_image(pixels: np.ndarray, path: Path) -> None:
    """Write pixels, uint8 (height, width) or (height, width, 3), as a PNG of their size."""
    with atomic(path) as temporary:
        Image.fromarray(pixels).save(temporary, "PNG")


def sheet(cells: Sequence[tuple[str, np.ndarray]], heading: str, path: Path, across: int = 1, columns: int = 0) -> None:
    """Draw pictures, each under its title, `across` beside one another and at one scale; say so where there are none.

    Parameters: (title, uint8 (height, width) or (height, width, 3)); `columns`: pixels that lines have room for at
    least, so that short ones are not drawn larger.
    """
    columns = max([columns, *(image.shape[1] for _, image in cells)]) or 1
    zoom = min(_ZOOM, (_WIDTH - (across + 1) * _GAP) / (across * columns))
    place = round(columns * zoom) + _GAP
    drawn = [
        Image.fromarray(image).convert("RGB").resize(
            (max(1, round(image.shape[1] * zoom)), max(1, round(image.shape[0] * zoom))), Image.Resampling.BICUBIC
        )
        for _, image in cells
    ]  # fmt: skip
    rows = [range(start, min(start + across, len(cells))) for start in range(0, len(cells), across)]
    heights = [max(drawn[number].height for number in row) + _TEXT + _GAP for row in rows]
    lines = [*heading.splitlines(), *([] if cells else ["There is none."])]
    top = _GAP + (_TEXT + 4) * len(lines) + _GAP // 2
    canvas = Image.new("RGB", (max(across * place + _GAP, _WIDTH // 2), top + sum(heights)), "white")
    pen = ImageDraw.Draw(canvas)
    for number, line in enumerate(lines):
        pen.text((_GAP, _GAP + (_TEXT + 4) * number), line, fill="black", font=_font(_TEXT))
    for row, height in zip(rows, heights, strict=True):
        for column, number in enumerate(row):
            left = _GAP + column * place
            title = _fitting(" ".join(cells[number][0].split()), canvas.width - left if across == 1 else place - 8)
            pen.text((left, top), title, fill="#444444", font=_font(_TEXT - 3))
            canvas.paste(drawn[number], (left, top + _TEXT + 2))
        top += height
    save_image(np.asarray(canvas), path)


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(FONTS / "DejaVuSans.ttf"), size, layout_engine=ImageFont.Layout.BASIC)


def _fitting(text: str, width: int) -> str:
    """Return as much of a text as fits into so many pixels."""
    font = _font(_TEXT - 3)
    if font.getlength(text) <= width:
        return text
    return next(text[:end] + "…" for end in range(len(text), -1, -1) if font.getlength(text[:end] + "…") <= width)


def tinted(line: np.ndarray, strength: np.ndarray) -> np.ndarray:
    """Draw a coarse map, float (height, width), from 0 up, over writing, the more orange the stronger; as `marked`."""
    share = ((strength - strength.min()) / (np.ptp(strength) or 1.0))[..., None] ** 1.5
    return np.rint((255 - share * (255 - np.array(FOR)) * 0.85) * (line[..., None] / 255)).astype(np.uint8)


def marked(line: np.ndarray, evidence: np.ndarray) -> np.ndarray:
    """Draw evidence over writing as if with marker pens: orange speaks for, blue against; uint8 (height, width, 3).

    Parameters: a line, uint8 (height, width); evidence, float (height, width), which is scaled to its own largest.
    """
    spread = gaussian_filter(evidence.astype(np.float64), _SPREAD * line.shape[0])
    strength = np.clip(np.abs(spread) / (np.quantile(np.abs(spread), 0.985) or 1.0), 0, 1)[..., None] ** 0.7
    tint = np.where(spread[..., None] > 0, FOR, AGAINST)
    paper = 255 - strength * (255 - tint) * 0.85
    return np.rint(paper * (line[..., None] / 255)).astype(np.uint8)
