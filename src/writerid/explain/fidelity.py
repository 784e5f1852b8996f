"""Whether evidence maps tell the truth: what becomes of a decision when the marked ink goes, or comes, first.

Deletion and insertion (V. Petsiuk et al., RISE, BMVC 2018): a crop is cut into cells, which are put in an order, the
most marked first. Deletion replaces them one after another by blank paper, insertion puts them one after another onto
blank paper. A map that marks what the decision rests on makes the class's probability fall fast, and rise fast.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from writerid.explain.attribution import METHODS, Method, blank_paper
from writerid.explain.taps import BATCH, Taps
from writerid.scores.calibration import scaled
from writerid.scores.decisions import log_softmax
from writerid.scores.paired import Difference, holm, over_forms

CELL = 8  # pixels
POINTS = 6  # shares of the ink at which the probability is taken, from 0 to 1
BASELINES = ("ink", "random")  # orders that know nothing of the network: the most inked cells first, and any


@dataclass(frozen=True)
class Fidelity:
    """Mean probability of the decision by order of the cells and share of the ink gone or come.

    shares: float64 (POINTS,). deletion, insertion: by order, float64 (crops, POINTS).
    """

    shares: np.ndarray
    deletion: Mapping[str, np.ndarray]
    insertion: Mapping[str, np.ndarray]

    def rows(self) -> list[tuple[object, ...]]:
        """Return (test, order, share, probability) rows, means over the crops."""
        return [
            (test, order, f"{share:.2f}", f"{value:.4f}")
            for test, curves in (("deletion", self.deletion), ("insertion", self.insertion))
            for order, values in curves.items()
            for share, value in zip(self.shares, values.mean(axis=0), strict=True)
        ]

    def figures(self, forms: np.ndarray) -> dict[str, dict[str, dict[str, float]]]:
        """Area under each order's curve, and its gain over the baselines, with 95 % intervals over forms.

        `over_random` and `over_ink`: the gain of an order over each baseline on the same crops, positive where it is
        better (a smaller area in deletion, a larger one in insertion). Their p values are corrected for all gains that
        are looked at (see paired.holm). `forms`, int (crops,): the form of each crop.
        """
        found: dict[str, dict[str, dict[str, float]]] = {}
        compared: list[tuple[dict[str, float], str, float]] = []
        for test, curves, sign in (("deletion", self.deletion, -1), ("insertion", self.insertion, 1)):
            areas = {order: np.trapezoid(values, self.shares, axis=1) for order, values in curves.items()}
            found[test] = {order: _bounds("area", over_forms(values, forms), 0) for order, values in areas.items()}
            for order in sorted(areas.keys() - set(BASELINES)):
                for other in BASELINES:
                    gain = over_forms(sign * (areas[order] - areas[other]), forms)
                    found[test][order] |= _bounds(f"over_{other}", gain, -1)
                    compared.append((found[test][order], f"over_{other}_p", gain.p))
        for (scores, name, _), p in zip(compared, holm([p for *_, p in compared]), strict=True):
            scores[name] = p
        return found


def measure(
    taps: Taps, crops: np.ndarray, classes: np.ndarray, rng: np.random.Generator, temperature: float = 1.0
) -> Fidelity:
    """Measure each method of attribution, and the baselines, on crops, uint8 (crops, height, width).

    `classes`, int (crops,), are the decisions whose probability, at a temperature, is followed. The shares
    are of the ink: deleting paper, of which most of a crop is, changes nothing, and an order must not look good for
    finding ink.
    """
    blank = blank_paper(crops)
    ink = _by_cell(np.abs(crops.astype(np.float32) - blank))
    marks = {name: _marks(taps, crops, classes, method) for name, method in METHODS.items()}
    marks |= {"ink": ink, "random": rng.random(ink.shape)}
    shares = np.linspace(0, 1, POINTS)
    deletion, insertion = {}, {}
    for order, mark in marks.items():
        chosen = [_spread(_first(mark, ink, share), crops.shape[1:]) for share in shares]
        pairs = np.concatenate(
            [np.where(cells, *pair) for pair in ((blank, crops), (crops, blank)) for cells in chosen]
        )
        probability = np.exp(scaled(log_softmax(taps.logits(pairs)), temperature))
        probability = probability[np.arange(len(pairs)), np.tile(classes, 2 * POINTS)]
        deletion[order], insertion[order] = probability.reshape(2, POINTS, len(crops)).transpose(0, 2, 1)
    return Fidelity(shares, deletion, insertion)


def _marks(taps: Taps, crops: np.ndarray, classes: np.ndarray, method: Method) -> np.ndarray:
    parts = [slice(start, start + BATCH) for start in range(0, len(crops), BATCH)]
    return _by_cell(np.concatenate([method(taps, crops[part], classes[part]) for part in parts]))


def _by_cell(values: np.ndarray) -> np.ndarray:
    """Sums over cells: float64 (crops, rows, columns) of cells from values (crops, height, width)."""
    rows, columns = (-(-side // CELL) for side in values.shape[1:])
    padding = ((0, 0), (0, rows * CELL - values.shape[1]), (0, columns * CELL - values.shape[2]))
    padded = np.pad(values.astype(np.float64), padding)
    return padded.reshape(len(values), rows, CELL, columns, CELL).sum(axis=(2, 4))


def _spread(cells: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """From cells back to pixels: bool (crops, height, width)."""
    return cells.repeat(CELL, axis=1).repeat(CELL, axis=2)[:, : size[0], : size[1]]


def _first(marks: np.ndarray, ink: np.ndarray, share: float) -> np.ndarray:
    """Return the cells, bool (crops, rows, columns), that come first and hold a share of each crop's ink together."""
    flat, held = marks.reshape(len(marks), -1), ink.reshape(len(ink), -1)
    order = np.argsort(-flat, axis=1, kind="stable")
    before = np.cumsum(np.take_along_axis(held, order, axis=1), axis=1) - np.take_along_axis(held, order, axis=1)
    total = held.sum(axis=1, keepdims=True)
    chosen = np.zeros(flat.shape, bool)
    np.put_along_axis(chosen, order, (before < share * total - 1e-6 * total) | (share >= 1), axis=1)
    return chosen.reshape(marks.shape)


def _bounds(name: str, mean: Difference, least: float) -> dict[str, float]:
    """The mean and its bounds, which lie between `least` and 1."""
    return {name: mean.value, f"{name}_low": max(least, mean.low), f"{name}_high": min(1.0, mean.high)}
