"""The size of the writing on a line: it follows the resolution, and neither the pen, the paper nor the margins."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from PIL import Image

from writerid.crops.ruling import without_ruling
from writerid.dataset.writing_size import writing_size
from writerid.synthesis.penmanship import hand_of_writer, write_line
from writerid.synthesis.rendering import new_form, render
from writerid.synthesis.words import words_of_a_line


@cache
def written(x_height: float = 24, pen: float = 3, words: float = 40) -> np.ndarray:
    """A line of synthetic handwriting, uint8; lengths in pixels, the width in x-heights."""
    rng = np.random.default_rng(3)
    hand = hand_of_writer(0.5, rng)
    form = new_form(0.0, rng)
    form = replace(form, x_height=x_height, pen=form.pen._replace(width=pen))
    return render(write_line(words_of_a_line(rng), words, hand, rng), hand.traits, form, rng)


def size(grey: np.ndarray) -> float:
    found = writing_size(grey)
    assert found is not None
    return found


def scaled(grey: np.ndarray, by: float) -> np.ndarray:
    width, height = round(grey.shape[1] * by), round(grey.shape[0] * by)
    return np.asarray(Image.fromarray(grey).resize((width, height), Image.Resampling.BICUBIC))


def ruled(grey: np.ndarray, every: int, upright: bool = False) -> np.ndarray:
    paper = grey.copy()
    for row in range(grey.shape[0] * 2 // 3 % every, grey.shape[0] - 2, every):
        paper[row : row + 2] = np.minimum(paper[row : row + 2], 150)
    for column in range(7, grey.shape[1] - 2, every) if upright else ():
        paper[:, column : column + 2] = np.minimum(paper[:, column : column + 2], 160)
    return paper


@pytest.mark.parametrize(("by", "off"), [(0.35, 0.08), (0.5, 0.05), (0.7, 0.05), (1.5, 0.03), (2, 0.03), (4, 0.03)])
def test_it_follows_the_resolution(by: float, off: float):
    assert size(scaled(written(), by)) == pytest.approx(size(written()) * by, rel=off)


def test_it_is_about_half_an_x_height_whatever_the_pen():
    assert 0.35 < size(written()) / 24 < 0.7
    assert size(written(48)) == pytest.approx(2 * size(written()), rel=0.1)
    assert size(written(24, 5)) == pytest.approx(size(written()), rel=0.15)


@pytest.mark.parametrize(
    ("changed", "off"),
    [
        (255 - written(), 0.01),
        (np.pad(written(), ((40, 60), (200, 0)), constant_values=235), 0.05),
        (np.pad(written(), ((600, 60), (0, 0)), constant_values=235), 0.08),
        (ruled(written(), 1000), 0.05),
        (ruled(written(), 30), 0.05),
        (without_ruling(ruled(written(), 40, upright=True)), 0.2),
        ((written() * np.linspace(1, 0.4, written().shape[1])).astype(np.uint8), 0.08),
        (np.where(np.random.default_rng(0).random(written().shape) < 0.005, 0, written()).astype(np.uint8), 0.1),
        (np.clip(written() + np.random.default_rng(0).normal(0, 10, written().shape), 0, 255).astype(np.uint8), 0.05),
        (np.vstack([written()[-12:], written()]), 0.15),
    ],
    ids=[
        "negative",
        "margins",
        "a high margin",
        "a rule",
        "rules",
        "squares",
        "shadow",
        "specks",
        "noise",
        "tails above",
    ],
)
def test_paper_light_and_margins_change_little(changed: np.ndarray, off: float):
    assert size(changed) == pytest.approx(size(written()), rel=off)


@pytest.mark.parametrize(
    "grey",
    [
        np.full((40, 300), 230, np.uint8),
        np.zeros((1, 1), np.uint8),
        np.pad(np.full((3, 3), 20, np.uint8), 40, constant_values=230),
        np.pad(np.full((4, 200), 20, np.uint8), 40, constant_values=230),
    ],
    ids=["blank", "a pixel", "a full stop", "a dash"],
)
def test_none_where_there_are_no_letters(grey: np.ndarray):
    assert writing_size(grey) is None
