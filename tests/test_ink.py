"""Paper and ink: what is blank, what is light on dark, and light that is even."""

import numpy as np
import pytest

from tests.conftest import line
from writerid.dataset.ink import appearance, dark_on_light, evenly_lit, histogram, levels, otsu, paper_and_ink

PLAIN = line(1, 400, 60)
SHADOW = (PLAIN * np.linspace(1.0, 0.3, 400)).astype(np.uint8)
NOISE = np.random.default_rng(0).normal(220, 5, (60, 400)).clip(0, 255).astype(np.uint8)


def barred(rows: slice, columns: slice) -> np.ndarray:
    grey = NOISE.copy()
    grey[rows, columns] = 20
    return grey


def test_paper_and_ink():
    grey = np.full((100, 100), 220, np.uint8)
    grey[:10] = 50
    assert paper_and_ink(grey) == (220, 50)
    assert levels(histogram(grey)) == (220, 50, 50)


@pytest.mark.parametrize(("pixels", "tone", "ink"), [(60, 60, 60), (4, 60, 220), (60, 190, 220)])
def test_ink_of_a_short_word(pixels: int, tone: int, ink: int):
    """It must be some twenty-thousandth of the line, and clearly darker than what paper has of spots."""
    grey = np.full((100, 100), 220, np.uint8)
    grey[50, :pixels] = tone
    assert paper_and_ink(grey) == (220, ink)
    if ink == tone:
        assert levels(histogram(grey))[2] == (220 + tone) // 2


def test_otsu_parts_two_tones():
    counts = np.zeros(256)
    counts[[40, 60, 200, 220]] = [10, 10, 80, 80]
    assert 60 <= otsu(counts) < 200


@pytest.mark.parametrize(
    ("grey", "negative"),
    [(PLAIN, False), (255 - PLAIN, True), (SHADOW, False), (255 - SHADOW, True), (line(2, 20, 9), False)],
)
def test_polarity(grey: np.ndarray, negative: bool):
    assert appearance(grey) == (negative, True)
    turned = dark_on_light(grey)
    assert (turned is grey) != negative
    if negative:
        np.testing.assert_array_equal(turned, 255 - grey)


@pytest.mark.parametrize(
    "grey",
    [
        NOISE,
        np.zeros((60, 400), np.uint8),
        np.full((60, 400), 255, np.uint8),
        barred(slice(20, 40), slice(None)),
        barred(slice(20, 40), slice(100, 300)),
        255 - barred(slice(20, 40), slice(100, 300)),
    ],
)
def test_lines_without_writing(grey: np.ndarray):
    assert not appearance(grey)[1]


@pytest.mark.parametrize(
    "grey",
    [
        barred(slice(20, 30), slice(100, 130)),  # a dash
        np.where(PLAIN < 100, 190, PLAIN).astype(np.uint8),  # a pencil
        (PLAIN * 0.5).astype(np.uint8),
        np.full((9, 8), 30, np.uint8) + np.uint8(200) * (np.indices((9, 8)).sum(axis=0) < 8),  # a full stop, cut close
    ],
)
def test_faint_small_and_dark_writing(grey: np.ndarray):
    assert appearance(grey) == (False, True)


def test_even_light_is_left_alone():
    assert evenly_lit(PLAIN) is PLAIN
    slight = (PLAIN * np.linspace(1.0, 0.85, 400)).astype(np.uint8)
    assert evenly_lit(slight) is slight


def test_a_shadow_is_taken_out():
    even = evenly_lit(SHADOW)
    paper, ink = even[PLAIN > 200], even[PLAIN < 100]
    assert even.dtype == np.uint8
    assert paper.min() > 180
    assert ink.max() < 120
    assert np.ptp([np.median(paper[:1000]), np.median(paper[-1000:])]) < 20
