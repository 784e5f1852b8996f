"""Pages in a dataset: their lines are surveyed, named, and cut again as they were."""

import re
import zipfile
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.test_pages_images import page
from tests.test_pages_layout import alto, page_xml
from tools import pages
from writerid.base.errors import InputError
from writerid.dataset.archive import Archive
from writerid.dataset.layouts import find_places
from writerid.dataset.page_lines import Finder, Labels
from writerid.dataset.survey import survey

LINE = '<TextLine ID="l{0}"><Shape><Polygon POINTS="{1}"/></Shape><String CONTENT="{2}"/></TextLine>'


def png(image: Image.Image) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def archive_of(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def surveyed(path: Path, text: str = ""):
    with Archive(path) as archive:
        labels = Labels(["printed"], re.compile(text) if text else None)
        lines, left_out = survey(archive, find_places(archive), 8, Finder(archive, labels))
        for line in lines:
            assert archive.decode(line.path).shape == (line.height, line.width)
    return lines, left_out


def test_lines_of_a_layout_file_are_lines_of_the_dataset(tmp_path):
    image, boxes = page()
    lines = "".join(
        LINE.format(number, " ".join(f"{x * 2},{y * 2}" for x, y in box), "label 1" if number == 0 else "")
        for number, box in enumerate(boxes)
    )
    files = {
        "writers.csv": b"file,writer\nanna_1.png,anna\n",
        "jpg/anna_1.png": png(image),
        "alto/anna_1.xml": alto(lines + "<TextLine ID='x'/>", page='WIDTH="1800" HEIGHT="1400"'),
    }
    found, left_out = surveyed(archive_of(tmp_path / "a.zip", files), r"label \d")
    assert [line.line for line in found] == [f"anna_1#{number:02d}" for number in range(2, 9)]
    assert {(line.form, line.writer) for line in found} == {("anna_1", "anna")}
    assert found[0].path.startswith("jpg/anna_1.png#outline=78,")
    assert [(item.path, item.reason) for item in left_out] == [
        ("jpg/anna_1.png#01", "label"),
        ("jpg/anna_1.png#09", "label"),
    ]
    assert (found[0].width, found[0].height) == (743, 45)


def test_a_page_without_a_layout_file_is_never_a_line(tmp_path):
    image, _ = page()
    files = {
        "writers.csv": b"file,writer\na.png,anna\nb.png,bert\nc.png,carl\n",
        "a.png": png(image),
        "b.png": png(image.crop((60, 85, 860, 140))),
        "c.png": png(page(2)[0]),
    }
    found, left_out = surveyed(archive_of(tmp_path / "a.zip", files))
    assert [line.line for line in found] == [*(f"a#{number:02d}" for number in range(1, 9)), "b"]
    assert [(item.path, item.reason) for item in left_out] == [("c.png", "page")]
    assert left_out[0].detail.startswith("only 2 line(s)")


def test_a_light_page_on_dark_is_turned_before_its_lines_are_sought(tmp_path):
    image, _ = page()
    files = {"writers.csv": b"file,writer\na.png,anna\n", "a.png": png(Image.fromarray(255 - np.asarray(image)))}
    assert len(surveyed(archive_of(tmp_path / "a.zip", files))[0]) == 8


def test_a_layout_file_that_cannot_be_used_is_told(tmp_path):
    image, _ = page()
    files = {
        "writers.csv": b"file,writer\na.png,anna\nb.png,bert\nc.png,carl\n",
        "a.png": png(image),
        "a.xml": b"<alto>",
        "b.png": png(image.rotate(180)),
        "b.xml": alto("<TextLine/>"),
        "c.png": png(image.crop((60, 85, 860, 140))),
    }
    found, left_out = surveyed(archive_of(tmp_path / "a.zip", files))
    assert [line.line for line in found] == ["c"]
    assert [(item.path, item.reason) for item in left_out] == [("a.png", "bad_layout"), ("b.png", "bad_layout")]
    assert left_out[1].detail == "b.xml: made for an image of 200 x 300, but this one is 900 x 700 pixels"


@pytest.mark.parametrize(
    "layout",
    [
        page_xml("{}", region='orientation="270"'),
        page_xml("{}", region='orientation="180" readingOrientation="90"'),
        page_xml("{}", region='orientation="1000000"'),
        alto("{}", block='ROTATION="270"'),
    ],
    ids=["turned by 270", "read in another direction", "by a million", "ALTO"],
)
def test_lines_of_any_direction_are_cut_again_as_they_were(tmp_path: Path, layout: bytes):
    image, boxes = page()
    corners = " ".join(f"{x},{y}" for x, y in boxes[0])
    line = f'<TextLine><Shape><Polygon POINTS="{corners}"/></Shape><Coords points="{corners}"/></TextLine>'
    layout = layout.replace(b"{}", line.encode()).replace(b'"200"', b'"900"').replace(b'"300"', b'"700"')
    files = {"writers.csv": b"file,writer\na.png,anna\n", "a.png": png(image), "a.xml": layout}
    ((line,), _) = surveyed(archive_of(tmp_path / "a.zip", files))  # which decodes it
    assert line.height > line.width


def test_a_page_whose_layout_file_has_no_line_is_left_out_and_counted(tmp_path):
    image, boxes = page()
    line = LINE.format(1, " ".join(f"{x},{y}" for x, y in boxes[0]), "")
    second = b'</Page><Page WIDTH="900" HEIGHT="700"/></Layout>'
    both = BytesIO()
    image.save(both, "TIFF", save_all=True, append_images=[image.rotate(180)])
    files = {
        "writers.csv": b"file,writer\na.png,anna\nb.tif,bert\n",
        "a.png": png(image),
        "a.xml": page_xml("").replace(b"200", b"900").replace(b"300", b"700"),
        "b.tif": both.getvalue(),
        "b.xml": alto(line, page='WIDTH="900" HEIGHT="700"').replace(b"</Page></Layout>", second),
    }
    found, left_out = surveyed(archive_of(tmp_path / "a.zip", files))
    assert [line.line for line in found] == ["b#1#01"]
    assert left_out == [
        ("a.png", "bad_layout", "a.xml: tells of no line on this page"),
        ("b.tif#page=2", "bad_layout", "b.xml: tells of no line on this page"),
    ]


def test_the_tool_draws_each_page_and_says_what_it_found(tmp_path, capsys):
    image, boxes = page()
    files = {
        "a b/é.png": png(image),
        "x.png": b"not an image",
        "y.png": png(image),
        "y.xml": alto(LINE.format(1, " ".join(f"{x},{y}" for x, y in boxes[0]), "label"), page=""),
    }
    path = archive_of(tmp_path / "a.zip", files)
    given = [str(path), "--output", str(tmp_path / "out"), "--text", "label"]
    pages.main(**vars(pages.options().parse_args(given)))
    said = capsys.readouterr().out.splitlines()
    assert said[0] == "'a b/é.png': 8 lines, 0 left out"
    assert said[1].startswith("'x.png': not drawn: ")
    assert said[2] == "'y.png': 0 lines, 1 left out"
    assert said[3].endswith("2 pages with 8 lines; 0 of them doubtful")
    drawn = sorted((tmp_path / "out").iterdir())
    assert [one.name for one in drawn] == ["0001-é.jpg", "0003-y.jpg"]
    colours = np.asarray(Image.open(drawn[0]).convert("RGB")).astype(int)
    assert ((colours[..., 0] - colours[..., 2]) > 100).sum() > 1000  # outlines


def test_the_tool_shortens_long_names_in_any_script(tmp_path):
    path = archive_of(tmp_path / "a.zip", {f"{'漢' * 80}.png": png(page()[0]), f"{'a' * 90}.png": png(page(5)[0])})
    pages.main(**vars(pages.options().parse_args([str(path), "--output", str(tmp_path / "out")])))
    names = sorted(one.name for one in (tmp_path / "out").iterdir())
    assert names == [f"0001-{'a' * 80}.jpg", f"0002-{'漢' * 26}.jpg"]


def test_an_archive_without_a_page_that_can_be_drawn_is_an_error(tmp_path):
    path = archive_of(tmp_path / "a.zip", {"x.png": b"not an image"})
    with pytest.raises(InputError, match="no page in it can be drawn"):
        pages.main(**vars(pages.options().parse_args([str(path), "--output", str(tmp_path / "out")])))
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("wrong", [("--text", "("), ("--most", "0"), ("--most", "-1")])
def test_a_wrong_option_stops_the_tool(tmp_path, wrong):
    archive = archive_of(tmp_path / "a.zip", {"a.png": png(page()[0])})
    with pytest.raises(InputError, match=f"^{wrong[0]}: "):
        pages.main(**vars(pages.options().parse_args([str(archive), "--output", str(tmp_path / "out"), *wrong])))
    assert not (tmp_path / "out").exists()
