"""Letter skeletons: the path of the pen for every letter, in several forms each.

Two sources are put on one grid: the single-stroke faces of A. V. Hershey's public-domain fonts, and a table
of everyday forms, written the way a hand draws them: one movement per letter where that is usual.

The grid: x to the right, y upwards, baseline 0, top of the small letters 1, of the tall ones 2, bottom of
the tails -1. A path is a float array of shape (points, 2), evenly spaced `STEP` apart.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from HersheyFonts import HersheyFonts
from numpy.typing import NDArray

Points = NDArray[np.float64]

STEP = 0.05  # distance of two points of a path
SMALL_LETTERS = "abcdefghijklmnopqrstuvwxyz"
CAPITALS = SMALL_LETTERS.upper()

# In tenths of the grid: points "x,y" of a spline, strokes split by "/", forms of the letter by "|", the
# usual one first. A stroke of a single point is a dot.
EVERYDAY_FORMS = {
    "a": "7,8 5,10 2,9 0,5 1,1 3,0 6,3 7,9 7,3 8,0 10,1"
    "|1,8 3,10 6,10 7,7 7,3 6,1 3,0 0,2 1,5 4,6 7,5 7,2 8,0 10,1"
    "|5,10 2,9 0,5 2,1 4,0 6,3 6,8 4,10 3,9 7,7 8,3 9,0 11,2",
    "b": "1,20 1,10 1,1 1,6 4,10 7,8 7,3 4,0 1,2"
    "|0,20 0,8 1,2 4,0 7,2 7,6 5,9 2,8 0,5"
    "|0,4 3,12 4,18 2,20 1,16 1,4 3,0 6,2 7,7 5,10 7,8 10,9",
    "c": "7,8 4,10 1,8 0,5 1,1 4,0 8,2|6,9 2,9 0,5 2,1 6,1",
    "d": "7,8 4,10 1,8 0,4 2,0 5,1 7,6 7,20 7,10 7,2 9,0 11,1"
    "|6,9 3,9 0,5 2,0 5,0 8,4 8,10 6,16 2,20 -1,19"
    "|7,8 4,10 1,8 0,4 2,0 5,2 7,8 9,16 8,20 7,16 7,2 9,0 11,2",
    "e": "0,4 4,5 7,7 5,10 2,10 0,6 1,1 4,0 8,2|0,6 6,6 6,9 3,10 0,7 0,2 3,0 7,2",
    "f": "8,18 6,20 4,18 3,12 3,0 /0,10 7,10|8,18 6,20 4,17 3,8 2,-4 0,-9 -2,-8/0,9 6,10"
    "|0,3 4,11 6,18 4,20 3,14 3,0 3,-8 5,-9 5,-2 3,1 6,1 8,2",
    "g": "7,8 5,10 1,8 0,4 2,1 5,2 7,9 7,2 6,-6 3,-10 -1,-8"
    "|7,8 5,10 1,8 0,4 2,1 5,2 7,9 7,0 6,-8 3,-10 1,-7 4,-2 10,2"
    "|7,9 4,10 1,8 2,5 5,5 7,8 5,4 3,2 6,-1 7,-5 4,-9 0,-7 2,-3 7,0",
    "h": "1,20 1,10 1,0 1,5 4,10 6,9 7,6 7,2 8,0 10,1|0,3 3,12 4,18 2,20 1,15 1,0 2,6 5,10 7,8 7,2 8,0 10,2"
    "|0,20 0,0 1,6 4,9 6,6 6,0",
    "i": "1,10 1,3 2,0 4,1/1,15|-1,5 2,10 2,3 3,0 5,2/2,15|0,10 0,0/0,15",
    "j": "3,10 3,-5 1,-9 -2,-8/3,15|3,10 3,-6 1,-10 -1,-8 1,-3 6,2/3,15|2,10 2,-9/2,15",
    "k": "1,20 1,10 1,0/7,10 1,4 4,5 8,0|1,20 1,0 1,5 5,10 6,7 2,5 5,2 8,0 10,1"
    "|0,3 3,12 3,19 1,18 1,0 2,7 5,10 6,7 2,5 5,1 7,0 9,2",
    "l": "1,20 1,5 2,0 4,1|0,2 3,11 4,18 3,20 1,17 1,5 2,0 4,0 6,2|0,20 0,0",
    "m": "1,10 1,0 1,5 3,10 5,9 6,6 6,0 6,5 8,10 10,9 11,6 11,2 12,0 14,1"
    "|0,9 1,10 1,0 3,9 5,10 6,7 6,0 8,9 10,10 11,7 11,2 12,0 14,1"
    "|0,8 2,10 3,0 5,9 6,10 7,0 9,9 10,10 11,2 12,0 14,2",
    "n": "1,10 1,0 1,5 4,10 6,9 7,6 7,2 8,0 10,1|0,8 1,10 1,0 3,9 6,10 7,7 7,2 8,0 10,1"
    "|0,7 2,10 3,0 6,9 7,10 8,2 9,0 11,2",
    "o": "5,10 2,9 0,5 2,0 5,0 8,4 7,9 4,10|5,10 1,8 0,4 3,0 6,2 8,7 5,10 4,8 7,8 10,9|3,10 0,6 1,1 4,0 6,5 4,10 2,10",
    "p": "1,10 1,0 1,-10 1,0 1,6 4,10 7,8 7,3 4,0 1,2|0,8 2,10 2,-10 2,5 5,10 8,7 6,1 3,1"
    "|0,7 2,11 1,-10 2,5 4,9 7,8 6,2 4,0 3,1 6,0 9,2",
    "q": "7,8 5,10 1,8 0,4 2,0 5,2 7,9 7,0 7,-10 9,-6|7,8 4,10 0,6 2,1 5,2 7,9 7,-8 9,-9 8,-3 11,2",
    "r": "1,10 1,0 1,5 3,9 5,10 7,9|0,7 2,12 3,10 6,9 6,3 7,0 9,1|1,10 2,1 2,4 4,9 7,9",
    "s": "7,8 4,10 1,8 2,6 6,4 7,2 4,0 0,1|-1,2 4,11 5,8 7,3 5,0 1,1 5,0 9,2|5,9 2,10 0,7 4,4 4,1 0,0",
    "t": "3,17 3,4 4,0 6,0 8,1/0,11 7,11|3,17 3,0/0,12 7,12|0,5 3,14 4,18 3,4 4,0 7,1/0,13 8,13",
    "u": "0,10 0,4 2,0 5,1 7,5 7,10 7,3 8,0 10,1|0,10 0,3 3,0 6,2 7,10 7,0|-1,6 1,10 1,3 3,0 6,3 7,10 7,3 8,0 10,2",
    "v": "0,10 2,5 4,0 6,6 8,10|0,9 2,9 3,2 5,0 8,6 7,10 10,9",
    "w": "0,10 1,4 3,0 5,4 6,9 7,3 9,0 12,6 13,10|0,10 3,0 6,9 9,0 12,10"
    "|0,10 0,3 2,0 5,1 6,8 6,2 8,0 11,2 12,8 11,10 14,9",
    "x": "0,10 4,5 8,0/8,10 4,5 0,0|0,9 2,10 4,5 6,0 9,1/8,10 4,5 0,0",
    "y": "0,10 2,5 4,2/8,10 4,0 1,-8 -1,-9|0,10 0,5 3,1 6,4 7,10 7,0 5,-8 2,-10 -1,-8"
    "|0,10 0,5 3,1 6,4 7,10 7,-2 5,-9 2,-9 4,-3 10,2",
    "z": "0,10 7,10 0,0 8,0|0,8 4,10 6,7 2,3 6,0 6,-6 3,-9 1,-6 9,2|0,10 7,10 0,0 8,0/1,5 6,5",
    ".": "2,0",
    ",": "2,1 2,-1 0,-4|2,0 0,-5",
}


@dataclass(frozen=True)
class Face:
    """One Hershey face and where its lines lie on the face's own grid, whose y grows downwards."""

    name: str
    letters: str
    baseline: float
    x_height: float  # above the baseline, as are the other two
    top: float
    bottom: float  # below the baseline
    slant: float = 0.0  # to be taken out: a writer's slant is the writer's own
    joined: bool = False


