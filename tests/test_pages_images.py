"""Lines cut out of pages and found by their ink, on pages that the tests draw."""

import os
import re
import zipfile
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageFont

from benchmarks.pages import overlap
from writerid.base.errors import InputError
from writerid.dataset.pages.cutting import Cut, cut_line
from writerid.dataset.pages.layout import LineRegion, PageLayout, box
from writerid.dataset.pages.layout_files import read_layout
from writerid.dataset.pages.paper import Crowded, paper_tone, without_ruling
from writerid.dataset.pages.plain import Found, find_lines
from writerid.dataset.pages.recognition import holds_several, is_page, may_be_page
from writerid.dataset.pages.ridges import trace

COPISTE_ZIP = os.environ.get("COPISTE_ZIP")
PITCH = 50


def scribble(pen: ImageDraw.ImageDraw, rng: np.random.Generator, left: int, right: int, y: int, size: int = 14) -> None:
    """Draw a line of something like words whose small letters stand on y."""
    x = left
    while x < right - size:
        for _ in range(int(rng.integers(3, 8))):
            top = y - size * (2 if rng.random() < 0.25 else 1)
            bottom = y + (size if rng.random() < 0.15 else 0)
            pen.line([(x, top), (x + size // 3, bottom), (x + size - 3, y - size), (x + size, y)], fill=40, width=2)
            x += size
        x += size


def page(
    lines: int = 8, width: int = 900, height: int = 700, pitch: int = PITCH
) -> tuple[Image.Image, list[np.ndarray]]:
    """A page of lines, and a box around each."""
    image = Image.new("L", (width, height), 235)
    pen, rng, boxes = ImageDraw.Draw(image), np.random.default_rng(0), []
    for number in range(lines):
        y = 120 + pitch * number
        right = width - 80 if number % 3 != 2 else width // 2
        scribble(pen, rng, 80, right, y)
        boxes.append(box(78, y - 29, right - 78, 44))
    return image, boxes


def outlines(found: Found) -> list[np.ndarray]:
    return [line.outline for line in found.lines if line.outline is not None]


def right(image: Image.Image, boxes: list[np.ndarray]) -> tuple[int, int]:
    """How many lines were found, and how many of them where a box is."""
    found = find_lines(np.asarray(image))
    assert found.doubts == ()
    return len(found.lines), sum(max(overlap(outline, one) for outline in outlines(found)) >= 0.5 for one in boxes)


def test_lines_are_found_by_their_ink():
    image, boxes = page()
    assert right(image, boxes) == (8, 8)


def test_small_and_large_scans_make_no_difference():
    image, boxes = page()
    for by in (0.7, 2):
        size = round(image.width * by), round(image.height * by)
        assert right(image.resize(size, Image.Resampling.BICUBIC), [one * by for one in boxes]) == (8, 8)


def test_lines_that_lie_far_apart_are_found():
    image, boxes = page(height=900, pitch=90)
    assert right(image, boxes) == (8, 8)


def test_uneven_light_and_ruling_are_no_ink():
    image, boxes = page()
    pen = ImageDraw.Draw(image)
    for y in range(122, 680, PITCH):
        pen.line([(40, y), (860, y)], fill=150, width=2)
    shade = np.linspace(0.5, 1.0, image.width)
    assert right(Image.fromarray((np.asarray(image) * shade).astype(np.uint8)), boxes) == (8, 8)


def test_a_stroke_through_a_rule_stays_whole():
    rule, stroke = np.zeros((2, 100, 200), bool)
    rule[50:52, 10:190] = True
    stroke[40:62, 100:103] = True
    np.testing.assert_array_equal(without_ruling(rule | stroke, rule | stroke), stroke)


@pytest.mark.parametrize("angle", [-4, 3])
def test_a_turned_page_is_levelled_and_its_outlines_turned_back(angle):
    image, boxes = page()
    turned = image.rotate(-angle, Image.Resampling.BICUBIC, fillcolor=235)
    found = find_lines(np.asarray(turned))
    assert len(found.lines) == 8
    assert all(abs(line.slope() - angle) < 0.4 for line in found.lines)
    paper = paper_tone(np.asarray(turned))
    heights = [len(cut_line(np.asarray(turned), paper, Cut.of(line))) for line in found.lines]
    assert max(heights) < 1.3 * PITCH  # level again: a line 740 wide that is not would be 39 higher
    turn = np.radians(angle)
    middle = np.array([image.width, image.height]) / 2
    about = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]])
    for one in boxes:
        assert max(overlap(outline, (one - middle) @ about + middle) for outline in outlines(found)) >= 0.5


