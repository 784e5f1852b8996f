"""The command `writerid`, as a person runs it."""

import csv
import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.handmade import HANDS, identifier, page, save, writing
from writerid.cli import main
from writerid.identifier import bundle as bundles
from writerid.identifier import told
from writerid.identifier.answers import LineAnswer
from writerid.identifier.identify import Identifier


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with an identifier and some scans, in which commands run."""
    identifier().save(tmp_path / "models" / "identifier")
    for name in HANDS:
        for number in (1, 2):
            save(page(HANDS[name], number), tmp_path / f"{name}{number}.png")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(capsys: pytest.CaptureFixture[str], *arguments: str, status: int = 0) -> str:
    assert main(arguments) == status
    captured = capsys.readouterr()
    assert "Traceback" not in captured.err
    return captured.out if status == 0 else captured.err


def test_identify(there: Path, capsys: pytest.CaptureFixture[str]):
    text = said(capsys, "identify", "anna1.png", "carla1.png", "--lines")
    assert "anna1.png: anna (" in text
    assert "carla1.png: none of them (" in text
    assert "5 of 5 lines used" in text
    assert "anna1.png, line 5: anna" in text
    assert said(capsys, "identify", "--together", "anna1.png", "anna2.png").startswith("anna1.png, anna2.png: anna")
    found = json.loads(said(capsys, "identify", "anna1.png", "--json"))
    assert found[0]["writer"] == "anna"
    assert len(found[0]["lines"]) == 5
    rows = list(csv.DictReader(said(capsys, "identify", "anna1.png", "bert1.png", "--csv").splitlines()))
    assert [row["writer"] for row in rows] == ["anna", "bert"]
    upside_down = save(np.rot90(page(HANDS["anna"], 3), 2), there / "upside.png")
    (answer,) = json.loads(said(capsys, "identify", str(upside_down), "--json"))
    (row,) = csv.DictReader(said(capsys, "identify", str(upside_down), "--csv").splitlines())
    assert "upside down" in row["notes"]
    of_lines = list(csv.DictReader(said(capsys, "identify", str(upside_down), "--csv", "--lines").splitlines()))
    assert [each["notes"] for each in of_lines] == [row["notes"]] * 5
    assert row["notes"] == "; ".join(answer["warnings"])
    rows = list(csv.DictReader(said(capsys, "identify", "anna1.png", "--csv", "--lines").splitlines()))
    assert len(rows) == 5


def test_a_table_holds_each_probability_in_a_column_of_its_own(there: Path, capsys: pytest.CaptureFixture[str]):
    save(writing(HANDS["anna"], 1) * 0 + 240, there / "blank.png")
    for also in ([], ["--lines"]):
        text = said(capsys, "identify", "anna1.png", "carla1.png", "blank.png", "--csv", *also)
        rows = {row["document"].partition(",")[0]: row for row in csv.DictReader(text.splitlines())}
        known, stranger, blank = (rows[f"{name}.png"] for name in ("anna1", "carla1", "blank"))
        assert (known["writer"], known["nearest"]) == ("anna", "anna")
        assert (stranger["writer"], stranger["nearest"]) == ("", "bert")
        for row in (known, stranger):
            assert float(row["probability"]) + float(row["none_of_them"]) <= 1.0001
        assert float(stranger["none_of_them"]) > 0.5 > float(stranger["probability"])
        assert (blank["writer"], blank["nearest"], blank["probability"], blank["none_of_them"]) == ("", "", "", "")
        assert "blank" in blank["problem"]


def test_no_line_of_a_document_that_cannot_be_used_names_anybody(there: Path, capsys: pytest.CaptureFixture[str]):
    """The strokes of bert are far thicker here than any that the identifier was tried on."""
    made = identifier().bundle
    known = {level: {**each, "stroke": (0.0, 2.0)} for level, each in made.known.items()}
    Identifier(replace(made, known=known)).save(there / "models" / "identifier")
    save(writing(HANDS["bert"], 50), there / "line.png")
    (there / "broken.png").write_bytes((there / "anna1.png").read_bytes()[:200])
    scans = ["bert1.png", "line.png", "broken.png", "anna1.png"]
    rows = list(csv.DictReader(said(capsys, "identify", *scans, "--csv", "--lines").splitlines()))
    lines = [[f"{name}.png, line {number}" for number in range(1, 6)] for name in ("bert1", "anna1")]
    assert [row["document"] for row in rows] == [*lines[0], "line.png", "broken.png", *lines[1]]
    for row in rows[:7]:
        assert (row["writer"], row["nearest"], row["probability"], row["none_of_them"]) == ("", "", "", "")
        assert (row["lines_used"], row["lines"]) == ("0", "0" if row["document"] == "broken.png" else "1")
    assert all("thicker" in row["problem"] for row in rows[:6])
    assert rows[6]["problem"]
    assert {row["writer"] for row in rows[7:]} == {"anna"}
    text = said(capsys, "identify", *scans, "--lines")
    assert [line.partition(":")[0].strip() for line in text.splitlines()[:4]] == scans
    for answer in json.loads(said(capsys, "identify", *scans, "--json"))[:3]:
        assert not any(line["candidates"] or line["nearest"] or not line["problem"] for line in answer["lines"])


@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"], ["--csv", "--lines"]])
def test_what_is_no_image_does_not_end_the_run(there: Path, capsys: pytest.CaptureFixture[str], form: list[str]):
    (there / "notes.txt").write_text("hello")
    (there / "letters").mkdir()
    os.mkfifo(there / "pipe")
    bad = {
        "notes.txt": "not an image or a PDF file that can be read",
        "letters": "the folder is empty",
        "pipe": "neither a file nor a folder",
    }
    text = said(capsys, "identify", "anna1.png", *bad, "bert1.png", *form)
    if form == ["--json"]:
        found = [(one["name"], one["writer"], one["problem"]) for one in json.loads(text)]
        refused = [(name, None, why) for name, why in bad.items()]
        assert found == [("anna1.png", "anna", ""), *refused, ("bert1.png", "bert", "")]
    for name, why in bad.items():
        assert name in text
        assert why in text
    assert text.index("anna1.png") < text.index("notes.txt") < text.index("bert1.png")
    assert said(capsys, "identify", *bad, *form, status=1) == "error: none of these scans could be used\n"
    assert "nowhere.png: there is no such file" in said(capsys, "identify", "anna1.png", "nowhere.png", status=1)


def test_no_cell_of_a_table_is_a_formula(there: Path, capsys: pytest.CaptureFixture[str]):
    save(page(HANDS["carla"], 1), there / "=cmd|x.png")
    save(writing(HANDS["anna"], 1) * 0 + 240, there / "@blank.png")
    said(capsys, "enrol", "=1+1", "=cmd|x.png")
    (row,) = csv.DictReader(said(capsys, "identify", "=cmd|x.png", "--csv").splitlines())
    assert (row["document"], row["writer"], row["nearest"]) == ("'=cmd|x.png", "'=1+1", "'=1+1")
    text = said(capsys, "identify", "--csv", "--together", "--", "@blank.png", "=cmd|x.png")
    assert next(csv.DictReader(text.splitlines()))["document"] == "'@blank.png, =cmd|x.png"
    for mark in "=+-@":
        assert told.row(LineAnswer(f"{mark}a", f"{mark}b"))[::7] == [f"'{mark}a", f"'{mark}b"]


@pytest.mark.parametrize("form", [[], ["--json"], ["--csv"], ["--csv", "--lines"]])
def test_the_exit_status_is_1_where_no_scan_could_be_used(
    there: Path, capsys: pytest.CaptureFixture[str], form: list[str]
):
    save(writing(HANDS["anna"], 1) * 0 + 240, there / "blank.png")
    assert said(capsys, "identify", "blank.png", *form, status=1) == "error: none of these scans could be used\n"
    assert "blank" in said(capsys, "identify", "blank.png", "anna1.png", *form)
    with pytest.raises(SystemExit) as ended:
        main(["identify"])
    assert ended.value.code == 2


@pytest.mark.parametrize(
    "command", ["identify", "compare", "enrol", "forget", "writers", "evidence", "export", "serve"]
)
def test_the_help_of_each_command_has_an_example(capsys: pytest.CaptureFixture[str], command: str):
    with pytest.raises(SystemExit):
        main([command, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    assert f"Example: writerid {command}" in text
    if command in ("identify", "compare", "enrol", "evidence"):
        assert "an image of a line or a page, a PDF file, or a folder or zip archive of them" in text
    if command == "serve":
        assert "by default 8000" in text


def test_people_are_kept_in_a_folder_of_their_own(there: Path, capsys: pytest.CaptureFixture[str]):
    before = {path.name: path.read_bytes() for path in (there / "models" / "identifier").iterdir()}
    assert "5 lines are known now, in models/people" in said(capsys, "enrol", "carla", "carla1.png")
    assert before == {path.name: path.read_bytes() for path in (there / "models" / "identifier").iterdir()}
    assert "carla2.png: carla" in said(capsys, "identify", "carla2.png")
    assert "none of them" in said(capsys, "identify", "carla2.png", "--identifier", "models/identifier")
    assert "carla: 5 lines, enrolled" in said(capsys, "writers")
    assert "note: carla is known, too" in said(capsys, "enrol", "Carla", "carla2.png")
    assert "nobody whom you enrolled" not in said(capsys, "forget", "Carla")
    text = said(capsys, "forget", "carla")
    assert "no longer known" in text
    assert "nobody whom you enrolled is left" in text
    assert "none of them" in said(capsys, "identify", "carla2.png")
    said(capsys, "enrol", "carla", "carla1.png", "--into", "elsewhere")
    assert "carla" in said(capsys, "writers", "--identifier", "elsewhere")
    made = identifier().bundle
    Identifier(replace(made, network=made.network + b"\x00")).save(there / "models" / "identifier")
    assert main(["writers"]) == 0
    assert "note: models/people has another network" in capsys.readouterr().err


def test_who_enrols_a_scan_like_none_before_is_told(there: Path, capsys: pytest.CaptureFixture[str]):
    """One page upside down among others is told, too, and by its name."""
    save(np.rot90(page(HANDS["carla"], 3), 2), there / "down.png")
    found = said(capsys, "identify", "down.png").splitlines()
    (note,) = [line.strip() for line in found if "upside down" in line]
    text = said(capsys, "enrol", "carla", "carla1.png", "down.png", "carla2.png")
    assert [line.strip() for line in text.splitlines() if "note" in line] == [
        note.replace("note: ", "note: down.png: ")
    ]
    assert "carla: 15 lines are known now" in text


@pytest.mark.parametrize(
    ("name", "scan", "why"),
    [
        ("none of them", "carla1.png", "is no name for a writer"),
        ("anna", "carla1.png", "a writer of this name was trained on"),
        ("carla", "blank.png", "no line of these scans can be used: it is blank"),
    ],
)
@pytest.mark.parametrize("into", [[], ["--into", "new/people"]])
def test_what_is_not_enrolled_leaves_no_folder(
    there: Path, capsys: pytest.CaptureFixture[str], name: str, scan: str, why: str, into: list[str]
):
    save(writing(HANDS["anna"], 1) * 0 + 240, there / "blank.png")
    before = sorted(there.rglob("*"))
    assert why in said(capsys, "enrol", name, scan, *into, status=1)
    assert sorted(there.rglob("*")) == before


def test_who_is_enrolled_meanwhile_stays_known(
    there: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
):
    others = [Identifier.load("models/identifier")]
    others[0] = others[0].enrol("dora", others[0].read("anna2.png"))

    def claim(folder: Path) -> None:
        usual(folder)
        if others:
            others.pop().save(folder)

    usual = bundles.claim
    monkeypatch.setattr(bundles, "claim", claim)
    assert "carla: 5 lines are known now" in said(capsys, "enrol", "carla", "carla1.png")
    text = said(capsys, "writers")
    assert "carla: 5 lines, enrolled" in text
    assert "dora: 5 lines, enrolled" in text


def test_a_long_name_is_not_taken_for_that_of_a_file(there: Path, capsys: pytest.CaptureFixture[str]):
    """A hundred letters that take three bytes each, more than a name of a file has."""
    assert "5 lines are known now" in said(capsys, "enrol", "\u6f22" * 100, "carla1.png")
    assert "is no name for a writer" in said(capsys, "enrol", "\u6f22" * 101, "carla1.png", status=1)


def test_a_scan_is_not_enrolled_twice_in_one_call(there: Path, capsys: pytest.CaptureFixture[str]):
    (there / "again.png").write_bytes((there / "carla1.png").read_bytes())
    text = said(capsys, "enrol", "carla", "carla1.png", "carla2.png", "again.png", status=1)
    assert text == "error: again.png: all of its lines are also in carla1.png; leave one of both out\n"
    assert "all of its lines are also in carla1.png" in said(capsys, "enrol", "carla", *["carla1.png"] * 2, status=1)
    assert "carla: 10 lines are known now" in said(capsys, "enrol", "carla", "carla1.png", "carla2.png")


@pytest.mark.parametrize("command", [["enrol", "bert", "bert1.png"], ["serve"]])
def test_people_of_one_identifier_are_not_taken_for_those_of_another(
    there: Path, capsys: pytest.CaptureFixture[str], command: list[str]
):
    said(capsys, "enrol", "carla", "carla1.png")
    before = {path: path.read_bytes() for path in (there / "models").rglob("*.*")}
    text = said(capsys, *command, "--identifier", "models/identifier", status=1)
    assert "models/people: holds an identifier already; leave out --identifier models/identifier" in text
    assert before == {path: path.read_bytes() for path in (there / "models").rglob("*.*")}


@pytest.mark.parametrize("command", [["enrol", "bert", "bert1.png"], ["serve"]])
def test_an_identifier_that_is_not_that_of_the_people_is_refused(
    there: Path, capsys: pytest.CaptureFixture[str], command: list[str]
):
    made = identifier().bundle
    Identifier(replace(made, network=made.network + b"\x00")).save(there / "other")
    said(capsys, "enrol", "carla", "carla1.png", "--into", "own")
    before = {path: path.read_bytes() for path in there.rglob("*.*")}
    for named, why in (
        ("nowhere", "nowhere: holds no identifier; leave out --identifier to go on with the people in own"),
        ("other", "own: its people are of another network than other; name a new folder by --into"),
    ):
        assert said(capsys, *command, "--into", "own", "--identifier", named, status=1) == f"error: {why}\n"
    assert before == {path: path.read_bytes() for path in there.rglob("*.*")}
    said(capsys, "enrol", "carla", "carla2.png", "--into", "own", "--identifier", "models/identifier")
    assert "carla: 10 lines, enrolled" in said(capsys, "writers", "--identifier", "own")


def test_compare(there: Path, capsys: pytest.CaptureFixture[str]):
    text = said(capsys, "compare", "anna1.png", "anna2.png")
    assert text.startswith("log10 likelihood ratio ")
    assert "measured on: made up" in text
    assert json.loads(said(capsys, "compare", "anna1.png", "carla1.png", "--json"))["log10_ratio"] < 0
    save(writing(HANDS["anna"], 1) * 0 + 240, there / "blank.png")
    assert main(["compare", "anna1.png", "blank.png", "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (found["log10_ratio"], found["low"], found["likeness"]) == (None, None, None)


@pytest.mark.parametrize("name", ["evidence.html", "evidence.png"])
def test_evidence(there: Path, capsys: pytest.CaptureFixture[str], name: str):
    evil = save(page(HANDS["anna"], 3), there / "<script>alert(1)<&.png")
    said(capsys, "evidence", evil.name, "--out", name)
    if name.endswith(".png"):
        assert Image.open(there / name).size[0] > 400
    else:
        text = (there / name).read_text()
        assert "<script" not in text
        assert "http" not in text
        assert text.count("data:image/png") >= 10


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (["identify", "nowhere.png"], "nowhere.png: there is no such file"),
        (["identify", "anna1.png", "--identifier", "."], "make one by `make repro`"),
        (["compare", "anna1.png", "blank.png"], "blank"),
        (["forget", "anna"], "nobody was enrolled"),
        (["enrol", "anna", "anna1.png"], "trained on"),
        (["evidence", "anna1.png", "--out", "evidence.txt"], "name a .html or a .png file"),
        (["evidence", "blank.png", "--out", "new/evidence.html"], "blank.png: cannot be used: it is blank"),
        (["forget", "anna", "--identifier", "new"], "new: holds no identifier"),
        (["enrol", "anna", "nowhere.png", "--into", "new"], "nowhere.png: there is no such file"),
        (["enrol", "anna1.png", "carla1.png"], "anna1.png: is a file; first comes the name"),
        (["enrol", "carla", "carla1.png", "--into", "models/identifier"], "made anew by each run, without people"),
        (["evidence", "anna1.png", "--out", "anna1.png"], "anna1.png: is one of the scans"),
        (["evidence", ".", "--out", "anna1.png"], "anna1.png: is one of the scans, or would be"),
        (["enrol", "carla", "carla1.png", "--into", "."], "holds other files, and no identifier"),
        (["export", "--to", "blank.png", "--model", "anna1.png"], "blank.png: is not an empty folder"),
        (["export", "--to", "there", "--model", "nowhere.keras"], "there is no such file"),
    ],
)
def test_errors_are_a_line(there: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], why: str):
    save(writing(HANDS["anna"], 1) * 0 + 240, there / "blank.png")
    text = said(capsys, *arguments, status=1)
    assert why in text
    assert text.startswith("error: ")
    assert len(text.splitlines()) == 1
    assert not (there / "new").exists()
