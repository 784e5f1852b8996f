"""Ruled and squared paper: its lines go, the writing on them stays, and paper without them is left alone."""

import numpy as np
import pytest

from tests.conftest import line
from tests.test_writing_size import written as written_by_a_hand
from writerid.crops.ruling import without_ruling
from writerid.crops.tones import normalise


def written() -> np.ndarray:
    """Writing in strokes of some slant, uint8 (80, 640), that leaves paper between words."""
    grey = np.random.default_rng(0).integers(225, 236, (80, 640)).astype(np.uint8)
    for start in range(20, 600, 30):
        if start % 150 != 50:
            for y in range(20, 62):
                grey[y, start + y // 6 : start + y // 6 + 3] = 60
    return grey


WRITTEN = written()


def ruled(rows: tuple[int, ...], fall: int = 0, tone: int = 150, columns: tuple[int, ...] = ()) -> np.ndarray:
    grey = WRITTEN.copy()
    for row in rows:
        for x in range(640):
            y = row + round(fall * x / 640)
            grey[y : y + 2, x] = np.minimum(grey[y : y + 2, x], tone)
    for x in columns:
        grey[:, x : x + 2] = np.minimum(grey[:, x : x + 2], tone)
    return grey


@pytest.mark.parametrize(
    ("grey", "left"),
    [
        (ruled((60,)), 0.05),
        (ruled((30, 60)), 0.05),
        (ruled((50,), fall=8), 0.05),
        (ruled((60,), fall=-6, tone=200), 0.05),
        (ruled((10, 40, 70), columns=tuple(range(10, 640, 30))), 0.25),
    ],
)
def test_ruling_goes_and_writing_stays(grey: np.ndarray, left: float):
    ink, clean = (normalise(image, "binary") == 0 for image in (WRITTEN, normalise(without_ruling(grey), "clip")))
    added = (normalise(grey, "binary") == 0) & ~ink
    assert (clean & ink).sum() > 0.95 * ink.sum()
    if added.any():
        assert (clean & ~ink).sum() <= left * added.sum()
    assert np.median(without_ruling(grey)[~ink]) > 220
    faint = (without_ruling(grey) < 215) & ~ink
    assert faint.sum() < left * ((grey < 215) & ~ink).sum()


def test_of_squares_nothing_is_left_but_under_strokes():
    """Also of rules at the edge, and of upright ones that letters hide."""
    grey = ruled((2, 31, 60), tone=190, columns=tuple(range(10, 640, 29)))
    clean = without_ruling(grey)
    ink = WRITTEN < 100
    assert np.abs(clean[~ink].astype(int) - 230).max() <= 10
    assert (clean[ink] == 60).all()


@pytest.mark.parametrize("row", [63, 72, 78])
def test_a_rule_that_many_strokes_cross_goes(row: int):
    grey = written_by_a_hand().copy()
    grey[row : row + 2] = np.minimum(grey[row : row + 2], 150)
    assert (without_ruling(grey) != grey).sum() > 1000


@pytest.mark.parametrize(
    "grey", [WRITTEN, line(3, 640, 80), line(4, 90, 30), ruled((), columns=(40, 100, 160, 220, 280))]
)
def test_paper_without_ruling_is_left_alone(grey: np.ndarray):
    assert without_ruling(grey) is grey


def test_a_dark_band_and_a_short_dash_are_no_ruling():
    band = WRITTEN.copy()
    band[:14] = 90
    dash = WRITTEN.copy()
    dash[70:72, :400] = 90
    for grey in (band, dash):
        np.testing.assert_array_equal(without_ruling(grey), grey)
