"""Lines as other pens, papers and scanners would have them."""

import numpy as np
import pytest

from writerid.explain import papers, pens, scanners, shapes


@pytest.fixture
def line() -> np.ndarray:
    """Upright strokes four pixels wide, every sixteen pixels, on a line of 64 x 512."""
    line = np.full((64, 512), 255, np.uint8)
    for left in range(16, 496, 16):
        line[20:44, left : left + 4] = 0
    return line


def ink(line: np.ndarray) -> np.ndarray:
    return 1 - line / 255


def test_ballpoint_is_thin_and_uneven(line: np.ndarray):
    drawn = pens.ballpoint(line, np.random.default_rng(0))
    assert 0.5 < ink(drawn).sum() / ink(line).sum() < 0.8
    along = ink(drawn)[24:40, 17::16].ravel()
    assert along.min() < 0.5 < 0.95 < along.max()
    assert (drawn[:, 8::16] == 255).all()  # paper stays paper
    other = pens.ballpoint(line, np.random.default_rng(1))
    assert not np.array_equal(drawn, other)


def test_felt_pens_are_wide(line: np.ndarray):
    """A sixty-fourth of the height is a pixel here: half a pixel on either side, which is made half as dark again."""
    drawn = ink(pens.felt(line))
    assert drawn[30, 8:24].sum() == pytest.approx(4 + 2 * 0.75, abs=0.1)
    assert drawn[:, 18].sum() == pytest.approx(24 + 2 * 0.75, abs=0.1)
    grey = np.where(line < 255, 90, 255).astype(np.uint8)
    assert pens.felt(grey).min() == 90  # no darker than the ink is


def test_pencils_are_grey_and_grainy(line: np.ndarray):
    drawn = ink(pens.pencil(line, np.random.default_rng(0)))[line == 0]
    assert drawn.mean() == pytest.approx(0.6, abs=0.02)
    assert drawn.std() == pytest.approx(0.25, abs=0.03)


def test_ink_fades_to_a_third(line: np.ndarray):
    drawn = ink(pens.fading(line))[30]
    np.testing.assert_allclose(drawn[line[30] == 0], np.linspace(1, 1 / 3, 512)[line[30] == 0], atol=0.002)
    assert not drawn[line[30] == 255].any()


def test_a_rule_stands_under_small_letters_and_is_taken_out(line: np.ndarray):
    ruled = papers.ruled(line, 64)
    assert (ruled[44] == 153).all()  # two fifths of the way from 255 to 0
    np.testing.assert_array_equal(np.delete(ruled, 44, axis=0), np.delete(line, 44, axis=0))
    left = papers.recleaned(line, ruled)
    np.testing.assert_array_equal(left[:, line[30] == 255], line[:, line[30] == 255])  # all but under strokes
    faint = papers.ruled(np.where(line < 255, 200, 255).astype(np.uint8), 64)
    assert (faint[44] == 233).all()  # ... and from 255 to 200


def test_squares_are_a_share_of_the_height():
    for height in (64, 112):
        blank = np.full((height, 512), 255, np.uint8)
        blank[height // 4 : height // 2, ::7] = 0
        added = ink(papers.squared(blank, height)) / ink(np.array(153))
        rows, columns = added[:, 1::7].min(axis=1), added[: height // 8].min(axis=0)
        side = 0.4 * height
        for covered, pixels in ((rows, height), (columns, 512)):
            thick = covered.sum() / (pixels / side)
            assert thick == pytest.approx(height / 64, rel=0.25)  # of so few rules, one more or less
        begins = np.flatnonzero(np.diff((columns > 0.1).astype(int)) > 0)
        assert np.diff(begins).mean() == pytest.approx(side, abs=0.2)


def test_cleaning_brings_tones_back(line: np.ndarray):
    np.testing.assert_array_equal(papers.recleaned(line, line), line)
    soft = scanners.blurred(line, 1 / 64)
    np.testing.assert_array_equal(papers.recleaned(soft, soft), soft)
    grey = (255 - (255 - soft.astype(float)) * 0.6 - 20).astype(np.uint8)  # paper at 235, ink grey
    assert np.abs(papers.recleaned(soft, grey).astype(int) - soft).max() <= 3
    blank = np.full_like(line, 240)
    np.testing.assert_array_equal(papers.recleaned(line, blank), blank)


def test_scanners_blur_and_sharpen_by_a_share_of_the_height(line: np.ndarray):
    for height in (64, 128):
        edge = np.full((height, 4 * height), 255, np.uint8)
        edge[:, 2 * height :] = 0
        soft = ink(scanners.blurred(edge, 1 / 64))[0]
        step = np.diff(soft)
        place = np.arange(len(step)) - (step * np.arange(len(step))).sum()
        assert np.sqrt((step * place**2).sum()) == pytest.approx(height / 64, rel=0.1)
        sharp = ink(scanners.sharpened(scanners.blurred(edge, 1 / 64), 1 / 64))[0]
        assert np.diff(sharp).max() > 1.3 * step.max()
    assert scanners.sharpened(line, 1 / 64).shape == line.shape


def test_coarse_scans_have_as_many_pixels_as_their_resolution_gives():
    """At 75 dpi a line has 32 rows: stripes three pixels of 64 wide are too fine for it, wide ones are not."""
    columns = np.arange(768)
    fine, wide = (np.broadcast_to(255 * (columns // side % 2), (64, 768)).astype(np.uint8) for side in (1, 16))
    assert np.ptp(scanners.coarse(fine, 75)[32, 100:600].astype(int)) < 10
    assert np.ptp(scanners.coarse(wide, 75)[32, 100:600].astype(int)) > 240
    np.testing.assert_array_equal(scanners.coarse(wide, 150), wide)  # 64 rows


def test_compression_leaves_its_marks_alone(line: np.ndarray):
    assert np.abs(scanners.compressed(line, 100).astype(int) - line).max() <= 4
    long = np.full((8, 4100), 250, np.uint8)  # 65,600 columns at the height of a scan
    assert scanners.compressed(long, 30) is long
    poor = np.abs(scanners.compressed(line, 10).astype(int) - line).mean()
    assert poor > 2 * np.abs(scanners.compressed(line, 60).astype(int) - line).mean() > 0


def test_gamma():
    greys = np.arange(256, dtype=np.uint8).reshape(16, 16)
    np.testing.assert_array_equal(scanners.gamma(greys, 1), greys)
    assert scanners.gamma(greys, 2)[8, 0] == 64  # (128 / 255)^2 * 255
    assert scanners.gamma(greys, 0.5)[4, 0] == 128  # (64 / 255)^(1 / 2) * 255


def test_a_turned_line_falls_and_fits_its_height():
    line = np.full((64, 600), 255, np.uint8)
    line[30:34, 20:580] = 0
    turned = shapes.turned(line, 2)
    assert turned.shape[0] == 64
    rows = ink(turned)[:, [100, 500]]
    left, right = (rows * np.arange(64)[:, None]).sum(axis=0) / rows.sum(axis=0)
    assert right - left == pytest.approx(400 * np.tan(np.radians(2)), abs=0.5)
    long = np.full((64, 4000), 255, np.uint8)
    long[30:34, 20:3980] = 0  # falls by 138 pixels: it is drawn smaller
    assert shapes.turned(long, 2).shape[0] == 64
    assert shapes.turned(long, 2).shape[1] == pytest.approx(4000 * 64 / 142, rel=0.02)
