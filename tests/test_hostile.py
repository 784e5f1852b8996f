"""Scans and names that are meant to harm, or odd, by the command and by the page: an answer or one plain line.

`pytest --collect-only -q tests/test_hostile.py` lists each that is tried.
"""

import csv
import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import ROOT, png
from tests.handmade import HANDS, identifier, page, save, writing
from tests.hostile import ANSWERED, ARCHIVES, FILE_NAMES, LINE, SCANS, WRITERS, counts
from tests.visitor import Visitor, served
from writerid.cli import main
from writerid.identifier.identify import Identifier

BROUGHT = [
    pytest.param(name, *case, id=f"{kind}: {name}")
    for kind, files in (SCANS | {"archives": ARCHIVES}).items()
    for name, case in files.items()
]
HARM = ("<script", "\u202e", "\u200b", "\0")  # what no name may bring into a page or a terminal


@pytest.fixture(scope="module")
def known() -> Identifier:
    return identifier()


@pytest.fixture
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, known: Identifier) -> Path:
    """A folder with an identifier, in which commands run."""
    (tmp_path / "inside").mkdir()
    monkeypatch.chdir(tmp_path / "inside")
    known.save(Path("models/identifier"))
    return tmp_path / "inside"


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory, known: Identifier) -> Iterator[Visitor]:
    folder = tmp_path_factory.mktemp("served")
    known.save(folder / "identifier")
    with served(folder) as port:
        yield Visitor(port)
    assert {path.name for path in folder.iterdir()} <= {"identifier", "people"}


def written(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize(("name", "content", "why"), BROUGHT)
def test_by_the_command(inside: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, why: str):
    (inside / name).write_bytes(content)
    before = written(inside.parent)
    assert main(["identify", name]) == (0 if why == ANSWERED else 1)
    captured = capsys.readouterr()
    assert (why or ": anna (") in captured.out + captured.err
    assert len(captured.err.splitlines()) <= 1
    assert written(inside.parent) == before


@pytest.mark.parametrize(("name", "content", "why"), BROUGHT)
def test_in_the_browser(visitor: Visitor, name: str, content: bytes, why: str):
    why = "not an image" if name in ARCHIVES else why  # which are not read there
    visitor.ask("GET", "/")
    answer = visitor.bring("/identify", [("scans", name, content)])
    found = visitor.ask("GET", answer.location) if answer.status == 303 else answer
    assert found.status in (200, 400)
    assert (why or "<strong>anna</strong>") in found.text
    assert visitor.ask("GET", "/").status == 200


@pytest.mark.parametrize("name", FILE_NAMES)
def test_a_files_name(inside: Path, capsys: pytest.CaptureFixture[str], visitor: Visitor, name: str):
    own = name.replace("../", "")  # as no file can be called
    (inside / own).write_bytes(png(LINE))
    for arguments in (["identify", "--", own], ["identify", "."]):
        assert main(arguments) == 0
        captured = capsys.readouterr()
        assert ": anna (" in captured.out
        assert not any(mark in captured.out + captured.err for mark in HARM[1:])
    visitor.ask("GET", "/")
    sent = name.replace('"', "%22").replace("\n", "%0A")  # as browsers send it
    answer = visitor.ask("GET", visitor.bring("/identify", [("scans", sent, png(LINE))]).location)
    assert "<strong>anna</strong>" in answer.text
    assert not any(mark in answer.text for mark in HARM)


@pytest.mark.parametrize(("name", "may_be"), WRITERS.items())
def test_a_writers_name(inside: Path, capsys: pytest.CaptureFixture[str], visitor: Visitor, name: str, may_be: bool):
    save(page(HANDS["carla"], 1), inside / "page.png")
    for arguments in (["enrol", "--", name, "page.png"], ["forget", "--", name]):
        assert main(arguments) == (0 if may_be else 1)
        captured = capsys.readouterr()
        assert len(captured.err.splitlines()) == (0 if may_be else 1)
        assert not any(mark in captured.out + captured.err for mark in HARM[1:])
    assert {path.split("/")[0] for path in written(inside)} == {"models", "page.png"}
    assert {path.name for path in inside.parent.iterdir()} == {"inside"}
    document = visitor.identify(png(writing(HANDS["carla"], 1))).location
    assert visitor.send(f"{document}/enrol", [("name", name)]).status == (303 if may_be else 400)
    assert not any(mark in visitor.ask("GET", "/writers").text for mark in HARM)
    assert visitor.send("/forget", [("name", name)]).status == (303 if may_be else 400)


def test_the_page_counts_what_is_tried_here():
    with (ROOT / "docs/results/hostile.csv").open(encoding="utf-8", newline="") as file:
        told = list(csv.DictReader(file))
    assert [row for row in told if row["brought"] != "identifier's files"] == counts()


def test_no_name_of_a_scan_reaches_the_terminal_as_it_is(inside: Path, capsys: pytest.CaptureFixture[str]):
    blank, thin, thick, text = (f"\x1b[31m{number}.png" for number in range(4))
    (inside / text).write_text("no picture")
    save(np.full((700, 560), 235, np.uint8), inside / blank)
    for name, hand in ((thin, "anna"), (thick, "carla")):
        save(page(HANDS[hand], 1), inside / name)
    for arguments in (
        ["identify", blank],
        ["identify", text],
        ["identify", blank, thin, "--together"],
        ["identify", blank, thin, "--together", "--csv"],
        ["compare", blank, thin],
        ["compare", thin, thick],
        ["evidence", blank],
        ["evidence", thin],
        ["enrol", "dora", blank],
    ):
        main(arguments)
        captured = capsys.readouterr()
        assert "\x1b" not in captured.out + captured.err
        assert r"\x1b[31m" in captured.out + captured.err or "enrol" in arguments


def test_a_folder_whose_name_is_no_text(inside: Path, capsys: pytest.CaptureFixture[str]):
    odd = os.fsdecode(b"odd\xff")
    save(page(HANDS["carla"], 1), inside / odd / "a.png")
    save(page(HANDS["anna"], 1), inside / "b.png")
    for arguments in (["identify", odd, "--json"], ["identify", odd, "b.png", "--together"], ["compare", odd, "b.png"]):
        assert main(arguments) == 0
        capsys.readouterr().out.encode()
    for arguments in (["evidence", odd], ["enrol", "dora", odd], ["identify", odd]):
        assert main(arguments) == 0
    assert r"odd\udcff/a.png: dora (" in capsys.readouterr().out
    assert r"odd\udcff" in (inside / "evidence.html").read_text()
