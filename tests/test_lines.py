"""lines.csv: what was edited by hand is refused where later stages rely on it."""

from pathlib import Path

import pytest

from writerid.base.errors import InputError
from writerid.dataset.lines import check_names, read_lines

HEADER = "line,path,form,writer,width,height,scale,digest\n"
GOOD = [
    "a-00,x/a-00.png,a,w1,90,30,1,0f",
    "a-01,x/a-01.png,a,w1,90,30,1,0f",
    "b-00,x/b-00.png,b,w2,90,30,1,0f",
]


def read(tmp_path: Path, rows: list[str]) -> dict[str, list[object]]:
    path = tmp_path / "lines.csv"
    path.write_text(HEADER + "".join(f"{row}\n" for row in rows))
    return read_lines(path)


def test_a_whole_table(tmp_path: Path):
    table = read(tmp_path, GOOD)
    assert table["line"] == ["a-00", "a-01", "b-00"]
    assert table["writer"] == ["w1", "w1", "w2"]


@pytest.mark.parametrize("line", ["Anna/1", "Anna/1/03", "Anna/1-s00-01", "Anna/1#2"])
def test_a_lines_name_begins_with_its_forms(tmp_path: Path, line: str):
    assert read(tmp_path, [*GOOD, f"{line},x.png,Anna/1,w3,90,30,1,0f"])["line"][-1] == line


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("b-01,x/b-01.png,a,w2,90,30,1,0f", "line 'b-01' is not one of form 'a'"),
        ("nothing,x/b-01.png,noth,w2,90,30,1,0f", "line 'nothing' is not one of form"),
        ("-01,x/b-01.png,,w2,90,30,1,0f", "line '-01' is not one of form ''"),
        ("a-01,x/other.png,a,w1,90,30,1,0f", "line a-01 stands there twice"),
        ("b-01,x/a-00.png,b,w2,90,30,1,0f", "image x/a-00.png stands there twice"),
        ("b-01,x/b-01.png,b,w1,90,30,1,0f", "form b has writer 'w1' here and writer 'w2' above"),
        ("b-01,x/b-01.png,b,w2,0,30,1,0f", "an image of 0 x 30 pixels is none"),
        ("b-01,x/b-01.png,b,w2,90,30,0,0f", "a scale of 0.0 is none"),
        ("b-01,x/b-01.png,b,w2,90,30,nan,0f", "a scale of nan is none"),
        (f"b-01,x/b-01.png,b,w2,{10**30},30,1,0f", "an image of 10+ x 30 pixels is none"),
    ],
)
def test_rows_that_contradict(tmp_path: Path, row: str, message: str):
    with pytest.raises(InputError, match=f"row 5: {message}.*; run map_writers again"):
        read(tmp_path, [*GOOD, row])


def test_a_name_that_a_page_would_take_for_code():
    check_names([("form", "a01"), ("writer", "a < b / c")])
    with pytest.raises(InputError, match="writer </script><script>: `</` in a name is taken for code"):
        check_names([("form", "a01"), ("writer", "</script><script>")])


def test_an_empty_table(tmp_path: Path):
    with pytest.raises(InputError, match="holds no line; run map_writers again"):
        read(tmp_path, [])


@pytest.mark.parametrize("content", [HEADER.encode("utf-16"), HEADER.encode() + b"\xe4-00", b"x" * 200_000])
def test_what_is_no_table(tmp_path: Path, content: bytes):
    path = tmp_path / "lines.csv"
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"not a UTF-8 table|has no column"):
        read_lines(path)
