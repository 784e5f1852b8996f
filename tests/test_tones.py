"""Tones: after normalisation the same writing looks the same, whatever paper, ink and scanner were."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.conftest import line
from writerid.crops.tones import normalise
from writerid.dataset.images import decode
from writerid.dataset.ink import histogram, levels


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


def test_clip_by_hand():
    """Black is the median of the ink, white is halfway from the threshold to the median of the paper."""
    ink, paper = [20] * 10 + [40] * 6 + [60] * 5, [200] * 10 + [220] * 6 + [240] * 5
    grey = np.array([*ink, *paper, 75], np.uint8)[None]
    threshold = levels(histogram(grey))[2]
    assert 75 <= threshold < 200
    white = threshold + (220 - threshold) / 2
    table = {tone: int(np.clip((tone - 40) * 255 / (white - 40), 0, 255)) for tone in set(grey.ravel().tolist())}
    assert normalise(grey, "clip").tolist() == [[table[tone] for tone in grey.ravel().tolist()]]
    assert (table[20], table[40], table[240]) == (0, 0, 255) and 0 < table[75] < 255


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


@pytest.mark.parametrize("tone", ["clip", "binary"])
def test_the_writing_on_the_back_does_not_show(tone: str):
    """Of the sheet's other side one sees its lines mirrored and blurred, as faint shadows."""
    front, back = line(1, 400, 60), line(2, 400, 60)[:, ::-1]
    for faint in (15, 40):
        seen = np.where(back < 100, front.astype(int) - faint, front).clip(20).astype(np.uint8)
        np.testing.assert_array_equal(normalise(seen, tone) < 128, normalise(front, tone) < 128)
        assert (normalise(seen, tone)[front > 200] == 255).all()


@pytest.mark.parametrize("ink", [(30, 50, 170), (190, 30, 40), (20, 110, 60), (110, 60, 130), (120, 175, 215)])
@pytest.mark.parametrize("paper", [(250, 250, 250), (236, 222, 180)])
def test_coloured_ink_on_white_and_yellowed_paper(ink: tuple[int, ...], paper: tuple[int, ...]):
    written = line(1, 400, 60) < 100
    image = np.where(written[:, :, None], np.array(ink), np.array(paper)).astype(np.uint8)
    Image.fromarray(image).save(buffer := io.BytesIO(), "PNG")
    np.testing.assert_array_equal(normalise(decode(buffer.getvalue()), "clip") == 0, written)
