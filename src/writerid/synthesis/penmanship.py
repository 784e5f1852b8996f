"""Hands: how a writer shapes letters, and how a line of words becomes the path of a pen.

A hand is a set of letter shapes and a set of traits (slant, proportions, spacing, joining, ...). Each form
that the writer fills in shifts the traits a little, and each letter, whenever it is written, comes out
slightly different. `difficulty` (0..1) brings the hands closer to one another and makes them less steady.

Lengths are in x-heights (the height of a small letter) with y upwards, as in `skeletons`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from writerid.synthesis.skeletons import STEP, Points, Skeleton, curve, forms_of_letters


class Traits(NamedTuple):
    """What is the same in all letters of a hand."""

    slant: float  # x per y
    ascender: float  # height of tall letters above the small ones
    descender: float  # depth of tails
    width: float  # of everything along the line
    letter_gap: float  # between letters that are not joined
    join_gap: float  # between letters that are
    word_gap: float
    joining: float  # share of the possible joins that are made
    bow: float  # of the stems: x per squared y
    tilt: float  # of each letter's level strokes: y per x
    boxiness: float  # flat arches above 0, pointed ones below
    rounding: float  # length over which the path is smoothed: hasty hands cut corners
    dot_height: float  # of dots and bars, above where the skeleton has them
    dot_delay: float  # how far to the right they land
    dot_length: float
    wave: float  # amplitude of the baseline's waviness
    tremor: float  # amplitude of the pen's shaking
    nib_contrast: float  # relative difference of stroke width between directions
    nib_angle: float  # radians, direction of the thinnest strokes
    downstroke: float  # relative extra width of strokes towards the writer


# For each trait: the mean of all writers, the standard deviation between writers, the standard deviation
# between the forms of a writer, and the limits that no hand goes beyond. Deviations are those at a
# difficulty of 0.5, as are all constants below.
TRAITS = {
    "slant": (0.15, 0.38, 0.018, -0.45, 0.68),
    "ascender": (1.25, 0.38, 0.018, 0.55, 1.90),
    "descender": (1.10, 0.35, 0.018, 0.45, 1.75),
    "width": (0.81, 0.22, 0.014, 0.52, 1.35),
    "letter_gap": (0.26, 0.12, 0.008, 0.10, 0.55),
    "join_gap": (0.10, 0.09, 0.007, 0.00, 0.35),
    "word_gap": (0.92, 0.20, 0.025, 0.65, 1.40),
    "joining": (0.55, 0.40, 0.020, 0.00, 1.00),
    "bow": (0.00, 0.08, 0.004, -0.14, 0.14),
    "tilt": (0.03, 0.13, 0.007, -0.18, 0.25),
    "boxiness": (0.00, 0.50, 0.020, -0.80, 0.80),
    "rounding": (0.20, 0.11, 0.010, 0.05, 0.40),
    "dot_height": (0.05, 0.20, 0.015, -0.30, 0.45),
    "dot_delay": (0.08, 0.18, 0.015, -0.20, 0.50),
    "dot_length": (0.12, 0.09, 0.008, 0.02, 0.35),
    "wave": (0.05, 0.03, 0.004, 0.00, 0.12),
    "tremor": (0.011, 0.006, 0.001, 0.00, 0.03),
    "nib_contrast": (0.40, 0.30, 0.010, 0.00, 0.90),
    "nib_angle": (0.60, 0.90, 0.030, -1.00, 2.20),
    "downstroke": (0.20, 0.14, 0.010, 0.00, 0.45),
}
MEAN, BETWEEN, WITHIN, LOWEST, HIGHEST = np.array([TRAITS[name] for name in Traits._fields]).T
EVENLY = 3**0.5  # half the width of a uniform distribution whose standard deviation is 1

# How strongly letters are bent, in x-heights: in the writer's own way, and by the moment.
OWN_BEND, MOTOR_BEND = 0.12, 0.015
OWN_SCALE, MOTOR_SCALE = 0.14, 0.020  # logarithm of the width; half of it for the height
OWN_LEAN, MOTOR_LEAN = 0.08, 0.020  # x per y
TREMOR_LENGTH = 0.4
WAVES, BEND_WAVELENGTHS = 3, (1.2, 3.5)  # of a bend, and how long each may be

BODY = (-0.15, 1.15)  # the y range that decides how closely letters stand
FORM_TASTE = 1.7  # how much writers differ in which forms of the letters they like
USUAL_FORM = 0.45  # how much each form is less liked than the one before it
SCHOOL_TASTE = 3.0  # how much those who join letters prefer the schoolbook's forms


def spread_of(difficulty: float) -> float:
    """How different writers are, relative to the constants above."""
    return 2.25 ** (0.5 - difficulty)


def noise_of(difficulty: float) -> float:
    """How unsteady writers are, relative to the constants above."""
    return 6.0 ** (difficulty - 0.5)


@dataclass(frozen=True)
class Letter:
    """A letter in a writer's form: strokes (points, 2), of which the first may be joined to neighbours."""

    strokes: tuple[Points, ...]
    joins: bool

    @property
    def body(self) -> Points:
        """The points that neighbouring letters must keep clear of."""
        points = np.concatenate(self.strokes)
        inside = (points[:, 1] > BODY[0]) & (points[:, 1] < BODY[1])
        return points[inside] if inside.any() else points