FACES = (
    Face("scripts", SMALL_LETTERS, baseline=9, x_height=9, top=21, bottom=12, slant=0.33, joined=True),
    Face("futural", "abdghkmnpqruy", baseline=9, x_height=14, top=21, bottom=7),
    Face("greeks", "ae", baseline=9, x_height=14, top=21, bottom=7),
    Face("futural", CAPITALS, baseline=9, x_height=10.5, top=21, bottom=10.5),
    Face("scripts", CAPITALS, baseline=9, x_height=10.5, top=21, bottom=10.5, slant=0.33),
)
LOOSE_STROKES = {"t": 1, "x": 1}  # strokes of the joined face that are added after the pen was lifted


@dataclass(frozen=True)
class Skeleton:
    """One form of a letter: its strokes, of which the first may be joined to the neighbouring letters."""

    strokes: tuple[Points, ...]
    joins: bool  # whether the form is meant to be written without lifting the pen
    school: bool  # whether it is a form of the schoolbook's joined hand


def along(path: Points, step: float = STEP) -> Points:
    """Points on the polyline `path` (n, 2), evenly spaced about `step` apart, both ends included."""
    lengths = np.hypot(*np.diff(path, axis=0).T)
    travelled = np.concatenate([[0.0], np.cumsum(lengths)])
    wanted = np.linspace(0.0, travelled[-1], max(2, round(travelled[-1] / step) + 1))
    return np.column_stack([np.interp(wanted, travelled, path[:, axis]) for axis in (0, 1)])


