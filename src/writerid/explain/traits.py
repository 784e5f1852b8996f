"""Which traits of a hand the decisions rest on: how many stay right when lines are changed in one trait alone.

Drawing a line anew at other places softens the edges of its strokes, which costs accuracy by itself: what a change of
shape costs is to be read against lines that were moved by half a pixel and changed in nothing else.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from math import radians, tan

import numpy as np
from PIL import Image
from scipy.ndimage import maximum_filter, minimum_filter

from writerid.base.randomness import Use, stream
from writerid.crops.tones import normalise
from writerid.crops.windows import Packed
from writerid.dataset.ink import paper_and_ink
from writerid.scores.decisions import Decisions, ranks
from writerid.scores.paired import holm, over_forms

DEGREES, FACTOR, PIXELS = 5, 1.1, 3  # of slant, of size, of place
UNCHANGED, ANEW = "as it is", "drawn anew, moved by half a pixel"
CORE = 0.5  # share of the most inked row's ink, from which a row is of the zone of small letters such as a, c, e
Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]  # of a line, uint8 (height, columns), into another


@dataclass(frozen=True)
class Trait:
    """A trait of a hand, a change of it in words, and that change; the trait is empty where none is changed."""

    trait: str
    change: str
    apply: Change


def traits(piece: int) -> list[Trait]:
    """Return the changes that are tried, UNCHANGED and ANEW first; pieces to shuffle have `piece` columns."""
    lean, less = tan(radians(DEGREES)), 1 / FACTOR
    share = f"{FACTOR - 1:.0%}".replace("%", " %")
    return [
        Trait("", UNCHANGED, lambda line, _: line),
        Trait("", ANEW, _drawn(right=0.5, down=0.5)),
        Trait("slant", f"leaning {DEGREES}° more to the right", _drawn(slant=lean)),
        Trait("slant", f"leaning {DEGREES}° more to the left", _drawn(slant=-lean)),
        Trait("size", f"writing {share} larger", _drawn(x=FACTOR, y=FACTOR)),
        Trait("size", f"writing {share} smaller", _drawn(x=less, y=less)),
        Trait("width of letters", f"letters {share} wider", _drawn(x=FACTOR)),
        Trait("width of letters", f"letters {share} narrower", _drawn(x=less)),
        Trait("width of strokes", "strokes half a pixel wider", _strokes(minimum_filter)),
        Trait("width of strokes", "strokes half a pixel thinner", _strokes(maximum_filter)),
        Trait("place on the line", f"{PIXELS} pixels further up", _drawn(down=-PIXELS)),
        Trait("place on the line", f"{PIXELS} pixels further down", _drawn(down=PIXELS)),
        Trait("tops of letters", "all above small letters wiped out", _without(above=True)),
        Trait("tails of letters", "all below small letters wiped out", _without(above=False)),
        Trait("shades of grey", "only black and white", lambda line, _: normalise(line, "binary")),
        Trait("order of letters", f"pieces of {piece} pixels in any order", _shuffled(piece)),
    ]


def changed(packed: Packed, crops: np.ndarray, trait: Trait, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Change all lines of a table of crops (see windows.CROP): their strips, uint8 (columns, height), and the table.

    A crop keeps its place within its line, in proportion where the line became wider or narrower.
    """
    parts, table, end = [], crops.copy(), 0
    for row in np.unique(crops["line"]):
        first, last = packed.ends[row : row + 2]
        line = np.ascontiguousarray(packed.strips[first:last].T)
        other = trait.apply(line, stream(seed, Use.TRAITS, int(row)))
        short = packed.width - other.shape[1]
        if short > 0:
            other = np.pad(other, ((0, 0), (0, short)), constant_values=paper_and_ink(line)[0])
        of_line = crops["line"] == row
        within = (crops["start"][of_line] - first) / max(1, last - first - packed.width)
        table["start"][of_line] = end + np.rint(within * (other.shape[1] - packed.width)).astype(int)
        parts.append(other.T)
        end += other.shape[1]
    return np.concatenate(parts), table


def costs(crops: Mapping[str, Decisions]) -> dict[str, tuple[float, float, float, float]]:
    """Return, by change, how accuracy by crop differs from ANEW's on the same forms: difference, its bounds, p.

    `crops`: the decisions under each change, ANEW among them. The p values are corrected for being looked at together.
    """
    right = {change: ranks(own.log_probs, own.labels) < 1 for change, own in crops.items()}
    found = {
        change: over_forms(own.astype(int) - right[ANEW], crops[change].forms)
        for change, own in right.items()
        if change != ANEW
    }
    corrected = holm([each.p for each in found.values()])
    told = {
        change: (each.value, max(-1.0, each.low), min(1.0, each.high), p)
        for (change, each), p in zip(found.items(), corrected, strict=True)
    }
    return {ANEW: (0.0, 0.0, 0.0, 1.0), **told}


def core(line: np.ndarray) -> tuple[int, int]:
    """The first row of the zone of small letters and the first below it, of a line, uint8 (height, columns)."""
    ink = np.maximum(float(paper_and_ink(line)[0]) - line, 0).sum(axis=1)
    rows = np.flatnonzero(ink >= CORE * ink.max())
    return int(rows[0]), int(rows[-1]) + 1


def _drawn(*, x: float = 1, y: float = 1, slant: float = 0, right: float = 0, down: float = 0) -> Change:
    """Draw lines anew: wider by `x`, higher by `y`, leaning by `slant` columns a row, moved by so many pixels."""

    def apply(line: np.ndarray, _: np.random.Generator) -> np.ndarray:
        height, columns = line.shape
        middle = height / 2
        back = (1 / x, slant, -slant * middle - right, 0, 1 / y, middle - middle / y - down)
        drawn = Image.fromarray(line).transform(
            (max(1, round(columns * x)), height),
            Image.Transform.AFFINE,
            back,
            Image.Resampling.BICUBIC,
            fillcolor=paper_and_ink(line)[0],
        )
        return np.asarray(drawn)

    return apply


def _strokes(extreme: Callable[..., np.ndarray]) -> Change:
    """Make strokes wider, or thinner, by a pixel of a line drawn twice as large, so that edges stay as they were."""

    def apply(line: np.ndarray, _: np.random.Generator) -> np.ndarray:
        height, columns = line.shape
        twice = Image.fromarray(line).resize((2 * columns, 2 * height), Image.Resampling.BICUBIC)
        return np.asarray(Image.fromarray(extreme(np.asarray(twice), size=2)).reduce(2))

    return apply


def _without(*, above: bool) -> Change:
    """Wipe out the rows above the zone of small letters, or those below it."""

    def apply(line: np.ndarray, _: np.random.Generator) -> np.ndarray:
        first, end = core(line)
        wiped = line.copy()
        wiped[slice(0, first) if above else slice(end, None)] = paper_and_ink(line)[0]
        return wiped

    return apply


def _shuffled(piece: int) -> Change:
    """Put pieces of so many columns in any order; what is left over stays at the end."""

    def apply(line: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        pieces = line.shape[1] // piece
        whole = line[:, : pieces * piece].reshape(len(line), pieces, piece)[:, rng.permutation(pieces)]
        return np.concatenate([whole.reshape(len(line), -1), line[:, pieces * piece :]], axis=1)

    return apply
