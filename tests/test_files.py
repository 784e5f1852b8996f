"""A file is either whole or not there."""

import json
from pathlib import Path

import numpy as np
import pytest

from writerid.base.errors import InputError
from writerid.base.files import atomic, read_array, read_csv, write_array, write_csv, write_json, write_record


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path):
    path = tmp_path / "x.json"
    write_json(path, {"a": 1})
    with pytest.raises(RuntimeError), atomic(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_text() == '{\n  "a": 1\n}\n'
    assert list(tmp_path.iterdir()) == [path]


def test_a_folder_is_not_written_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    for path in (Path(), tmp_path, Path("/"), Path("..")):
        with (
            pytest.raises(InputError, match=r": there is a folder of this name; move it, or name another file$"),
            atomic(path),
        ):
            pytest.fail("nothing may be done first")
    assert not list(tmp_path.iterdir())


def test_json_rounds_floats_at_any_depth(tmp_path: Path):
    write_json(tmp_path / "x.json", {"a": {"b": [np.float64(1 / 3)]}})
    assert "0.333333\n" in (tmp_path / "x.json").read_text()


def test_a_record_of_the_same_bytes_is_kept(tmp_path: Path):
    record, made = tmp_path / "record.json", tmp_path / "made"
    for content, seconds, kept in (("a", 1, 1), ("a", 2, 1), ("b", 3, 3), ("a", 4, 4)):
        made.write_text(content)
        write_record(record, made, {"seconds": seconds})
        assert json.loads(record.read_text())["seconds"] == kept
    record.write_text("cut o")
    write_record(record, made, {"seconds": 5})
    assert json.loads(record.read_text()) == {"md5": "0cc175b9c0f1b6a831c399e269772661", "seconds": 5}


def test_csv_there_and_back(tmp_path: Path):
    path = tmp_path / "deep" / "x.csv"
    write_csv(path, ("line", "label"), [("a,b", 1), ("c", 2)])
    assert read_csv(path, {"line": str, "label": int}) == {"line": ["a,b", "c"], "label": [1, 2]}


def test_a_cell_as_long_as_the_outline_of_a_line_may_be(tmp_path: Path):
    outline = " ".join(f"{x},{x % 100}" for x in range(100_000))
    write_csv(tmp_path / "x.csv", ("path",), [(outline,)])
    assert read_csv(tmp_path / "x.csv", {"path": str}) == {"path": [outline]}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("line\na\n", "has no column 'label'; it should have line, label"),
        ("line,label\na\n", "row 2 has not as many cells"),
        ("line,label\na,1,2\n", "row 2 has not as many cells"),
        ("line,label\na,x\n", "row 2: label is 'x', not a whole number"),
    ],
)
def test_a_table_edited_by_hand(tmp_path: Path, text: str, message: str):
    path = tmp_path / "x.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_csv(path, {"line": str, "label": int})


def test_what_is_not_there_or_not_whole(tmp_path: Path):
    with pytest.raises(InputError, match="there is no such file; `dvc repro` makes it"):
        read_csv(tmp_path / "x.csv", {"a": str})
    path = tmp_path / "x.npy"
    write_array(path, np.arange(1000))
    assert read_array(path)[999] == 999
    for length in (500, 0):
        path.write_bytes(path.read_bytes()[:length])
        with pytest.raises(InputError, match=r"not a whole \.npy file"):
            read_array(path)