def curve(start: Points, start_tangent: Points, end: Points, end_tangent: Points, count: int = 9) -> Points:
    """Cubic Hermite curves from `start` to `end`, all (..., 2); returns (..., count, 2) without the end."""
    t = np.linspace(0.0, 1.0, count, endpoint=False)[:, None]
    start, start_tangent, end, end_tangent = (v[..., None, :] for v in (start, start_tangent, end, end_tangent))
    blend = t * t * (3 - 2 * t)
    return start * (1 - blend) + end * blend + start_tangent * (t * (1 - t) ** 2) - end_tangent * (t * t * (1 - t))


def spline(knots: Points) -> Points:
    """The smooth path through `knots` (n, 2): a centripetal Catmull-Rom spline, which never loops by itself."""
    knots = knots[np.concatenate([[True], np.any(np.diff(knots, axis=0) != 0, axis=1)])]
    if len(knots) < 2:
        return knots
    spans = np.sqrt(np.hypot(*np.diff(knots, axis=0).T))[:, None]
    speeds = np.diff(knots, axis=0) / spans
    inner = (speeds[:-1] * spans[1:] + speeds[1:] * spans[:-1]) / (spans[:-1] + spans[1:])
    tangents = np.concatenate([speeds[:1], inner, speeds[-1:]])
    pieces = curve(knots[:-1], tangents[:-1] * spans, knots[1:], tangents[1:] * spans)
    return along(np.concatenate([pieces.reshape(-1, 2), knots[-1:]]))


def _everyday(form: str) -> Skeleton:
    strokes = [
        np.array([[int(number) / 10 for number in point.split(",")] for point in stroke.split()])
        for stroke in form.split("/")
    ]
    return Skeleton(tuple(spline(stroke) for stroke in strokes), joins=True, school=False)


def _on_grid(stroke: list[tuple[float, float]], face: Face) -> Points:
    """A stroke of a Hershey face, upright and on the common grid."""
    x, y = np.array(stroke, dtype=np.float64).T
    y = face.baseline - y
    x = (x - face.slant * y) / face.x_height
    tall = 1 + (y - face.x_height) / (face.top - face.x_height)
    y = np.where(y > face.x_height, tall, np.where(y < 0, y / face.bottom, y / face.x_height))
    return np.column_stack([x, y])


def _is_dot(stroke: Points) -> bool:
    return bool(np.ptp(stroke, axis=0).max() < 0.25)


def _from_face(letter: str, face: Face, font: HersheyFonts) -> Skeleton:
    strokes = [_on_grid(stroke, face) for stroke in font.all_glyphs[letter].strokes]
    dots = [stroke.mean(axis=0, keepdims=True) for stroke in strokes if _is_dot(stroke)]
    strokes = [stroke for stroke in strokes if not _is_dot(stroke)]
    if face.joined:  # the face lifts the pen within letters where a hand goes back along the line
        loose = len(strokes) - LOOSE_STROKES.get(letter, 0)
        strokes = [np.concatenate(strokes[:loose]), *strokes[loose:]]
    return Skeleton(tuple(spline(stroke) for stroke in strokes + dots), joins=face.joined, school=face.joined)


@cache
def forms_of_letters() -> dict[str, tuple[Skeleton, ...]]:
    """Every letter and mark with the forms known of it, the usual one first."""
    forms = {letter: [_everyday(form) for form in text.split("|")] for letter, text in EVERYDAY_FORMS.items()}
    for face in FACES:
        font = HersheyFonts()
        font.load_default_font(face.name)
        for letter in face.letters:
            forms.setdefault(letter, []).append(_from_face(letter, face, font))
    return {letter: tuple(skeletons) for letter, skeletons in forms.items()}