def test_small_print_is_left_out():
    image, boxes = page(6)
    text = "I have read the conditions and agree that my handwriting is used for research and passed on. " * 2
    ImageDraw.Draw(image).text((80, 40), text[:120], fill=0, font=ImageFont.load_default(12))
    assert right(image, boxes) == (6, 6)


def test_a_page_of_few_lines_or_none_is_doubtful():
    assert find_lines(np.asarray(page(2)[0])).doubts[0] == "only 2 line(s)"
    assert find_lines(np.full((500, 400), 240, np.uint8)) == Found([], ("no ink",))


def test_what_is_no_writing_is_doubtful():
    noise = np.random.default_rng(0).integers(0, 256, (600, 500), np.uint8)
    assert find_lines(noise).doubts


def test_a_page_is_told_from_a_line():
    image, _ = page()
    assert is_page(np.asarray(image))
    assert is_page(np.asarray(page(2)[0]))
    line = image.crop((60, 85, 860, 140))
    assert not is_page(np.asarray(line))
    word = line.crop((0, 0, 150, 55))
    assert not is_page(np.asarray(word.resize((1200, 440), Image.Resampling.BICUBIC)))
    assert not is_page(np.full((1000, 800), 255, np.uint8))


@pytest.mark.parametrize(
    ("height", "width", "page"), [(250, 1000, True), (249, 900, False), (900, 249, False), (250, 1001, False)]
)
def test_the_smallest_and_the_widest_page(height: int, width: int, page: bool):
    assert may_be_page(np.zeros((height, width), np.uint8)) == page


@pytest.mark.parametrize(
    ("heights", "entangled", "several"),
    [([90] * 3, 0.0, True), ([34, 34], 0.0, True), ([34, 36], 0.0, False), ([20], 0.0, False), ([20] * 3, 0.6, False)],
    ids=["three lines", "two low ones", "two, one of them high", "one", "parts of a word"],
)
def test_what_was_found_is_several_lines(heights: list[int], entangled: float, several: bool):
    lines = [LineRegion("a", box(0, 0, 300, height)) for height in heights]
    assert holds_several(Found(lines, (), entangled), 100) == several
    assert holds_several(Found([], (), crowded=True), 100)


def test_the_outline_masks_the_ink_of_neighbours():
    grey = np.full((100, 200), 200, np.uint8)
    grey[10:20, 20:180] = 30  # the neighbour
    grey[40:50, 20:180] = 60
    outline = np.array([[10, 35], [100, 5], [190, 35], [190, 60], [10, 60]], float)
    outline[1] = [100, 25]
    line = cut_line(grey, np.full_like(grey, 210), Cut.of(LineRegion("a", outline)))
    assert line.dtype == np.uint8 and line.shape == (36, 181)
    assert line.min() == 60 and line[0, 0] == 210 and line[15, 20] == 60


@pytest.mark.parametrize(("baseline", "first"), [([[50, 180], [50, 20]], 180), ([[50, 20], [50, 180]], 20)])
def test_upright_lines_are_laid_down_without_loss(baseline, first):
    grey = np.full((200, 100), 200, np.uint8)
    grey[first - 3 : first + 3, 45:55] = 0  # where reading starts
    cut = Cut.of(LineRegion("a", box(30, 10, 40, 180), np.array(baseline, float)))
    line = cut_line(grey, np.full_like(grey, 200), cut)
    assert line.shape == (41, 181)
    assert np.flatnonzero((line == 0).any(axis=0)).max() < 20


