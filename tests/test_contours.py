"""Contours: shapes whose contours are known, and what must not move it."""

import numpy as np
import pytest
from PIL import Image, ImageDraw

from writerid.contours.hinge import (
    CHAIN,
    CHAIN_DIRECTIONS,
    CHAIN_LEGS,
    CO_LEGS,
    DIRECTIONS,
    KINDS,
    LEGS,
    QUILL_DIRECTIONS,
    QUILL_LEGS,
    WIDTHS,
    chain,
    contours,
    features,
    quill_hinge,
    scales,
    widths,
)
from writerid.contours.hinge import hinge as of_contours


def hinge(grey: np.ndarray, scale: float = 1.0) -> np.ndarray:
    return of_contours(contours(grey, scale))


def drawn(shape: str, at: tuple[int, int] = (20, 20), side: int = 120, width: int = 300) -> np.ndarray:
    image = Image.new("L", (width, 160), 250)
    pen = ImageDraw.Draw(image)
    corners = [at, (at[0] + side, at[1]), (at[0] + side, at[1] + side), (at[0], at[1] + side)]
    if shape == "square":
        pen.polygon(corners, fill=10)
    elif shape == "disc":
        pen.ellipse((*at, at[0] + side, at[1] + side), fill=10)
    return np.asarray(image)


def histograms(grey: np.ndarray) -> np.ndarray:
    """Shares of directions, float64 (legs, DIRECTIONS, DIRECTIONS)."""
    return hinge(grey).astype(float).reshape(len(LEGS), DIRECTIONS, DIRECTIONS) ** 2


def test_each_histogram_adds_up_to_one():
    found = histograms(drawn("disc"))
    assert found.sum(axis=(1, 2)) == pytest.approx(1)
    every = features(drawn("disc"))
    assert (every.shape, every.dtype) == ((sum(KINDS),), np.float32)
    assert np.square(every).sum() == pytest.approx(len(LEGS) + len(CO_LEGS) + len(QUILL_LEGS) + len(CHAIN_LEGS))
    parts = np.split(every, np.cumsum(KINDS)[:-1])
    assert [round(float(np.square(part).sum())) for part in parts] == [len(LEGS), len(CO_LEGS), 1, 1, 1, 1]


def test_the_sides_of_a_square_are_straight_and_of_four_directions():
    """Legs point in opposite directions, but where a corner lies well within one: at most 8 legs of the 484 pixels."""
    for leg, found in zip(LEGS, histograms(drawn("square")), strict=True):
        half = DIRECTIONS // 2
        places = np.arange(DIRECTIONS)
        # a direction on the edge of two bins may fall into either
        opposite = sum(found[places, (places + half + off) % DIRECTIONS].sum() for off in (-1, 0, 1))
        assert 1 - 8 * leg / 484 - 0.02 < opposite < 1 - 4 * leg / 484
        used = found.sum(axis=1) > 0.1
        assert used.sum() == 4


def test_chains_along_a_square_are_straight_but_round_its_corners():
    found = chain(contours(drawn("square")), 8).reshape([CHAIN_DIRECTIONS] * CHAIN) ** 2
    straight = sum(found[(place,) * CHAIN] for place in range(CHAIN_DIRECTIONS))
    # bins' edges lie on the sides' own directions: either of two neighbours, all legs of a chain in the same
    assert straight == pytest.approx(1 - 4 * CHAIN * 8 / 484, abs=0.1)
    round_a_corner = np.diff(np.argwhere(found > 1e-3), axis=1) % CHAIN_DIRECTIONS
    assert len(np.unique(round_a_corner, axis=0)) > 1
    assert CHAIN_DIRECTIONS // 2 not in round_a_corner  # none turns back


def test_a_disc_has_every_direction_alike():
    found = histograms(drawn("disc"))[-1].sum(axis=1)
    assert found.max() < 1.5 / DIRECTIONS
    assert found.min() > 0.6 / DIRECTIONS


def test_where_on_the_line_a_shape_stands_does_not_matter():
    once = hinge(drawn("disc"))
    moved = hinge(drawn("disc", at=(33, 28)))
    two = np.concatenate([drawn("disc"), drawn("disc")], axis=1)
    assert once @ moved == pytest.approx(len(LEGS), rel=0.005)
    assert once @ hinge(two) == pytest.approx(len(LEGS), rel=0.005)


def test_contours_that_are_shorter_than_two_legs_count_for_shorter_legs_only():
    grey = np.full((40, 60), 250, np.uint8)
    grey[20:23, 30:33] = 10  # 10 pixels round, or a little less
    grey[5:7, 5:30] = 10  # 52 pixels round, or a little less
    found = histograms(grey)
    assert found.sum(axis=(1, 2)) == pytest.approx([float(2 * leg <= 52) for leg in LEGS])
    alone = grey.copy()
    alone[5:7] = 250
    by_leg = hinge(alone).reshape(len(LEGS), -1).any(axis=1)
    assert by_leg.tolist() == [2 * leg <= 10 for leg in LEGS]
    alone[20:23, 30:33] = 250
    alone[20, 30] = 10  # 3 pixels round
    assert not hinge(alone).any()


def test_a_line_without_writing_has_none():
    assert not features(np.full((40, 100), 200, np.uint8)).any()
    assert not features(np.full((1, 1), 0, np.uint8)).any()


def test_a_disc_at_half_the_size_is_scaled_back():
    small = np.asarray(Image.fromarray(drawn("disc")).resize((150, 80), Image.Resampling.BILINEAR))
    assert hinge(small, 2.0) @ hinge(drawn("disc")) > 0.95 * len(LEGS)
    assert hinge(small) @ hinge(drawn("disc")) < 0.9 * len(LEGS)


def test_lines_have_one_scale():
    assert scales(np.array([[500, 64]] * 40)) == pytest.approx(2)


@pytest.mark.parametrize(("width", "place"), [(4, 1), (8, 3), (30, len(WIDTHS))])
def test_the_width_of_a_stroke_is_that_of_its_ink(width: int, place: int):
    grey = np.full((120, 300), 250, np.uint8)
    grey[20:100, 40 : 40 + width] = 10
    traced = contours(grey)
    found = quill_hinge(traced, 7, widths(traced)).reshape(QUILL_DIRECTIONS**2, len(WIDTHS) + 1) ** 2
    assert found.sum(axis=0).argmax() == place
