"""Pens: what a form was written with, and how much of the hand it lets show.

A pen belongs to the form, never to the writer: nobody can be told by the pen. How a hand holds and presses it
(`nib_contrast`, `nib_angle` and `downstroke` of its traits) is the writer's. A nib shows most of it, a felt pen little.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from writerid.synthesis.penmanship import Traits
from writerid.synthesis.skeletons import Points

STEP = 0.8  # pixels between two marks of the pen
TAPER = 5.0  # pixels over which a stroke gets its full width


class Pen(NamedTuple):
    """What a form was written with."""

    width: float  # of a stroke, in pixels
    ink: float  # grey level
    give: float  # how far the width follows direction and pressure; 1: as the hand would have it
    pallor: float  # how much paler than full ink it usually is
    patches: float  # standard deviation of the darkness along a stroke
    edge: float  # blur of the strokes, standard deviation in pixels
    grain: float  # how much ink the paper's grain keeps away


# The least and the most of each. All values lie evenly between.
PENS = {
    "nib": (Pen(2.6, 28, 0.8, 0.10, 0.07, 0.0, 0.0), Pen(3.8, 62, 1.0, 0.10, 0.07, 0.2, 0.0)),
    "ballpoint": (Pen(1.9, 40, 0.4, 0.10, 0.10, 0.0, 0.05), Pen(2.9, 85, 0.7, 0.20, 0.18, 0.3, 0.15)),
    "felt": (Pen(3.5, 20, 0.3, 0.00, 0.01, 0.2, 0.0), Pen(4.7, 50, 0.6, 0.05, 0.03, 0.5, 0.0)),
    "pencil": (Pen(2.3, 55, 0.4, 0.10, 0.08, 0.2, 0.20), Pen(3.6, 95, 0.7, 0.20, 0.14, 0.5, 0.40)),
}


def new_pen(difficulty: float, rng: np.random.Generator) -> Pen:
    """A pen: at a difficulty of 0 always a nib, from 0.5 on any, each as often as the others."""
    kinds = list(PENS)
    kind = kinds[rng.integers(len(kinds))] if rng.random() < 2 * difficulty else kinds[0]
    return Pen(*rng.uniform(*PENS[kind]))


def gentle(count: int, reach: int, rng: np.random.Generator) -> NDArray[np.float64]:
    """Smooth noise of variance about 1 along `count` points, changing over `reach` of them."""
    knots = rng.normal(0.0, 1.2, count // reach + 2)
    return np.interp(np.arange(count) / reach, np.arange(len(knots)), knots)


def trace(
    path: Points, traits: Traits, pen: Pen, rng: np.random.Generator
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The width in pixels and the darkness (0..1) of a stroke at its points (points, 2), `STEP` apart, y downwards."""
    step = np.gradient(path, axis=0)
    direction = np.arctan2(-step[:, 1], step[:, 0])
    broad = traits.nib_contrast * (np.abs(np.sin(direction - traits.nib_angle)) - 0.6)
    pressed = traits.downstroke * np.clip(-np.sin(direction), -0.5, 1)
    from_end = np.minimum(np.arange(len(path)), np.arange(len(path))[::-1]) * STEP
    taper = np.minimum(1.0, 0.6 + 0.4 * from_end / TAPER)
    pressure = gentle(len(path), 30, rng)
    width = (1 + pen.give * (broad + pressed) + 0.07 * pressure) * taper
    return pen.width * width, np.clip(1 - pen.pallor + pen.patches * pressure, 0.4, 1.0)