@dataclass(frozen=True)
class Hand:
    """A writer's hand, or the same on one form: the letters, favourite form first, and the traits."""

    letters: dict[str, tuple[Letter, ...]]
    traits: Traits
    noise: float  # 0: steady
    fickleness: float  # probability that the second favourite form of a letter is written


@dataclass
class Writing:
    """A line of writing while it grows: pen strokes in x-heights, before slant and proportions."""

    strokes: list[Points] = field(default_factory=list)
    trail: Points | None = None  # the stroke that the next letter may continue
    right: float = 0.0  # where the last letter's body ends


def _bent(points: Points, strength: float, rng: np.random.Generator) -> Points:
    """The plane bent smoothly at random, so that what touched still touches; root mean square `strength`."""
    angle, phase = rng.uniform(0, 2 * np.pi, (2, WAVES))
    frequency = 2 * np.pi / rng.uniform(*BEND_WAVELENGTHS, WAVES)
    push = rng.normal(0.0, strength * (2 / WAVES) ** 0.5, (WAVES, 2))
    along_wave = points[:, :1] * np.cos(angle) + points[:, 1:] * np.sin(angle)
    return points + np.sin(along_wave * frequency + phase) @ push


def _varied(
    strokes: Iterable[Points], bend: float, scale: float, lean: float, rng: np.random.Generator
) -> tuple[Points, ...]:
    """The strokes of a letter, bent, scaled and leaning a little at random."""
    strokes = list(strokes)
    points = _bent(np.concatenate(strokes), bend, rng)
    wider, taller, leaning = rng.normal(0.0, (scale, scale / 2, lean))
    x = points[:, 0] * np.exp(wider) + points[:, 1] * leaning
    points = np.column_stack([x, points[:, 1] * np.exp(taller)])
    return tuple(np.split(points, np.cumsum([len(stroke) for stroke in strokes])[:-1]))


def _moved(traits: Traits, deviation: np.ndarray) -> Traits:
    return Traits(*np.clip(np.array(traits) + deviation, LOWEST, HIGHEST).tolist())


def _liking(skeletons: tuple[Skeleton, ...], joining: float, spread: float, rng: np.random.Generator) -> np.ndarray:
    """The indices of a letter's forms, the writer's favourite first."""
    taste = rng.gumbel(0.0, FORM_TASTE * spread, len(skeletons))
    school = np.array([skeleton.school for skeleton in skeletons])
    return np.argsort(-(taste - USUAL_FORM * np.arange(len(skeletons)) + SCHOOL_TASTE * (joining - 0.4) * school))


