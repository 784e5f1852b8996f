"""The archive: its errors, which images are used, and why others are not."""

import io
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import dataset_members, line, png, write_zip
from writerid.base.errors import InputError
from writerid.dataset.archive import REASONS, Archive, Line, parse_forms, select, summary, survey


def surveyed(path: Path, min_size: int = 8):
    with Archive(path) as archive:
        return survey(archive, min_size)


def test_a_whole_dataset(tmp_path: Path):
    lines, left_out = surveyed(write_zip(tmp_path / "d.zip", dataset_members()))
    assert not left_out
    assert [x.line for x in lines] == sorted(x.line for x in lines)
    assert lines[0] == Line("a00-000-00", "lines/a00-000-00.png", "a00-000", "000", 90, 30)
    assert Counter(x.writer for x in lines) == {"000": 6, "001": 6, "002": 6}


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "the archive is empty"),
        ({"a00-000-00.png": b""}, r"holds no forms file; add forms_for_parsing.txt or forms.txt"),
        ({"forms.txt": "", "x/forms_for_parsing.txt": ""}, r"holds 2 forms files \(.*\); keep one"),
        ({"forms.txt": "a 1"}, "holds no .png image"),
    ],
)
def test_archives_that_cannot_be_used(tmp_path: Path, members: dict[str, bytes | str], message: str):
    with pytest.raises(InputError, match=message):
        Archive(write_zip(tmp_path / "d.zip", members))


def test_no_archive(tmp_path: Path):
    with pytest.raises(InputError, match="there is no such archive; copy it there, or set `dataset`"):
        Archive(tmp_path / "d.zip")
    with pytest.raises(InputError, match="is a folder"):
        Archive(tmp_path)


def test_not_a_zip_and_a_truncated_one(tmp_path: Path):
    path = tmp_path / "d.zip"
    path.write_bytes(b"not a zip")
    with pytest.raises(InputError, match="not a whole zip archive"):
        Archive(path)
    write_zip(path, dataset_members())
    path.write_bytes(path.read_bytes()[:-300])
    with pytest.raises(InputError, match="not a whole zip archive"):
        Archive(path)


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
    }
    members["forms.txt"] = str(members["forms.txt"]) + "b00-000 009\n"
    usable, unusable = surveyed(write_zip(tmp_path / "d.zip", members))
    lines, others = select(usable, min_forms=3, top_writers=2)
    left_out = unusable + others
    assert Counter(item.reason for item in left_out) == {
        "no_form": 1,
        "no_writer": 1,
        "repeated_name": 1,
        "unreadable": 2,
        "too_small": 1,
        "too_large": 1,
        "duplicate": 1,
        "few_forms": 1,
        "not_top": 6,
    }
    assert {item.reason for item in left_out} == set(REASONS)
    counted = summary(lines, left_out)
    assert counted["lines"] == len(lines) == 12
    assert counted["images"] == len(lines) + len(left_out)
    assert counted["left_out"]["not_top"] == 6


def test_a_copy_under_an_odd_name_is_the_duplicate(tmp_path: Path):
    members = dataset_members()
    first = "lines/a00-000-00.png"
    again = io.BytesIO()  # the same pixels in other bytes
    Image.open(io.BytesIO(members[first])).save(again, "PNG", compress_level=1)  # type: ignore[arg-type]
    members["A copy.png"] = again.getvalue()
    lines, left_out = surveyed(write_zip(tmp_path / "d.zip", members))
    assert [(item.path, item.reason) for item in left_out] == [("A copy.png", "duplicate")]
    assert first in {x.path for x in lines}


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


def test_a_damaged_name_is_not_quoted_in_full(tmp_path: Path):
    path = write_zip(tmp_path / "d.zip", dataset_members())
    data = bytearray(path.read_bytes())
    data[27] = 4  # the first member's name, forms.txt, becomes 1024 bytes longer
    path.write_bytes(data)
    with pytest.raises(InputError, match="damaged in the archive") as error:
        surveyed(path)
    assert len(str(error.value)) < 400 + len(str(path))


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


def test_the_same_pixels_by_two_writers_are_said_to_be(tmp_path: Path):
    members = dataset_members()
    members["lines/a01-000-00.png"] = members["lines/a00-000-00.png"]
    _, left_out = surveyed(write_zip(tmp_path / "d.zip", members))
    assert left_out[0].detail == "of lines/a00-000-00.png, which is by another writer"


def test_top_writers_ties_go_by_id():
    lines = [
        Line(f"f{w}-{i}", "", f"f{w}", w, 9, 9) for w, count in (("b", 2), ("a", 2), ("c", 3)) for i in range(count)
    ]
    chosen, left_out = select(lines, min_forms=1, top_writers=2)
    assert {x.writer for x in chosen} == {"a", "c"}
    assert {item.reason for item in left_out} == {"not_top"}


def test_one_writer_is_not_enough():
    lines = [Line(f"f{i}-0", "", f"f{i}", "a", 9, 9) for i in range(3)] + [Line("g-0", "", "g", "b", 9, 9)]
    with pytest.raises(InputError, match=r"of 2 in the dataset only writer a has min_forms: 3 or more forms"):
        select(lines, min_forms=3, top_writers=None)
    with pytest.raises(InputError, match="no writer has min_forms: 9"):
        select(lines, min_forms=9, top_writers=None)


def test_forms_file():
    text = "\ufeff# comment\r\n\r\na01 000 2 prt\r\na02\t001\r\na03\na01 000 again\n  b01 9 # note\n".lstrip("\ufeff")
    assert parse_forms(text, "forms.txt") == {"a01": "000", "a02": "001", "a03": None, "b01": "9"}


def test_one_form_of_two_writers():
    with pytest.raises(InputError, match=r"form a has writer 1 in row 1 and writer 2 in row 3; correct one"):
        parse_forms("a 1\nb 1\na 2\n", "forms.txt")


def test_a_forms_file_that_is_not_text(tmp_path: Path):
    members = {**dataset_members(), "forms.txt": b"\xff\xfea\x00"}
    with pytest.raises(InputError, match=r"forms.txt: not UTF-8 text"):
        surveyed(write_zip(tmp_path / "d.zip", members))
