"""The benchmark of paper and pen: strokes are brought to one width, and paper is wiped."""

from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from benchmarks import paper_and_pen, strangers
from tests.test_strangers import archive, saved  # noqa: F401 (a fixture)
from writerid.base.files import read_csv

AROUND = np.ones((3, 3))


@pytest.fixture
def ink() -> np.ndarray:
    """A level stroke 5 pixels wide, an upright one 9 wide through it, and a ring."""
    ink = np.zeros((60, 200), bool)
    ink[20:25, 10:120] = True
    ink[5:55, 60:69] = True
    rows, columns = np.ogrid[:60, :200]
    distance = np.hypot(rows - 30, columns - 160)
    return ink | ((distance < 22) & (distance > 15))


def test_strokes_are_thinned_to_their_middle(ink: np.ndarray):
    middle = paper_and_pen.thinned(ink)
    assert not (middle & ~ink).any()
    assert middle[:, [20, 40, 100]].sum(axis=0).tolist() == [1, 1, 1]
    assert middle[[12, 40]][:, :120].sum(axis=1).tolist() == [1, 1]
    assert np.flatnonzero(middle[:, 40]).tolist() == [22]
    assert ndimage.label(middle, AROUND)[1] == ndimage.label(ink, AROUND)[1] == 2
    assert ndimage.label(~middle)[1] == ndimage.label(~ink)[1] == 2  # the ring stays one
    np.testing.assert_array_equal(paper_and_pen.thinned(middle), middle)


def test_strokes_are_drawn_in_one_width(ink: np.ndarray):
    middle = paper_and_pen.thinned(ink)
    assert paper_and_pen.width(ink[:, :55], middle[:, :55]) == pytest.approx(5, rel=0.1)
    drawn = 1 - paper_and_pen.drawn(middle, 3) / 255
    assert drawn[:, 40].sum() == pytest.approx(3, abs=0.01)
    assert drawn[12, :120].sum() == pytest.approx(3, abs=0.01)
    thin, thick = np.full((2, 40, 100), 230, np.uint8)
    thin[18:21, 10:90], thick[15:24, 10:90] = 60, 120
    one, other = paper_and_pen.of_one_width([thin, thick])
    assert (255.0 - one)[:, 50].sum() == pytest.approx((255.0 - other)[:, 50].sum())
    blank = np.full((40, 100), 230, np.uint8)
    np.testing.assert_array_equal(paper_and_pen.of_one_width([blank, thin])[0], 255)


def test_paper_is_wiped():
    grey = np.full((60, 600), 210, np.uint8)
    grey[50] = 170  # a rule
    grey[20:40, 20:580:16] = 70
    white = paper_and_pen.wiped(grey)
    assert set(np.unique(white)) == {0, 255}
    np.testing.assert_array_equal(white == 0, grey == 70)


def test_the_whole_table(archive: Path, tmp_path: Path):  # noqa: F811
    paper_and_pen.main(archive, saved(tmp_path), "sheet", strangers.WRITER, tmp_path / "table.csv")
    table = read_csv(tmp_path / "table.csv", {"lines": str, "what": str, "pages_map": float})
    assert table["lines"][::4] == ["as they are", "black ink on white paper", "strokes of one width"]
    assert table["what"] == 3 * ["random weights", "contours", "network", "both"]
    assert table["pages_map"][1::4] == [1.0] * 3  # slants stay, and contours see them
