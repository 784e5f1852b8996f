"""The survey of an archive: which images are used, why others are not, and what is unusual about them."""

import io
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import dataset_members, line, png, write_zip
from writerid.base.errors import InputError
from writerid.dataset.archive import Archive
from writerid.dataset.images import decode
from writerid.dataset.layouts import find_places
from writerid.dataset.left_out import REASONS, LeftOut
from writerid.dataset.selection import select, summary, warnings
from writerid.dataset.survey import Line, survey


def surveyed(path: Path, min_size: int = 8):
    with Archive(path) as archive:
        return survey(archive, find_places(archive), min_size)


def test_a_whole_dataset(tmp_path: Path):
    lines, left_out = surveyed(write_zip(tmp_path / "d.zip", dataset_members()))
    assert not left_out
    assert [x.line for x in lines] == sorted(x.line for x in lines)
    assert (lines[0].line, lines[0].path, lines[0].form) == ("a00-000-00", "lines/a00-000-00.png", "a00-000")
    assert (lines[0].writer, lines[0].width, lines[0].height, lines[0].negative) == ("000", 90, 30, False)
    assert Counter(x.writer for x in lines) == {"000": 6, "001": 6, "002": 6}


def test_every_reason_to_leave_an_image_out(tmp_path: Path):
    members = dataset_members(writers=3)
    members |= {
        "lines/portrait.png": png(line(900)),
        "lines/z99-000-00.png": png(line(901)),
        "other/a00-000-00.png": png(line(902)),
        "lines/a00-000-07.png": b"not an image",
        "lines/a00-000-08.png": png(line(903))[:-100],
        "lines/a00-000-09.png": png(np.full((5, 40), 200, np.uint8)),
        "lines/a00-000-00 (1).png": members["lines/a00-000-00.png"],
        "lines/b00-000-00.png": png(line(904)),
        "__MACOSX/lines/._a00-000-00.png": b"",
        "lines/a00-000-10.png": png(np.full((4200, 4000), 255, np.uint8)),
        "lines/a00-000-11.png": png(np.full((20, 60), 200, np.uint8)),
        "notes.docx": b"",
    }
    members["forms.txt"] = str(members["forms.txt"]) + "b00-000 009\n"
    path = write_zip(tmp_path / "d.zip", members)
    usable, unusable = surveyed(path)
    lines, others = select(usable, min_forms=3, top_writers=2)
    left_out = unusable + others
    assert Counter(item.reason for item in left_out) == {
        "no_form": 1,
        "no_writer": 1,
        "repeated_name": 1,
        "unreadable": 2,
        "too_small": 1,
        "too_large": 1,
        "no_ink": 1,
        "duplicate": 1,
        "few_forms": 1,
        "not_top": 6,
    }
    of_pages = {"page", "label", "bad_layout"}  # tests/test_pages_dataset.py
    assert {item.reason for item in left_out} == set(REASONS) - of_pages
    counted = summary(lines, left_out, others=Archive(path).others)
    assert counted["lines"] == len(lines) == 12
    assert counted["images"] == len(lines) + len(left_out)
    assert counted["left_out"]["not_top"] == 6
    assert counted["other_files"] == 1
    assert len(counted["warnings"]) == 1
    assert counted["warnings"][0].startswith("9 of 28 images could not be used: 2 unreadable, ")
    assert {item.detail for item in others if item.reason == "not_top"} == {"writer 002, 3 forms, 6 lines"}


def test_sizes_at_the_limit(tmp_path: Path):
    members = {
        **dataset_members(),
        "lines/a00-000-07.png": png(line(1, 30, 8)),
        "lines/a00-000-08.png": png(line(2, 8, 9)),
    }
    members["lines/a00-000-09.png"] = png(line(3, 30, 7))
    _, left_out = surveyed(write_zip(tmp_path / "d.zip", members))
    assert [(item.path, item.detail) for item in left_out] == [("lines/a00-000-09.png", "30 x 7 pixels")]


