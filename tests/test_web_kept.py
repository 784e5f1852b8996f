"""What the page keeps: documents in memory for a while, people in a folder; and what it says where it cannot."""

import logging
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path

import anyio
import anyio.lowlevel
import numpy as np
import pytest

from tests.conftest import png
from tests.handmade import HANDS, identifier, page, writing
from tests.visitor import PATIENCE, Visitor, served
from writerid.identifier.identify import Identifier
from writerid.identifier.scans import Scan
from writerid.web.app import make
from writerid.web.shelf import EACH, OF_ONE, SECONDS, Shelf


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    identifier().save(tmp_path / "identifier")
    return tmp_path


def test_the_shelf_keeps_few_documents_and_each_for_its_owner():
    shelf = Shelf()
    keys = [shelf.put(f"document {number}", [], "me") for number in range(OF_ONE + 2)]
    assert shelf.get(keys[0], "me") is None
    last = shelf.get(keys[-1], "me")
    assert last is not None
    assert shelf.get(keys[-1], "you") is None
    assert shelf.put("large", [Scan("", (1, 1), [], "", np.empty(2**31, np.uint8))], "you")
    assert shelf.get(keys[-1], "me") is None  # there was no room for both
    keys = [shelf.put("document", [], "me")]
    last = shelf.get(keys[-1], "me")
    assert last is not None
    last.since -= 10_000
    assert shelf.get(keys[-1], "me") is None


def test_a_late_document_goes_when_another_comes(monkeypatch: pytest.MonkeyPatch):
    shelf, scan = Shelf(), Scan("page", (1, 1), [])
    kept = weakref.ref(scan)
    shelf.put("document", [scan], "me")
    del scan
    shelf.put("document", [], "you")
    assert kept()
    monkeypatch.setattr("writerid.web.shelf.SECONDS", -1)  # all are late now
    shelf.put("document", [], "you")
    assert kept() is None


def test_a_late_document_goes_where_nobody_asks_for_anything(folder: Path, monkeypatch: pytest.MonkeyPatch):
    shelf, scan = Shelf(), Scan("page", (1, 1), [])
    kept = weakref.ref(scan)
    shelf.put("document", [scan], "me")
    del scan
    monkeypatch.setattr("writerid.web.app.Shelf", lambda: shelf)
    monkeypatch.setattr("writerid.web.shelf.EACH", 0)
    app = make(folder / "identifier", folder / "people", set())

    async def wait() -> None:
        async with app.router.lifespan_context(app):
            for _ in range(5):
                await anyio.lowlevel.checkpoint()
            assert kept()
            monkeypatch.setattr("writerid.web.shelf.SECONDS", -1)  # all are late now
            with anyio.fail_after(PATIENCE):
                while kept():
                    await anyio.lowlevel.checkpoint()

    anyio.run(wait)


def test_no_document_stays_for_more_than_half_an_hour():
    assert SECONDS + EACH <= 30 * 60


def test_two_ports_of_one_host_leave_each_other_their_visitors(folder: Path):
    with served(folder) as one, served(folder) as other:
        here, there = Visitor(one), Visitor(other)
        found = here.identify(png(writing(HANDS["bert"], 5)))
        there.ask("GET", "/")
        kept = dict(visitor.cookie.split("=", 1) for visitor in (here, there))  # a browser's, by their names
        both = "; ".join(f"{name}={value}" for name, value in kept.items())
        assert here.ask("GET", found.location, Cookie=both).status == 200


def test_an_enrolment_that_is_refused_leaves_no_folder(folder: Path):
    with served(folder) as port:
        visitor = Visitor(port)
        for content, name, why in (
            (page(HANDS["carla"], 1), " ", "no name"),
            (page(HANDS["carla"], 1) * 0, "c", "no line"),
        ):
            found = visitor.identify(png(content))
            answer = visitor.send(f"{found.location}/enrol", [("name", name)])
            assert answer.status == 400
            assert why in answer.text
        assert visitor.send("/forget", [("name", "nobody")]).status == 400
        assert not (folder / "people").exists()


def test_two_who_enrol_at_once_are_both_known(folder: Path, monkeypatch: pytest.MonkeyPatch):
    enrolled, calls, both_there = Identifier.enrol, count(), threading.Barrier(2)

    def enrolled_at_once(own: Identifier, name: str, scans: list[Scan]) -> Identifier:
        if next(calls) < 2:
            both_there.wait(PATIENCE)
        return enrolled(own, name, scans)

    monkeypatch.setattr(Identifier, "enrol", enrolled_at_once)
    with served(folder) as port:
        scan = [png(page(HANDS["carla"], number)) for number in (1, 2)]
        visitors = [Visitor(port), Visitor(port)]
        found = [visitor.identify(content) for visitor, content in zip(visitors, scan, strict=True)]

        def enrol(number: int) -> int:
            return visitors[number].send(f"{found[number].location}/enrol", [("name", f"carla {number}")]).status

        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(enrol, range(2))) == [303, 303]
        text = visitors[0].ask("GET", "/writers").text
    assert "carla 0" in text
    assert "carla 1" in text


def test_a_folder_for_people_that_cannot_be_made_is_told_as_it_is(folder: Path, capsys: pytest.CaptureFixture[str]):
    with served(folder) as port:
        visitor = Visitor(port)
        logging.getLogger("uvicorn.error").setLevel("ERROR")
        found = visitor.identify(png(page(HANDS["carla"], 1)))
        (folder / "people").write_text("a file of a person's own")
        answer = visitor.send(f"{found.location}/enrol", [("name", "carla")])
        assert answer.status == 500
        assert f"File exists ({folder / 'people'}); make room or mend the path" in answer.text
        assert "never tried" not in answer.text
    assert "Traceback" not in capsys.readouterr().err


def test_where_nobody_is_known_the_evidence_speaks_for_nobody(folder: Path):
    own = identifier()
    for writer in own.writers:
        own = own.forget(writer.name)
    own.save(folder / "people")
    with served(folder) as port:
        text = Visitor(port).identify(png(page(HANDS["anna"], 1))).text
    assert "nobody is known" in text
    assert "speaks for" not in text
    assert " None" not in text.replace("None of them", "")