def hand_of_writer(difficulty: float, rng: np.random.Generator) -> Hand:
    """A new writer's hand."""
    spread = spread_of(difficulty)
    deviation = rng.uniform(-EVENLY, EVENLY, len(MEAN)) * BETWEEN * spread
    traits = _moved(Traits(*MEAN.tolist()), deviation)
    letters = {}
    for letter, skeletons in forms_of_letters().items():
        forms = []
        for index in _liking(skeletons, traits.joining, spread, rng)[:2]:
            strokes = _varied(skeletons[index].strokes, OWN_BEND * spread, OWN_SCALE * spread, OWN_LEAN * spread, rng)
            forms.append(Letter(strokes, skeletons[index].joins))
        letters[letter] = tuple(forms)
    return Hand(letters, traits, noise_of(difficulty), fickleness=0.2 * difficulty)


def hand_on_form(hand: Hand, rng: np.random.Generator) -> Hand:
    """The same writer on another day, at another table."""
    deviation = rng.normal(0.0, WITHIN * hand.noise)
    return Hand(hand.letters, _moved(hand.traits, deviation), hand.noise, hand.fickleness)


def _dot(at: Points, hand: Hand, rng: np.random.Generator) -> Points:
    """A dot is a short dash; commas and full stops are letters of their own."""
    length = hand.traits.dot_length * rng.uniform(0.5, 1.5)
    angle = rng.normal(-0.5, 0.5 * hand.noise)
    return at + np.linspace(0.0, length, 4)[:, None] * [np.cos(angle), np.sin(angle)]


def _written_once(letter: str, hand: Hand, rng: np.random.Generator) -> Letter:
    """The letter as it comes out this time, its body beginning at x = 0."""
    forms = hand.letters[letter]
    form = forms[int(len(forms) > 1 and rng.random() < hand.fickleness)]
    noise = hand.noise
    strokes = list(_varied(form.strokes, MOTOR_BEND * noise, MOTOR_SCALE * noise, MOTOR_LEAN * noise, rng))
    for index, stroke in enumerate(strokes):
        if index and letter.islower():  # dots and bars, put in after the pen was lifted
            shift = (hand.traits.dot_delay, hand.traits.dot_height if len(stroke) == 1 else 0.0)
            strokes[index] = stroke + shift + rng.normal(0.0, 0.02 * noise, 2)
        if len(stroke) == 1:
            strokes[index] = _dot(strokes[index], hand, rng)
    body = Letter(tuple(strokes), form.joins).body[:, 0]
    tilted = (stroke + stroke[:, :1] * (0.0, hand.traits.tilt) for stroke in strokes)
    start = np.array([body.min(), hand.traits.tilt * body.mean()])
    return Letter(tuple(stroke - start for stroke in tilted), form.joins)


def _within_reach(point: Points, body: Points, side: float) -> bool:
    """Whether a stroke can be joined at its end `point`: in the body, on the given side (0 left, 1 right)."""
    left, right = body[:, 0].min(), body[:, 0].max()
    return bool(abs(point[0] - left - side * (right - left)) < 0.4 * (right - left) and -0.2 < point[1] < 1.2)


def _bridge(path: Points, target: Points, target_tangent: Points) -> Points:
    """A smooth stroke from the end of `path` to `target`, (points, 2), both ends left out."""
    reach = np.hypot(*(target - path[-1]))
    leaving = path[-1] - path[-min(5, len(path))]
    tangents = [0.9 * reach * t / max(np.hypot(*t), 1e-9) for t in (leaving, target_tangent)]
    count = max(2, round(1.3 * reach / STEP))
    return curve(path[-1], tangents[0], target, tangents[1], count)[1:]


def _join(trail: Points, stroke: Points) -> tuple[Points | None, Points]:
    """Lead the pen from the end of `trail` into `stroke`.

    Letters that begin on the left go on from the trail. Round letters begin on the right of their bowl: the
    trail ends where it touches the bowl, and is returned first.
    """
    if _within_reach(stroke[0], stroke, side=0.0):
        bridge = _bridge(trail, stroke[0], stroke[min(4, len(stroke) - 1)] - stroke[0])
        return None, np.concatenate([trail, bridge, stroke])
    touched = stroke[np.argmin(stroke[:, 0] + 2 * np.abs(stroke[:, 1] - 0.55))]
    return np.concatenate([trail, _bridge(trail, touched, np.array([0.6, 1.0]))]), stroke


