"""Names of people, forms and files are data: whatever they hold, they come through every stage as they are."""

import csv
import io
from pathlib import Path

import pytest

from stages import crop, evaluate, map_writers, split, train
from tests.conftest import copy_checkout, edit_params, line, png, write_zip
from writerid.base.errors import InputError, shown
from writerid.crops import windows
from writerid.dataset.names import parse_name, same_spelling

ODD = [
    "<b>",
    "a & b",
    'the "Q"',
    "O, Dr.",
    "two\nlines",
    "=1+1",
    "..",
    "\u05e2\u05d1\u05e8\u05d9\u05ea",
    "✍️",
    "$\\foo$",
    "O#1",
    "O#2",
    "<script>",
]
FORMS, LINES = 3, 2


PLAIN = [name for name in ODD if not {"/", "\\"} & set(name)]  # those that a zip's folder can be called


def images(writers: list[str]) -> dict[tuple[str, str, str], bytes]:
    """An image for each writer, form and line."""
    names = [(w, f"{w} {f}", f"{w}{n}") for w in writers for f in range(FORMS) for n in range(LINES)]
    return {name: png(line(number)) for number, name in enumerate(names)}


def as_folders(path: Path) -> list[str]:
    write_zip(path, {f"{w}/{f}/{n}.png": data for (w, f, n), data in images(PLAIN).items()})
    return PLAIN


def as_table(path: Path) -> list[str]:
    table = io.StringIO(newline="")
    rows = csv.writer(table, delimiter=";")
    rows.writerow(["file", "writer", "form"])
    rows.writerows([f"{f}/{n}.png", w, f] for w, f, n in images(ODD))
    write_zip(path, {f"{f}/{n}.png": data for (_, f, n), data in images(ODD).items()} | {"lines.csv": table.getvalue()})
    return ODD


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = copy_checkout(tmp_path / "project")
    edit_params(
        folder / "params.yaml",
        {"dataset": "data/own <b> & 'x'.zip", "epochs": 1, "steps_per_epoch": 2, "split.unseen_writers": 0},
    )
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("make", [as_folders, as_table])
def test_odd_names_in_every_table(project: Path, make):
    names = make(project / "data/own <b> & 'x'.zip")
    map_writers.main()
    split.main()
    crop.main()
    lines = windows.read(Path("data/crops"), ["train", "test"], Path("data/lines.csv")).lines
    assert len(lines["line"]) == len(names) * FORMS * LINES
    assert sorted(set(lines["writer"])) == sorted(names)
    assert set(lines["form"]) == {f"{w}/{w} {f}" for w in names for f in range(FORMS)}
    with Path("data/left_out.csv").open(newline="") as file:
        assert list(csv.reader(file)) == [["path", "reason", "detail"]]
    if make is as_table:
        train.main()
        evaluate.main()
        with Path("metrics/writers.csv").open(newline="") as file:
            assert sorted(row["writer"] for row in csv.DictReader(file)) == sorted(names)
        with Path("metrics/predictions.csv").open(newline="") as file:
            rows = list(csv.DictReader(file))
        assert {row["actual"] for row in rows} == set(names)
        assert {row["line"] for row in rows} <= set(lines["line"])


def test_what_dvc_plots_would_take_for_code_is_refused(project: Path):
    table = f"file;writer;form\n{''.join(f'{n}.png;</script>;a{n}' + chr(10) for n in range(3))}"
    write_zip(project / "data/own <b> & 'x'.zip", {f"{n}.png": png(line(n)) for n in range(3)} | {"lines.csv": table})
    with pytest.raises(InputError, match="form </script>/a0: `</` in a name is taken for code"):
        map_writers.main()
    assert not Path("data/lines.csv").exists()


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("plain name", "plain name"),
        ("two\nlines", "'two\\nlines'"),
        ("\u202eabc", "'\\u202eabc'"),
        (" a", "' a'"),
        ("x" * 500, "x" * 197 + "..."),
    ],
)
def test_names_in_messages_are_on_one_line(name: str, text: str):
    assert shown(name) == text


def test_names_of_lines():
    assert parse_name("a01-000u-s02-03") == ("a01-000u", 2, 3)
    assert parse_name("a01-000u-03") == ("a01-000u", None, 3)
    assert parse_name("g06-037b-s02-01 (1)") is None
    assert parse_name("portrait") is None
    assert parse_name("two\nlines-s01-02") == ("two\nlines", 1, 2)
    assert parse_name("a-1234567890") is None
    assert same_spelling(" Mu\u0308ller ") == "Müller"
