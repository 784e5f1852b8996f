"""Lines changed as a hand may change them: slant, size, place, strokes, tops and tails, order.

Lines are uint8 (height, columns), dark on light. How far a change goes is a share of the line's height, so that it is
the same change of the writing however finely lines are drawn.
"""

import numpy as np
from PIL import Image
from scipy.ndimage import maximum_filter, minimum_filter

from writerid.crops.strips import scale
from writerid.dataset.ink import paper_and_ink

CORE = 0.5  # share of the most inked row's ink, from which a row is of the zone of small letters such as a, c, e


def core(line: np.ndarray) -> tuple[int, int]:
    """The first row of the zone of small letters and the first below it."""
    ink = np.maximum(float(paper_and_ink(line)[0]) - line, 0).sum(axis=1)
    rows = np.flatnonzero(ink >= CORE * ink.max())
    return int(rows[0]), int(rows[-1]) + 1


def drawn(
    line: np.ndarray, *, x: float = 1, y: float = 1, slant: float = 0, right: float = 0, down: float = 0
) -> np.ndarray:
    """Draw a line anew: wider by `x`, higher by `y`, leaning by `slant` columns a row, moved by shares of its height.

    Only the width may change: uint8 (height, columns times x).
    """
    height, columns = line.shape
    middle = height / 2
    back = (1 / x, slant, -slant * middle - right * height, 0, 1 / y, middle - middle / y - down * height)
    image = Image.fromarray(line).transform(
        (max(1, round(columns * x)), height),
        Image.Transform.AFFINE,
        back,
        Image.Resampling.BICUBIC,
        fillcolor=paper_and_ink(line)[0],
    )
    return np.asarray(image)


def turned(line: np.ndarray, degrees: float) -> np.ndarray:
    """Turn a line clockwise, as on a page that lay askew, and cut it out upright: uint8 (height, columns).

    It is drawn smaller where it would be too high, as the strips of high lines are.
    """
    paper, ink = paper_and_ink(line)
    whole = Image.fromarray(line).rotate(-degrees, Image.Resampling.BICUBIC, expand=True, fillcolor=paper)
    written = np.flatnonzero((np.asarray(whole) <= (paper + ink) // 2).any(axis=1))
    cut = np.asarray(whole)[written[0] : written[-1] + 1] if len(written) else line
    return np.ascontiguousarray(scale(cut, min(1.0, len(line) / len(cut)), len(line), 1).T)


def strokes(line: np.ndarray, share: float) -> np.ndarray:
    """Make strokes wider, or thinner where `share` is below 0, by that share of the line's height.

    The line is drawn twice as large, so that edges stay as they were, and what lies between two whole pixels there is
    mixed of both.
    """
    height, columns = line.shape
    twice = np.asarray(Image.fromarray(line).resize((2 * columns, 2 * height), Image.Resampling.BICUBIC))
    extreme = minimum_filter if share > 0 else maximum_filter
    whole, rest = divmod(2 * height * abs(share), 1)
    least = extreme(twice, size=1 + int(whole))
    if rest:
        least = np.rint((1 - rest) * least + rest * extreme(twice, size=2 + int(whole))).astype(np.uint8)
    return np.asarray(Image.fromarray(least).reduce(2))


def without_tops(line: np.ndarray) -> np.ndarray:
    """Wipe out the rows above the zone of small letters."""
    wiped = line.copy()
    wiped[: core(line)[0]] = paper_and_ink(line)[0]
    return wiped


def without_tails(line: np.ndarray) -> np.ndarray:
    """Wipe out the rows below the zone of small letters."""
    return without_tops(line[::-1])[::-1]


def shuffled(line: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Put pieces, as wide as a share of the line's height, in any order; what is left over stays at the end."""
    piece = max(1, round(share * len(line)))
    pieces = line.shape[1] // piece
    whole = line[:, : pieces * piece].reshape(len(line), pieces, piece)[:, rng.permutation(pieces)]
    return np.concatenate([whole.reshape(len(line), -1), line[:, pieces * piece :]], axis=1)
