"""Tones: after normalisation the same writing looks the same, whatever paper, ink and scanner were."""

import numpy as np
import pytest

from tests.conftest import line
from writerid.crops.tones import normalise


def test_raw_is_left_alone():
    np.testing.assert_array_equal(normalise(line(1), "raw"), line(1))


@pytest.mark.parametrize("tone", ["clip", "binary"])
def test_paper_is_white_and_ink_is_black(tone: str):
    grey = line(1)
    normal = normalise(grey, tone)
    assert normal.dtype == np.uint8
    assert (normal[grey > 200] == 255).all()
    assert (normal[grey < 100] == 0).all()


@pytest.mark.parametrize("tone", ["clip", "binary"])
def test_another_scanner_changes_nothing(tone: str):
    grey = line(1)
    fainter = (grey * 0.4 + 120).astype(np.uint8)
    np.testing.assert_array_equal(normalise(fainter, tone), normalise(grey, tone))


def test_clip_keeps_the_edges_of_strokes():
    grey = np.full((30, 60), 230, np.uint8)
    grey[:, 20:24] = [150, 50, 50, 130]
    assert 0 < normalise(grey, "clip")[0, 23] < 255
    assert set(normalise(grey, "binary").ravel()) == {0, 255}


def test_a_line_without_writing_is_white():
    grey = np.random.default_rng(0).integers(225, 240, (20, 30)).astype(np.uint8)
    assert (normalise(grey, "clip") == 255).all()
    np.testing.assert_array_equal(normalise(grey, "raw"), grey)


@pytest.mark.parametrize("tone", ["clip", "binary"])
def test_a_short_word_on_a_wide_line_is_not_blank(tone: str):
    grey = np.random.default_rng(0).integers(215, 240, (60, 1200)).astype(np.uint8)
    grey[25:35, 600:610] = 90  # a seventh of a hundredth
    normal = normalise(grey, tone)
    assert (normal[25:35, 600:610] == 0).all()
    assert np.count_nonzero(normal < 255) == 100