def test_a_cut_is_read_as_it_was_written():
    cut = Cut.of(LineRegion("a", np.array([[1.4, 2], [30, 2.6], [30, 9], [30.2, 9]]), falls=12.34))
    assert str(cut) == "1,2 30,3 30,9 @-12.3"
    assert str(Cut.read(str(cut))) == str(cut)


corners = st.tuples(*[st.floats(-50, 350) | st.sampled_from([0.0, 99.5, 100.5, 200.0, 300.0])] * 2)
polygons = st.lists(corners, min_size=2, max_size=6).map(lambda points: np.array(points, np.float64))
angles = st.floats(-1e7, 1e7) | st.sampled_from([180.0, -180.0, 270.0, -270.0, 360.0, 1e6])


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.none() | polygons, st.none() | polygons, angles), min_size=1, max_size=3))
def test_every_cut_of_a_page_is_read_as_it_was_written(told: list[tuple[Any, Any, float]]):
    page = np.zeros((300, 200), np.uint8)
    lines = [LineRegion("a", outline, baseline, falls=falls) for outline, baseline, falls in told]
    for line in PageLayout("", 0, 0, tuple(lines)).fitted(200, 300):
        if line.outline is not None:
            cut = Cut.of(line)
            written = Cut.read(str(cut))
            assert (str(written), written.turn) == (str(cut), cut.turn)
            np.testing.assert_array_equal(written.outline, cut.outline)
            assert cut_line(page, page, cut).size


@pytest.mark.parametrize("text", ["", "1,2 3,4", "1,2 3,4 5", "1,2 3,4 5,6 @x", "1,2 3,4 -5,6", "1,2 3,4 5,6 @999"])
def test_what_is_no_cut_is_told(text):
    with pytest.raises(InputError, match="is no outline of a line on a page"):
        Cut.read(text)


def test_an_outline_beside_the_page_is_told():
    with pytest.raises(InputError, match="does not lie on a page of 10 x 10"):
        cut_line(np.zeros((10, 10), np.uint8), np.zeros((10, 10), np.uint8), Cut.read("20,20 30,20 30,30"))


@pytest.mark.copiste
@pytest.mark.skipif(not COPISTE_ZIP, reason="COPISTE_ZIP names no archive")
def test_real_pages():
    with zipfile.ZipFile(str(COPISTE_ZIP)) as archive:
        names = sorted(name for name in archive.namelist() if name.endswith(".xml"))
        right = lines = found = cut = 0
        for name in names[::30]:
            (layout,) = read_layout(archive.read(name)) or []
            image = archive.read(name.replace("alto/", "jpg/").replace(".xml", ".jpg"))
            grey = np.asarray(Image.open(BytesIO(image)).convert("L"))
            regions = layout.fitted(grey.shape[1], grey.shape[0])
            in_file = outlines(Found(regions, ()))
            cut += sum(cut_line(grey, paper_tone(grey), Cut.of(region)).size > 0 for region in regions[:3])
            by_ink = outlines(find_lines(grey))
            right += sum(max(overlap(one, other) for other in in_file) >= 0.5 for one in by_ink)
            lines, found = lines + len(in_file), found + len(by_ink)
        assert cut == 3 * len(names[::30])
        assert 2 * right / (lines + found) > 0.9


def test_noise_is_refused_before_its_marks_are_followed():
    """To follow each takes minutes and gigabytes; is_page looks at a small image, where they may be few enough."""
    noise = np.random.default_rng(0).random((1500, 1500)) < 0.1
    found = find_lines(np.where(noise, 0, 255).astype(np.uint8))
    assert found.crowded and not found.lines
    assert re.fullmatch(r"[\d,]+ separate marks, and a page of writing has some thousand", found.doubts[0])
    assert is_page(np.kron(noise[:450, :450], np.ones((2, 2), bool)).astype(np.uint8) * 255 ^ 255)
    with pytest.raises(Crowded, match="pieces of lines"):
        trace(noise, 11.5)
