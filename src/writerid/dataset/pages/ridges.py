"""Where the lines of a page run: ridges of its blurred ink, followed from left to right."""

from typing import NamedTuple

import numpy as np
from scipy import ndimage

from writerid.dataset.pages.paper import Crowded

STEEPEST = 8.0  # degrees; how far a page may be turned
WORKING_PITCH = 20  # pixels from line to line in which ridges are traced
USUAL = 1.95  # from line to line, in heights of the strokes
LEAP = 4.0  # pitches; a wider gap in a line is a gap between columns
OFFSET = 0.4  # pitches; how far apart two pieces of one line may lie
MOST_PIECES = 600  # of lines on a page; a page has some thirty, and the time to join them grows with the cube


class Ridge(NamedTuple):
    """The middle of a line's small letters: `y` (columns,) float64 at each column from `left` on, in pixels."""

    left: int
    y: np.ndarray


def skew(ink: np.ndarray) -> float:
    """The angle in degrees by which a page's lines fall to the right (negative: climb), from its ink mask.

    It is the angle along which the ink's profile is sharpest, found to a twentieth of a degree.
    """
    y, x = np.nonzero(ink[::2, ::2])
    if not len(y):
        return 0.0
    step = max(1, len(y) // 40_000)
    y, x = y[::step].astype(np.float64), x[::step].astype(np.float64)

    def sharpness(angle: float) -> float:
        across = np.rint(y - x * np.tan(np.radians(angle))).astype(np.int64)
        profile = np.bincount(across - across.min()).astype(np.float64)
        return float(np.square(np.diff(ndimage.gaussian_filter1d(profile, 1.0))).sum())

    coarse = max(np.arange(-STEEPEST, STEEPEST + 0.1, 0.5), key=lambda angle: (sharpness(angle), -abs(angle)))
    return float(max(coarse + np.arange(-0.5, 0.51, 0.05), key=lambda angle: (sharpness(angle), -abs(angle))))


def pitch(ink: np.ndarray) -> float | None:
    """The usual distance in pixels from line to line of a level page, from its ink mask; None where it is blank.

    It is the lag at which the profiles of upright stripes of the page repeat themselves, the first of about equally
    good ones, within what the height of the letters allows; or else what is usual for such letters.
    """
    heights = stroke_heights(ink)
    if not len(heights):
        return None
    tall = np.repeat(heights, heights)
    usual = USUAL * np.sqrt(np.median(tall) * np.median(heights))
    height, width = ink.shape
    stripe = max(1, width // 8)
    total = np.zeros(height)
    for left in range(0, width - stripe + 1, stripe):
        profile = ndimage.gaussian_filter1d(ink[:, left : left + stripe].sum(axis=1).astype(np.float64), 1.5)
        profile -= ndimage.uniform_filter1d(profile, max(3, round(2.5 * usual)))
        total += np.fft.irfft(np.abs(np.fft.rfft(profile, 2 * height)) ** 2)[:height]
    peaks = np.flatnonzero((total[1:-1] > total[:-2]) & (total[1:-1] >= total[2:])) + 1
    peaks = peaks[(total[peaks] > 0.05 * total[0]) & (peaks > 0.5 * usual) & (peaks < 1.9 * usual)]
    if not len(peaks):
        return float(usual)
    return float(peaks[total[peaks] >= 0.5 * total[peaks].max()][0])


def stroke_heights(ink: np.ndarray) -> np.ndarray:
    """Height in pixels of each connected stroke of an ink mask, int64, once for each pixel column it is wide."""
    names, _ = ndimage.label(ink, np.ones((3, 3)))
    spans = np.array([(y.stop - y.start, x.stop - x.start) for y, x in ndimage.find_objects(names)], np.int64)
    return np.repeat(*spans.T) if len(spans) else np.empty(0, np.int64)


def trace(ink: np.ndarray, distance: float) -> list[Ridge]:
    """Follow the lines of a level page whose lines lie about `distance` pixels apart, from its ink mask.

    Returns a ridge a line, from the top down. Raises Crowded where there are more than MOST_PIECES pieces to join.
    """
    by = max(1, round(distance / WORKING_PITCH))
    height, width = (side // by * by for side in ink.shape)
    small = ink[:height, :width].reshape(height // by, by, width // by, by).mean(axis=(1, 3), dtype=np.float32)
    unit = distance / by
    bent = -ndimage.gaussian_filter(small, (0.22 * unit, 0.9 * unit), order=(2, 0), mode="constant") * unit**2
    pieces = _joined(_curves(bent), unit)
    ridges = [Ridge(int(left * by), np.repeat((y + 0.5) * by - 0.5, by)) for left, y in pieces if len(y) >= 0.5 * unit]
    return sorted(ridges, key=lambda ridge: (float(np.mean(ridge.y)), ridge.left))


def spacing(ridges: list[Ridge]) -> float | None:
    """The lower quartile of the distances in pixels from ridge to ridge; None where none lies above another."""
    width = max((ridge.left + len(ridge.y) for ridge in ridges), default=0)
    y = np.full((len(ridges), width), np.inf)
    for number, ridge in enumerate(ridges):
        y[number, ridge.left : ridge.left + len(ridge.y)] = ridge.y
    y = np.sort(y, axis=0)
    with np.errstate(invalid="ignore"):
        gaps = np.diff(y, axis=0)
    gaps = gaps[np.isfinite(gaps)]
    return float(np.quantile(gaps, 0.25)) if len(gaps) else None


def _curves(bent: np.ndarray) -> list[tuple[int, np.ndarray]]:
    """Connected crests of a response (rows, columns), each as its first column and its row at each column."""
    crest = (bent > np.roll(bent, 1, axis=0)) & (bent >= np.roll(bent, -1, axis=0))
    crest[[0, -1]] = False
    strong = bent[crest & (bent > 0)]
    if not len(strong):
        return []
    crest &= bent > 0.15 * np.quantile(strong, 0.9)
    names, _ = ndimage.label(ndimage.binary_dilation(crest, np.ones((3, 1))), np.ones((3, 3)))
    names *= crest
    curves = []
    for name, (rows, columns) in enumerate(ndimage.find_objects(names), start=1):
        weight = np.where(names[rows, columns] == name, bent[rows, columns], 0)
        best = weight.argmax(axis=0)
        present = weight.max(axis=0) > 0
        x = np.flatnonzero(present)
        curves.append((columns.start + int(x[0]), np.interp(np.arange(x[0], x[-1] + 1), x, best[x]) + rows.start))
    return curves


def _joined(pieces: list[tuple[int, np.ndarray]], unit: float) -> list[tuple[int, np.ndarray]]:
    """Join pieces that follow each other on one line, the best fitting first."""
    pieces = [piece for piece in pieces if len(piece[1]) >= 2]
    if len(pieces) > MOST_PIECES:
        raise Crowded(f"{len(pieces):,} pieces of lines, and a page of writing has some thirty")
    if len(pieces) < 2:
        return pieces
    ends = np.array([_ends(piece, unit) for piece in pieces])
    costs = np.stack([_costs(one, ends, unit) for one in ends])
    np.fill_diagonal(costs, np.inf)
    while len(pieces) > 1 and np.isfinite(costs.min()):
        i, j = (int(place) for place in np.unravel_index(costs.argmin(), costs.shape))
        (left, y), (start, z) = pieces[i], pieces[j]
        x = np.concatenate([np.arange(left, left + len(y)), np.arange(start, start + len(z))])
        order = np.argsort(x, kind="stable")
        columns = np.arange(left, max(left + len(y), start + len(z)))
        both = left, np.interp(columns, x[order], np.concatenate([y, z])[order])
        rest = [k for k in range(len(pieces)) if k not in (i, j)]
        pieces = [*(pieces[k] for k in rest), both]
        ends = np.vstack([ends[rest], _ends(both, unit)])
        costs = np.pad(costs[np.ix_(rest, rest)], (0, 1), constant_values=np.inf)
        costs[-1, :-1] = _costs(ends[-1], ends[:-1], unit)
        costs[:-1, -1] = [_costs(one, ends[-1:], unit)[0] for one in ends[:-1]]
    return pieces


def _ends(piece: tuple[int, np.ndarray], unit: float) -> tuple[float, ...]:
    """Where a piece begins and ends, and height and slope there, each as seen from within: float64 (6,)."""
    left, y = piece
    return (left, left + len(y), *_aim(y, unit), *_aim(y[::-1], unit))


def _costs(one: np.ndarray, others: np.ndarray, unit: float) -> np.ndarray:
    """How badly others follow one piece, float64 (others,), inf where they do not; see `_ends`."""
    gap = others[:, 0] - one[1]
    reach = np.maximum(gap, 0) / 2
    apart = np.abs((one[4] - one[5] * reach) - (others[:, 2] - others[:, 3] * reach))
    follows = (-0.5 * unit <= gap) & (gap <= LEAP * unit) & (apart <= OFFSET * unit)
    return np.where(follows, apart / unit + 0.05 * np.maximum(gap, 0) / unit, np.inf)


def _aim(y: np.ndarray, unit: float) -> tuple[float, float]:
    """Height and slope at the beginning of a piece, from its first three units."""
    part = y[: max(2, round(3 * unit))]
    middle = float(part.mean())
    slope = float(np.clip(np.polyfit(np.arange(len(part)), part, 1)[0], -0.1, 0.1)) if len(part) > unit else 0.0
    return middle - slope * (len(part) - 1) / 2, slope
