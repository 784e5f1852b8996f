"""The benchmark of strangers, on a few pages that are drawn here."""

import re
import zipfile
from io import BytesIO
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image, ImageDraw

from benchmarks import strangers
from benchmarks.strangers import Lines, Pieces, by_contours, by_network, read, row
from tests.test_models import SEEN, TINY
from writerid.base.errors import InputError
from writerid.base.files import read_csv
from writerid.network import models
from writerid.scores.embedding import Embedding

WRITER = re.compile(strangers.WRITER)


def page(slant: int, lines: int = 5, seed: int = 0) -> tuple[bytes, str]:
    """A page of strokes that all lean by `slant` pixels, and its ALTO, in units of half a pixel."""
    rng = np.random.default_rng(seed)
    image = Image.new("L", (400, 60 * lines), 240)
    pen = ImageDraw.Draw(image)
    xml = []
    for line in range(lines):
        top = 60 * line + 10
        for x in range(30, 360, 12):
            x += int(rng.integers(5))
            pen.line([(x + slant, top), (x - slant, top + 38 + int(rng.integers(4)))], fill=20, width=3)
        text = "sheet 7" if line == 0 else "words"
        xml.append(
            f'<TextLine HPOS="20" VPOS="{120 * line + 6}" WIDTH="760" HEIGHT="100">'
            f'<String CONTENT="{text}"/></TextLine>'
        )
    buffer = BytesIO()
    image.save(buffer, "PNG")
    head = f'<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Layout><Page WIDTH="800" HEIGHT="{120 * lines}">'
    return buffer.getvalue(), f"{head}<PrintSpace>{''.join(xml)}</PrintSpace></Page></Layout></alto>"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    """Three people with two pages each, one with one; and a layout file that is cut off."""
    path = tmp_path / "pages.zip"
    with zipfile.ZipFile(path, "w") as made:
        for number, name in enumerate(("a_1_1", "a_1_2", "a_2_1", "a_2_2", "a_3_1", "a_3_2", "a_4")):
            image, xml = page(slant=(-8, 0, 8, 3)[int(name[2]) - 1], seed=number)
            made.writestr(f"{name}.png", image)
            made.writestr(f"{name}.xml", xml)
        made.writestr("b_1.png", image)
        made.writestr("b_1.xml", xml[:200])
    return path


@pytest.fixture
def lines(archive: Path) -> Lines:
    return read(archive, re.compile("sheet"), WRITER)


def test_lines_pages_and_writers(archive: Path, capsys: pytest.CaptureFixture[str]):
    lines = read(archive, re.compile("sheet"), WRITER)
    np.testing.assert_array_equal(lines.pages, np.repeat(np.arange(7), 4))
    np.testing.assert_array_equal(lines.writers, np.repeat([0, 0, 1, 1, 2, 2, 3], 4))
    assert all(grey.shape[1] == pytest.approx(380, abs=3) for grey in lines.greys)
    assert "'b_1.png': left out: " in capsys.readouterr().out


def test_pages_of_one_name_in_two_folders_are_two_pages(archive: Path, tmp_path: Path):
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(tmp_path / "folders.zip", "w") as made:
        for name in old.namelist():
            stem, kind = name.rsplit(".", 1)
            made.writestr(
                f"{stem[-1]}/{stem[:-2]}.{kind}" if stem[:1] == "a" and stem != "a_4" else name, old.read(name)
            )
    lines = read(tmp_path / "folders.zip", re.compile("sheet"), re.compile(r"(a_\d)"))
    assert len(np.unique(lines.pages)) == 7
    assert len(np.unique(lines.writers)) == 4


def test_contours_tell_slants_apart(lines: Lines):
    cells = row(by_contours(lines), lines)
    assert list(cells) == ["map", "map_low", "map_high", "top1", "eer", "two_lines_map", "pages_map"]
    assert float(str(cells["map"])) > 0.8
    assert {cells[name] for name in ("top1", "two_lines_map", "pages_map")} == {"1.000"}


