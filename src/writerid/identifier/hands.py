"""From lines to the vectors of their hands."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from writerid.crops.choice import even_starts
from writerid.crops.strips import strip_of
from writerid.dataset.writing_size import writing_size
from writerid.identifier.bundle import Preparation
from writerid.identifier.network import Network
from writerid.identifier.scans import ScannedLine
from writerid.identifier.traits import traits
from writerid.scores.embedding import unit

SAME = 1e-5  # by which vectors of one line may differ, read twice


@dataclass(frozen=True)
class Hand:
    """A line as the network sees it: its strip, uint8 (columns, height), the start columns of its crops, int64
    (crops,), the vector of each, float32 (crops, dimensions), and by how much its scan was scaled to the usual size of
    writing."""

    line: ScannedLine
    strip: np.ndarray
    starts: np.ndarray
    crops: np.ndarray
    by: float

    @property
    def vector(self) -> np.ndarray:
        """The mean vector of its crops, float64 (dimensions,)."""
        return np.asarray(self.crops.mean(axis=0, dtype=np.float64))


def see(lines: Sequence[ScannedLine], how: Preparation, network: Network) -> list[Hand]:
    """Bring lines of one scan to what the network sees, and ask it; lines that cannot be used are left out."""
    usable = [line for line in lines if not line.problem]
    by = how.size_factor(size([line.grey for line in usable]))
    scales = [how.scale(line.grey.shape[0], by) for line in usable]
    strips = [
        strip_of(line.grey, scale, how.tone, how.height, how.width) for line, scale in zip(usable, scales, strict=True)
    ]
    starts = [even_starts(len(strip) - how.width + 1, how.stride) for strip in strips]
    crops = [strip[start : start + how.width].T for strip, own in zip(strips, starts, strict=True) for start in own]
    if not crops:
        return []
    vectors = network.vectors(np.stack(crops))
    ends = np.cumsum([len(own) for own in starts])
    return [Hand(*each, by) for each in zip(usable, strips, starts, np.split(vectors, ends[:-1]), strict=True)]


def size(greys: Sequence[np.ndarray]) -> float | None:
    """Return how large the writing of a scan is, in pixels: the median over its lines that tell."""
    sizes = [found for grey in greys if (found := writing_size(grey))]
    return float(np.median(sizes)) if sizes else None


def together(hands: Sequence[Hand]) -> np.ndarray:
    """Return the vector of a document, of length 1, float64 (dimensions,): all crops of its lines count the same."""
    crops = np.concatenate([hand.crops for hand in hands])
    return np.asarray(unit(crops.mean(axis=0, dtype=np.float64)[None])[0])


def measured(hands: Sequence[Hand]) -> np.ndarray:
    """Return the traits of a document, float64 (traits,), the median over its lines."""
    return np.asarray(np.nanmedian([traits(hand.strip) for hand in hands], axis=0))


def all_among(known: np.ndarray, hands: Sequence[Hand]) -> int | None:
    """Return which of the vectors of known lines, float32 (lines, dimensions), is that of the first of some lines.

    None where one of these is not known.
    """
    rows = []
    for hand in hands:
        near = np.flatnonzero(np.abs(known[:, 0] - hand.vector[0]) <= SAME)  # most are not by one number
        same = near[(np.abs(known[near] - hand.vector) <= SAME).all(axis=1)]
        if not len(same):
            return None
        rows.append(int(same[0]))
    return rows[0]
