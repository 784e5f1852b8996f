"""The pictures: whole, the same each time, and of a size that can be read from 2 to 300 writers."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from writerid.pictures import canvas, charts, filters, writers


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


@pytest.mark.parametrize("count", [2, 50, 300])
def test_any_number_of_writers(tmp_path: Path, count: int):
    names = [f"{i:03d}" for i in range(count)]
    rng = np.random.default_rng(0)
    recall = np.eye(count) * 0.9 + rng.random((count, count)) * 0.02
    writers.confusion(recall, names, tmp_path / "confusion.png")
    charts.by_writer(names, [8] * count, list(rng.random(count)), tmp_path / "writers.png")
    labels = np.arange(3 * count) % count
    line = np.full((20, 200), 255, np.uint8)
    line[5:9, 20:60] = 0
    writers.hands(rng.normal(size=(3 * count, 2)), labels, names, [(0, line)], tmp_path / "hands.png")
    for name in ("confusion", "writers", "hands"):
        width, height = size(tmp_path / f"{name}.png")
        assert 300 < width < 2600
        assert 130 < height < 2000


def test_pictures_are_the_same_each_time(tmp_path: Path):
    kernel = np.random.default_rng(0).normal(size=(3, 3, 1, 10))
    line = np.full((16, 40), 255, np.uint8)
    pair = writers.Pair("a", "b", 0.25, line, line)
    for turn in ("one", "two"):
        filters.filters(kernel, tmp_path / turn / "filters.png")
        writers.pairs([pair], tmp_path / turn / "pairs.png")
        canvas.stacked([line], ["a line"], "lines", tmp_path / turn / "lines.png", "a note")
        charts.lines_read({"1": 0.5, "all": 1.0}, tmp_path / turn / "read.png")
        curves = {side: {"loss": [2.0, 1.0], "accuracy": [0.1, 0.5]} for side in ("train", "validation")}
        charts.curves(curves, 2, tmp_path / turn / "curves.png")
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_names_on_the_map_of_hands_cover_no_other():
    axis = Figure(figsize=(6, 6)).add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, 1), ylim=(0, 1))
    places = np.array([[0.2, 0.2], [0.2, 0.201], [0.8, 0.8]])
    assert writers._name(axis, places, np.arange(3), ["000", "001", "002"], 9) == 1
    assert [text.get_text() for text in axis.texts] == ["000", "002"]


def test_nothing_to_show_is_said(tmp_path: Path):
    writers.pairs([], tmp_path / "pairs.png")
    canvas.stacked([], [], "The surest wrong lines", tmp_path / "none.png")
    assert min(size(tmp_path / "pairs.png") + size(tmp_path / "none.png")) > 50


def test_evidence_tints_the_paper_and_leaves_the_ink():
    line = np.full((40, 60), 255, np.uint8)
    line[18:22] = 0
    evidence = np.zeros((40, 60))
    evidence[20, 10], evidence[20, 50] = 1, -1
    drawn = canvas.marked(line, evidence)
    assert (drawn[18:22] == 0).all()
    red, _, blue = drawn[16, 10].astype(int)
    assert red > blue  # orange speaks for
    red, _, blue = drawn[16, 50].astype(int)
    assert red < blue  # blue against
    assert (drawn[0, 30] > 250).all()