def test_documents_of_one_line_two_lines_and_a_page():
    """Lines of one writer lie 80 degrees on either side of what they are on average, as far as others' lie."""
    pages, place = np.repeat(np.arange(4), 4), np.tile(np.arange(4), 4)
    writers = pages // 2
    angle = np.radians(90 * writers + np.where(place % 2, 80, -80))
    vectors = np.column_stack([np.cos(angle), np.sin(angle)])
    made = Pieces(vectors, np.arange(16), Embedding(np.zeros(2), np.eye(2)))
    cells = row([made], Lines([], pages, writers))
    assert float(str(cells["map"])) < 0.8
    assert (cells["two_lines_map"], cells["pages_map"]) == ("1.000", "1.000")


def test_a_last_odd_line_is_no_pair_of_lines():
    """Each page's last line looks like another person's."""
    pages = np.repeat(np.arange(4), 3)
    vectors = np.array([*[[1, 0], [1, 0], [0, 1]] * 2, *[[0, 1], [0, 1], [1, 0]] * 2], float)
    made = Pieces(vectors, np.arange(12), Embedding(np.zeros(2), np.eye(2)))
    cells = row([made], Lines([], pages, pages // 2))
    assert float(str(cells["map"])) < 1
    assert cells["two_lines_map"] == "1.000"


def test_a_network_reads_the_same_lines(lines: Lines):
    made = by_network(models.build(TINY, seed=0), lines, "dataset", "clip", None)
    assert set(made.line) == set(range(28))
    assert len(made.vectors) == len(made.line) > 28
    assert all(0 <= float(str(cell)) <= 1 for cell in row([made, *by_contours(lines)], lines).values())


def saved(folder: Path) -> Path:
    """A model that was never trained, with an embedding that changes nothing."""
    model = models.build(TINY, seed=0)
    models.save(model, SEEN, folder / "m.keras")
    size = model.get_layer("logits").input.shape[-1]
    models.add_embedding(folder / "m.keras", Embedding(np.zeros(size), np.eye(size)))
    return folder / "m.keras"


def test_the_whole_table(archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    strangers.main(archive, saved(tmp_path), "sheet", strangers.WRITER, True, tmp_path / "table.csv")
    printed = capsys.readouterr().out.splitlines()
    assert printed[1] == "28 lines on 7 pages by 4 people"
    rows = ["random weights", "contours", "network", "both", "contours, graph", "both, graph"]
    written = read_csv(tmp_path / "table.csv", {"what": str, "top1": float})
    assert written["what"] == [line.split(" | ")[0].strip("| ") for line in printed[4:]] == rows
    assert written["top1"][1] == 1


def test_what_cannot_be_measured_is_told(archive: Path, tmp_path: Path):
    with pytest.raises(InputError, match=r"nobody has two of its 7 pages with lines; set --writer"):
        read(archive, None, re.compile("(.+)"))
    with pytest.raises(InputError, match=r"its 7 pages with lines are by fewer than two people; set --writer"):
        read(archive, None, re.compile("(a).*"))
    models.save(models.build(TINY, seed=0), SEEN, tmp_path / "m.keras")
    with pytest.raises(InputError, match="has no embedding"):
        strangers.main(archive, tmp_path / "m.keras", "", strangers.WRITER, False, None)
    models.add_embedding(tmp_path / "m.keras", Embedding(np.zeros(2), np.eye(2)))
    with pytest.raises(InputError, match=r"--writer: 'anna' has no group"):
        strangers.main(archive, tmp_path / "m.keras", "", "anna", False, None)


def test_random_weights_are_other_weights():
    model = models.build(TINY, seed=0)
    kernel = model.get_layer("conv1").get_weights()[0]
    model.get_layer("conv1").set_weights([kernel * 0])
    assert keras.models.clone_model(model).get_layer("conv1").get_weights()[0].any()