def test_a_copy_under_an_odd_name_is_the_duplicate(tmp_path: Path):
    members = dataset_members()
    first = "lines/a00-000-00.png"
    again = io.BytesIO()  # the same pixels in other bytes
    Image.open(io.BytesIO(members[first])).save(again, "PNG", compress_level=1)  # type: ignore[arg-type]
    members["A copy.png"] = again.getvalue()
    lines, left_out = surveyed(write_zip(tmp_path / "d.zip", members))
    assert [(item.path, item.reason) for item in left_out] == [("A copy.png", "duplicate")]
    assert first in {x.path for x in lines}


def test_the_same_bytes_in_another_shape_are_no_duplicate(tmp_path: Path):
    grey = line(1, 60, 30)
    members = {
        **dataset_members(),
        "lines/a00-000-08.png": png(grey),
        "lines/a00-000-09.png": png(grey.reshape(60, 30)),
    }
    _, left_out = surveyed(write_zip(tmp_path / "d.zip", members))
    assert not left_out


def test_the_same_pixels_by_two_writers_are_said_to_be(tmp_path: Path):
    members = dataset_members()
    members["lines/a01-000-00.png"] = members["lines/a00-000-00.png"]
    members["lines/a00-001-01.png"] = members["lines/a00-001-00.png"]
    _, left_out = surveyed(write_zip(tmp_path / "d.zip", members))
    assert [item.detail for item in left_out] == [
        "of lines/a00-001-00.png",
        "of lines/a00-000-00.png, which is by another writer",
    ]


def test_where_all_images_are_damaged(tmp_path: Path):
    members = {name: (data if name == "forms.txt" else b"junk") for name, data in dataset_members().items()}
    with pytest.raises(InputError, match=r"no image is usable \(18 unreadable\); the first: lines/a00-000-00.png"):
        surveyed(write_zip(tmp_path / "d.zip", members))


def test_a_member_damaged_in_the_archive_is_left_out(tmp_path: Path):
    path = write_zip(tmp_path / "d.zip", dataset_members())
    with zipfile.ZipFile(path) as archive:
        offset = archive.getinfo("lines/a01-001-00.png").header_offset
    data = bytearray(path.read_bytes())
    data[offset + 200] ^= 255
    path.write_bytes(data)
    lines, left_out = surveyed(path)
    assert len(lines) == 17
    assert [(item.path, item.reason) for item in left_out] == [("lines/a01-001-00.png", "unreadable")]


def test_a_damaged_name_is_not_quoted(tmp_path: Path):
    path = write_zip(tmp_path / "d.zip", dataset_members())
    data = bytearray(path.read_bytes())
    data[27] = 4  # the first member's name, forms.txt, becomes 1024 bytes longer
    path.write_bytes(data)
    with pytest.raises(InputError, match="damaged in the archive; get a fresh copy") as error:
        surveyed(path)
    assert "File name" not in str(error.value)


@pytest.mark.parametrize("method", [8, 12, 14, 99])
def test_a_member_whose_compression_is_not_what_the_archive_says(tmp_path: Path, method: int):
    """Each decompressor raises errors of its own kind."""
    path = write_zip(tmp_path / "d.zip", dataset_members())
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02", 0, data.rindex(b"lines/a01-001-00.png"))
    data[entry + 10] = method
    path.write_bytes(data)
    lines, left_out = surveyed(path)
    assert len(lines) == 17
    assert [(item.path, item.reason) for item in left_out] == [("lines/a01-001-00.png", "unreadable")]


def of(writer: str, forms: int, lines: int, **changes: object) -> list[Line]:
    return [
        Line(f"{writer}{f}-{i}", f"{writer}{f}-{i}.png", f"{writer}{f}", writer, 90, 30, **changes)  # type: ignore[arg-type]
        for f in range(forms)
        for i in range(lines)
    ]


def test_an_archive_all_in_white_on_black(tmp_path: Path):
    members = {
        name: png(255 - decode(data)) if isinstance(data, bytes) else data for name, data in dataset_members().items()
    }
    lines, left_out = surveyed(write_zip(tmp_path / "d.zip", members))
    assert len(lines) == 18
    assert not left_out
    assert warnings(lines, []) == ["18 of 18 lines are light on dark; they are turned to dark on light"]