def _add(writing: Writing, letter: Letter, hand: Hand, rng: np.random.Generator) -> None:
    """Write one more letter of the word."""
    joined = writing.trail is not None and letter.joins and rng.random() < hand.traits.joining
    gap = hand.traits.join_gap if joined else hand.traits.letter_gap
    shift = np.array([writing.right + gap + rng.normal(0.0, 0.02 * hand.noise), 0.0])
    lift = np.array([0.0, rng.normal(0.0, 0.012 * hand.noise)])
    main, *others = (stroke + shift + lift for stroke in letter.strokes)
    body = letter.body + shift
    if joined and writing.trail is not None:
        finished, main = _join(writing.trail, main)
        writing.strokes += [] if finished is None else [finished]
    elif writing.trail is not None:
        writing.strokes.append(writing.trail)
    writing.strokes += others
    writing.right = float(body[:, 0].max())
    writing.trail = main
    if not (letter.joins and _within_reach(main[-1], body, side=1.0)):
        _lift_pen(writing)


def _lift_pen(writing: Writing) -> None:
    if writing.trail is not None:
        writing.strokes.append(writing.trail)
        writing.trail = None


def _smoothed(path: Points, length: float) -> Points:
    """The path averaged over `length` of its way, with both ends in place."""
    half = min(round(length / STEP / 2), (len(path) - 1) // 2)
    if half < 1:
        return path
    lead, tail = 2 * path[0] - path[half:0:-1], 2 * path[-1] - path[-2 : -half - 2 : -1]
    sums = np.cumsum(np.concatenate([np.zeros((1, 2)), lead, path, tail]), axis=0)
    return (sums[2 * half + 1 :] - sums[: -2 * half - 1]) / (2 * half + 1)


def _wander(x: np.ndarray, wavelengths: tuple[float, float], rng: np.random.Generator) -> np.ndarray:
    """A smooth random function of the position along the line, of variance about 1."""
    phase, wavelength = rng.uniform(0, 2 * np.pi, 3), rng.uniform(*wavelengths, 3)
    return np.sin(2 * np.pi * x[:, None] / wavelength + phase).sum(axis=1) * (2 / 3) ** 0.5


def _proportioned(points: Points, hand: Hand, rng: np.random.Generator) -> Points:
    """Give the points of a whole line the writer's proportions, slant and baseline."""
    traits, noise = hand.traits, hand.noise
    x, y = points.T
    y = np.where((y > 0) & (y < 1), y - traits.boxiness * np.sin(2 * np.pi * y) / (2 * np.pi), y)
    y = np.where(y > 1, 1 + (y - 1) * traits.ascender, np.where(y < 0, y * traits.descender, y))
    y = y * (1 + 0.02 * noise * _wander(x, (6, 20), rng))
    bowed = traits.bow * ((y - 0.5) ** 2 - 0.25)
    x_out = x * traits.width + bowed + y * (traits.slant + 0.025 * noise * _wander(x, (3, 12), rng))
    baseline = traits.wave * _wander(x, (8, 30), rng) + x * rng.normal(0.0, 0.0015 * noise)
    window = np.hanning(round(TREMOR_LENGTH / STEP) + 2)
    tremor = rng.normal(0.0, traits.tremor, (2, len(x) + len(window) - 1))
    shaken = [np.convolve(axis, window / np.sqrt((window**2).sum()), mode="valid") for axis in tremor]
    return np.column_stack([x_out + shaken[0], y + baseline + shaken[1]])


def write_line(words: Iterable[str], width: float, hand: Hand, rng: np.random.Generator) -> list[Points]:
    """Write words until the line is `width` x-heights wide: the strokes, each (points, 2), y upwards."""
    writing = Writing()
    for word in words:
        for letter in word:
            _add(writing, _written_once(letter, hand, rng), hand, rng)
        _lift_pen(writing)
        if writing.right * hand.traits.width > width:
            break
        writing.right += hand.traits.word_gap * np.exp(rng.normal(0.0, 0.06 * hand.noise))
    strokes = [_smoothed(stroke, hand.traits.rounding) for stroke in writing.strokes]
    points = _proportioned(np.concatenate(strokes), hand, rng)
    return np.split(points, np.cumsum([len(stroke) for stroke in strokes])[:-1])
