"""Which traits of a hand, of a pen, of paper and of a scanner decisions rest on: lines are changed in one trait alone.

How far a change goes is a share of the height of a line, which is that of the strips, so that a row means the same
change of the writing whatever crop.height is. Drawing a line anew at other places softens the edges of its strokes,
which costs accuracy by itself: what a change costs is to be read against lines that were moved by a little (by half a
pixel of 64) and changed in nothing else. What pens and scanners change is cleaned again, as scans are. Paper is drawn
onto the scan itself, which then goes the way of all scans.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from math import radians, tan

import numpy as np

from writerid.base.randomness import Use, stream
from writerid.crops.strips import OnScan
from writerid.crops.tones import normalise
from writerid.crops.windows import Packed
from writerid.dataset.ink import paper_and_ink
from writerid.explain import papers, pens, scanners, shapes
from writerid.scores.decisions import Decisions, ranks
from writerid.scores.paired import holm, over_forms

DEGREES, FACTOR = 5, 1.1  # of slant, of size
LITTLE, PLACE, PIECE = 1 / 128, 3 / 64, 1 / 4  # of the height
A_LITTLE = f"{Fraction(LITTLE)} of the height"
QUALITY, DPI, GAMMAS, TURN = 30, (100, 50), (0.7, 1.4), 2
UNCHANGED, ANEW = "as it is", f"drawn anew, moved by {Fraction(LITTLE)}"
Scanned = Callable[[int, OnScan], np.ndarray]  # the strip, uint8 (columns, height), of a row whose scan is changed
Change = Callable[[np.ndarray, np.random.Generator], np.ndarray]  # of a line, uint8 (height, columns), into another


@dataclass(frozen=True)
class Trait:
    """A trait, a change of it in words, and that change, of a strip and of its scan before it becomes one.

    The trait is empty where none is changed.
    """

    trait: str
    change: str
    apply: Change = lambda line, _: line
    on_scan: OnScan | None = None


def traits(tone: str) -> list[Trait]:
    """Return the changes that are tried, UNCHANGED and ANEW first, of strips that have a tone (see tones.normalise)."""
    return [
        Trait("", UNCHANGED),
        Trait("", ANEW, _drawn(right=LITTLE, down=LITTLE)),
        *_of_the_hand(),
        *(
            trait if trait.on_scan else replace(trait, apply=_cleaned(trait.apply, tone))
            for trait in _of_pen_paper_and_scanner()
        ),
    ]


def _of_the_hand() -> list[Trait]:
    lean, less, place = tan(radians(DEGREES)), 1 / FACTOR, f"{Fraction(PLACE)} of the height"
    share = f"{FACTOR - 1:.0%}".replace("%", " %")
    return [
        Trait("slant", f"leaning {DEGREES}° more to the right", _drawn(slant=lean)),
        Trait("slant", f"leaning {DEGREES}° more to the left", _drawn(slant=-lean)),
        Trait("size", f"writing {share} larger", _drawn(x=FACTOR, y=FACTOR)),
        Trait("size", f"writing {share} smaller", _drawn(x=less, y=less)),
        Trait("width of letters", f"letters {share} wider", _drawn(x=FACTOR)),
        Trait("width of letters", f"letters {share} narrower", _drawn(x=less)),
        Trait("width of strokes", f"strokes {A_LITTLE} wider", lambda line, _: shapes.strokes(line, LITTLE)),
        Trait("width of strokes", f"strokes {A_LITTLE} thinner", lambda line, _: shapes.strokes(line, -LITTLE)),
        Trait("place on the line", f"{place} further up", _drawn(down=-PLACE)),
        Trait("place on the line", f"{place} further down", _drawn(down=PLACE)),
        Trait("tops of letters", "all above small letters wiped out", lambda line, _: shapes.without_tops(line)),
        Trait("tails of letters", "all below small letters wiped out", lambda line, _: shapes.without_tails(line)),
        Trait("shades of grey", "only black and white", lambda line, _: normalise(line, "binary")),
        Trait("order of letters", f"pieces of {Fraction(PIECE)} of the height in any order", _shuffled),
    ]  # fmt: skip


def _of_pen_paper_and_scanner() -> list[Trait]:
    light, dark = GAMMAS
    return [
        Trait("pen", "ballpoint: thin, here and there pale", pens.ballpoint),
        Trait("pen", "felt pen: wide and dark", lambda line, _: pens.felt(line)),
        Trait("pen", "pencil: grey and grainy", pens.pencil),
        Trait("pen", "ink that fades to a third", lambda line, _: pens.fading(line)),
        Trait("paper", "ruled paper", on_scan=papers.ruled),
        Trait("paper", "squared paper", on_scan=papers.squared),
        Trait("direction", f"page turned by {TURN}°", lambda line, _: shapes.turned(line, TURN)),
        Trait("scanner", f"blurred by {A_LITTLE}", lambda line, _: scanners.blurred(line, LITTLE)),
        Trait("scanner", f"sharpened by {A_LITTLE}", lambda line, _: scanners.sharpened(line, LITTLE)),
        Trait("scanner", f"saved as JPEG of quality {QUALITY}", lambda line, _: scanners.compressed(line, QUALITY)),
        *(Trait("scanner", f"scanned at {dpi} dpi", _scanned(dpi)) for dpi in DPI),
        Trait("scanner", f"greys lighter (gamma {light})", lambda line, _: scanners.gamma(line, light)),
        Trait("scanner", f"greys darker (gamma {dark})", lambda line, _: scanners.gamma(line, dark)),
    ]  # fmt: skip


def _drawn(**how: float) -> Change:
    return lambda line, _: shapes.drawn(line, **how)


def _shuffled(line: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return shapes.shuffled(line, PIECE, rng)


def _scanned(dpi: int) -> Change:
    return lambda line, _: scanners.coarse(line, dpi)


def _cleaned(change: Change, tone: str) -> Change:
    """Clean lines again after a change, unless the network sees them as scanned."""
    if tone == "raw":
        return change
    return lambda line, rng: papers.recleaned(line, change(line, rng))


def of_line(packed: Packed, row: int, trait: Trait, seed: int, scanned: Scanned | None = None) -> np.ndarray:
    """Change the line of a row of lines.csv: uint8 (height, columns).

    `scanned`: see strips.Scans.strip. Raises ValueError where a trait is of scans, and that was not given.
    """
    strip = packed.strips[slice(*packed.ends[row : row + 2])]
    if trait.on_scan:
        if scanned is None:
            raise ValueError(f"{trait.change}: only scans can be changed so")
        strip = scanned(row, trait.on_scan)
    return trait.apply(np.ascontiguousarray(strip.T), stream(seed, Use.TRAITS, row))


def changed(
    packed: Packed, crops: np.ndarray, trait: Trait, seed: int, scanned: Scanned | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """Change all lines of a table of crops (see windows.CROP): their strips, uint8 (columns, height), and the table.

    A crop keeps its place within its line, in proportion where the line became wider or narrower.
    """
    parts, table, end = [], crops.copy(), 0
    for row in np.unique(crops["line"]):
        first, last = packed.ends[row : row + 2]
        other = of_line(packed, int(row), trait, seed, scanned)
        short = packed.width - other.shape[1]
        if short > 0:
            other = np.pad(other, ((0, 0), (0, short)), constant_values=paper_and_ink(packed.strips[first:last])[0])
        own = crops["line"] == row
        within = (crops["start"][own] - first) / max(1, last - first - packed.width)
        table["start"][own] = end + np.rint(within * (other.shape[1] - packed.width)).astype(int)
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