def test_counts():
    lines = [*of("a", 1, 1), *of("b", 2, 2), *of("c", 3, 3), *of("d", 4, 4)]
    counts = summary(lines, [LeftOut("x", "no_ink", "")], layout="words", notes=["a note"])
    assert counts["lines_per_writer"] == {"least": 1, "median": 9, "most": 16}
    assert counts["forms_per_writer"] == {"least": 1, "median": 3, "most": 4}
    assert (counts["images"], counts["lines"], counts["writers"], counts["forms"]) == (31, 30, 4, 10)
    assert counts["left_out"] == dict.fromkeys(REASONS, 0) | {"no_ink": 1}
    assert (counts["layout"], counts["warnings"][-1]) == ("words", "a note")


def test_top_writers_ties_go_by_id():
    chosen, left_out = select([*of("b", 1, 2), *of("a", 1, 2), *of("c", 1, 3)], min_forms=1, top_writers=2)
    assert {x.writer for x in chosen} == {"a", "c"}
    assert {item.reason for item in left_out} == {"not_top"}


def test_a_writer_with_just_enough_forms_takes_part():
    chosen, left_out = select([*of("a", 3, 1), *of("b", 3, 1), *of("c", 2, 9)], min_forms=3, top_writers=None)
    assert {x.writer for x in chosen} == {"a", "b"}
    assert {item.detail for item in left_out} == {"writer c, 2 forms, 18 lines"}


@pytest.mark.parametrize(
    ("lines", "min_forms", "message"),
    [
        ([*of("a", 3, 1), *of("b", 1, 1)], 3, "of 2 in the dataset only writer a has min_forms: 3 or more forms"),
        ([*of("a", 3, 1), *of("b", 1, 1)], 9, "no writer has min_forms: 9"),
        ([*of("a", 4, 1), *of("b", 3, 1)], 4, r"set min_forms: 3 \(split.group_by: form\), which 2 writers have$"),
        (
            [*of("a", 1, 9), *of("b", 2, 5), *of("c", 1, 10)],
            3,
            "set split.group_by: line, min_forms: 1 and top_writers: 2, the writers with 10 lines or more$",
        ),
        ([*of("a", 2, 1), *of("b", 2, 1)], 3, "allows neither; add forms of two writers or more$"),
    ],
)
def test_too_few_writers_and_what_the_data_allow(lines: list[Line], min_forms: int, message: str):
    with pytest.raises(InputError, match=message):
        select(lines, min_forms=min_forms, top_writers=None)


def test_an_ordinary_dataset_has_no_warning():
    assert warnings([*of("a", 3, 2), *of("b", 3, 2), *of("c", 3, 2)], []) == []
    assert warnings([*of("a", 3, 2), *of("b", 3, 2)], []) == []  # of two writers, one has half
    assert warnings([*of("a", 4, 5), *of("b", 3, 5), *of("c", 2, 4)], [LeftOut("x", "no_ink", "")] * 4) == []
    assert warnings([*of("a", 1, 7), *of("b", 1, 5), *of("c", 1, 3)], [LeftOut("x", "few_forms", "")] * 99) == []


@pytest.mark.parametrize("count", [5, 6])
def test_the_bounds_of_warnings(count: int):
    lines = [*of("a", 1, 20), *of("b", 1, 15), *of("c", 1, 10)]
    assert len(warnings(lines, [LeftOut("x", "no_ink", "")] * count)) == (count > 5)
    lines = [*of("a", 1, 4 + count), *of("b", 1, 5), *of("c", 1, 5)]
    assert len(warnings(lines, [])) == (count > 5)


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([*of("a", 3, 9), *of("b", 3, 1), *of("c", 3, 1)], "writer a has 27 of 33 lines"),
        ([*of("a", 2, 1, negative=True), *of("b", 2, 1), *of("c", 2, 1)], "2 of 6 lines are light on dark"),
        (
            [*of("a", 2, 1), *of("b", 2, 1), *of("c", 1, 1, dpi=300), Line("c0-1", "", "c0", "c", 9, 30)],
            "1 forms hold scans of several kinds, such as c0: ",
        ),
    ],
)
def test_warnings(lines: list[Line], message: str):
    assert [said[: len(message)] for said in warnings(lines, [])] == [message]
