"""Augmentation: what is drawn stays within its bounds, and changes crops as it says."""

import keras
import numpy as np
import pytest

from writerid.base.schema import Augmentation
from writerid.network.augmentation import BLUR, CHANGES, CONTRAST, Augment, draw

NONE = Augmentation(share=1, scale=0, slant=0, rotation=0, shift=0, stroke=0, blur=0, contrast=1)


def augment(crop: np.ndarray, changes: np.ndarray) -> np.ndarray:
    layer = Augment(paper=0.0)
    pixels, change = crop[None, :, :, None].astype(np.float32), changes[None].astype(np.float32)
    return keras.ops.convert_to_numpy(layer(pixels, change))[0, :, :, 0]


def one(**changes: float) -> Augmentation:
    return NONE.model_copy(update=changes)


@pytest.fixture
def crop() -> np.ndarray:
    """A cross of ink in the middle of 21 x 31 pixels."""
    ink = np.zeros((21, 31))
    ink[10, 5:26] = 1
    ink[3:18, 15] = 1
    return ink


def test_nothing_is_changed_by_nothing(crop: np.ndarray):
    assert not NONE
    changes = draw(NONE, crop.shape, 3, np.random.default_rng(0))
    assert changes.shape == (3, CHANGES)
    np.testing.assert_allclose(augment(crop, changes[0]), crop, atol=1e-6)


def test_draws_follow_from_the_generator():
    every = one(share=1, scale=0.1, slant=0.1, rotation=0.02, shift=4, stroke=0.3)
    assert every
    first, again, other = (draw(every, (21, 31), 5, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)
    assert len(np.unique(first[:, 6])) == 5


def test_a_share_of_crops_is_changed():
    changes = draw(
        one(share=0.25, scale=0.1, slant=0.1, rotation=0.02, shift=4, stroke=0.3),
        (21, 31),
        4000,
        np.random.default_rng(0),
    )
    unchanged = (changes == draw(NONE, (21, 31), 1, np.random.default_rng(0))).all(axis=1)
    assert unchanged.mean() == pytest.approx(0.75, abs=0.02)
    assert not one(share=0, scale=0.1, slant=0.1, rotation=0.02, shift=4, stroke=0.3)


def test_the_middle_stays_in_the_middle(crop: np.ndarray):
    changes = draw(
        one(share=1, scale=0.3, slant=0.3, rotation=0.1, shift=0, stroke=0),
        (21, 31),
        20,
        np.random.default_rng(0),
    )
    for change in changes:
        assert augment(crop, change)[10, 15] == pytest.approx(1, abs=1e-3)


def test_slant_moves_rows_sideways(crop: np.ndarray):
    change = draw(one(slant=0.5), (21, 31), 1, np.random.default_rng(3))[0]
    columns = augment(crop, change)[[5, 15]] @ np.arange(31) / augment(crop, change)[[5, 15]].sum(axis=1)
    assert (columns[0] - columns[1]) / 10 == pytest.approx(change[1], abs=0.02)


def test_shift_moves_and_paper_comes_in(crop: np.ndarray):
    change = draw(NONE, (21, 31), 1, np.random.default_rng(0))[0]
    change[2] += 4
    np.testing.assert_allclose(augment(crop, change)[:, :27], crop[:, 4:], atol=1e-6)
    assert (augment(crop, change)[:, 27:] == 0).all()


def test_strokes_get_wider_and_narrower(crop: np.ndarray):
    change = draw(NONE, (21, 31), 1, np.random.default_rng(0))[0]
    ink = []
    for stroke in (-0.5, 0.0, 0.5):
        change[6] = stroke
        ink.append(augment(crop, change).sum())
    assert ink[0] < ink[1] < ink[2]
    assert augment(crop, change)[9, 10] == pytest.approx(0.5)


def test_edges_get_softer_sharper_and_steeper(crop: np.ndarray):
    change = draw(NONE, (21, 31), 1, np.random.default_rng(0))[0]
    change[BLUR] = 1
    soft = augment(crop, change)
    assert soft[9, 10] == pytest.approx(1 / 3)
    assert soft.sum() == pytest.approx(crop.sum())
    change[BLUR] = -1
    np.testing.assert_allclose(augment(crop, change), crop, atol=1e-6)  # as sharp as can be
    change[BLUR], change[CONTRAST] = 0, 4
    np.testing.assert_allclose(augment(crop * 0.6, change), crop * 0.9, atol=1e-6)


def test_black_and_white_is_steep():
    changes = draw(one(contrast=16), (21, 31), 2000, np.random.default_rng(0))
    assert changes[:, CONTRAST].min() >= 1
    assert 15 < changes[:, CONTRAST].max() <= 16
