"""Tones: after normalisation the same writing looks the same, whatever paper, ink and scanner were."""

import numpy as np
import pytest

from tests.conftest import line
from writerid.crops.tones import normalise, otsu, paper_and_ink


def test_paper_and_ink():
    grey = np.full((100, 100), 220, np.uint8)
    grey[:10] = 50
    assert paper_and_ink(grey) == (220, 50)


def test_otsu_parts_two_tones():
    counts = np.zeros(256)
    counts[[40, 60, 200, 220]] = [10, 10, 80, 80]
    assert 60 <= otsu(counts) < 200


def test_raw_is_left_alone():
    assert normalise(line(1), "raw") is not None
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
