"""The page in the browser: what it answers, what it refuses, and that nobody sees another's scans."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.browser import browser, needs_chromium
from tests.conftest import png
from tests.handmade import HANDS, identifier, page, save, writing
from tests.visitor import Answer, Visitor, served
from writerid.base.errors import InputError
from writerid.identifier.bundle import ENROLLED
from writerid.identifier.identify import Identifier
from writerid.web.serving import serve


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    identifier().save(tmp_path / "identifier")
    return tmp_path


@pytest.fixture
def visitor(folder: Path) -> Iterator[Visitor]:
    with served(folder) as port:
        yield Visitor(port)


def test_a_page_is_named_lines_are_chosen_and_its_writer_enrolled_and_forgotten(visitor: Visitor, folder: Path):
    found = visitor.identify(png(page(HANDS["anna"], 1)), '../../<b>"&.png')
    assert found.status == 200
    assert "<strong>anna</strong>" in found.text
    assert "<b>" not in found.text
    assert "from 5 of 5 lines" in found.text
    assert not (folder / "people").exists()
    marked = [
        ("line", number) for number in ("0", "3", "999", "\u00b2", "9" * 5000)
    ]  # \u00b2 is a digit, and no number
    assert visitor.send(f"{found.location}/lines", marked).status == 303
    assert "from 2 of 2 lines" in visitor.ask("GET", found.location).text

    stranger = visitor.identify(png(page(HANDS["carla"], 1)))
    assert "None of them" in stranger.text
    assert visitor.send(f"{stranger.location}/enrol", [("name", "Carla <i>")]).status == 303
    assert "Carla &lt;i&gt;" in visitor.ask("GET", "/writers").text
    assert "Carla" in visitor.identify(png(page(HANDS["carla"], 2))).text
    assert visitor.send("/forget", [("name", "Carla <i>")]).status == 303
    assert "Carla" not in visitor.ask("GET", "/writers").text
    assert "no name for a writer" in visitor.send(f"{stranger.location}/enrol", [("name", " ")]).text


def test_two_documents_are_compared(visitor: Visitor):
    visitor.ask("GET", "/compare")
    files = [("one", "a.png", png(page(HANDS["anna"], 1))), ("other", "b.png", png(page(HANDS["carla"], 1)))]
    found = visitor.bring("/compare", files)
    assert "if two people wrote them than if one person wrote them" in found.text
    assert "made up" in found.text
    blank = [("one", "a.png", png(writing(HANDS["anna"], 1) * 0 + 240)), files[1]]
    assert "cannot be compared" in visitor.bring("/compare", blank).text


@pytest.mark.parametrize("content", [b"", b"hello", b"%PDF-1.4 nothing", b"\x89PNG\r\n\x1a\n" + bytes(50)])
def test_a_bad_file_never_ends_it(visitor: Visitor, content: bytes):
    assert "cannot be used" in visitor.identify(content).text
    assert "<strong>bert</strong>" in visitor.identify(png(writing(HANDS["bert"], 5))).text


def test_what_is_not_asked_properly_is_refused(visitor: Visitor):
    visitor.ask("GET", "/")
    assert visitor.ask("GET", "/", Host="evil.example").status == 400
    assert visitor.ask("GET", "/", Host="127.0.0.1").status == 400  # another port is another service
    assert visitor.ask("DELETE", "/").status == 405
    assert "<h1>That did not work</h1>" in visitor.ask("GET", "/", Host="evil.example").text
    own = f"http://127.0.0.1:{visitor.port}"
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1", "http://["):
        assert visitor.ask("POST", "/identify", b"", Origin=origin).status == 403
    assert visitor.ask("POST", "/identify", b"", Origin=own, Sec_Fetch_Site="cross-site").status == 403
    for headers in ({"Origin": own}, {"Origin": own, "Sec_Fetch_Site": "same-origin"}):
        assert (
            "too old, or not from here" in visitor.ask("POST", "/identify", b"", **headers).text
        )  # as it has no token
    assert visitor.ask("POST", "/identify", b"x", Content_Length=str(2**40)).status == 413
    assert visitor.ask("POST", "/identify", Content_Length="no").status in (400, 413)
    for path in ("/document/x", "/document/..%2f..%2fetc%2fpasswd", "/../../etc/passwd", "/document/" + "a" * 5000):
        assert visitor.ask("GET", path).status == 404
    token, visitor.token = visitor.token, "0" * 64
    for path in ("/identify", "/compare", "/forget"):
        assert visitor.send(path, [("name", "anna")]).status == 403
    visitor.token = token
    assert "no writer of this name" in visitor.send("/forget", [("name", "nobody")]).text
    assert "Choose a picture" in visitor.send("/identify", []).text
    assert visitor.ask("GET", "/", Cookie=f"writerid-{visitor.port}=a.\u00e9").status == 200
    forged = Visitor(visitor.port)
    forged.token = token  # somebody else's
    assert forged.send("/forget", [("name", "anna")]).status == 403


def test_what_is_too_large_is_taken_in_and_gets_a_page(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("writerid.web.app.MOST_BYTES", 2**20)
    with served(folder) as port:
        answer = Visitor(port).ask("POST", "/identify", bytes(30 * 2**20))
        assert answer.status == 413
        assert "too large: 1 MB at most" in answer.text
        assert 'href="/"' in answer.text
        assert "frame-ancestors" in Visitor(port).headers("GET", "/", Host="evil.example")["content-security-policy"]


def test_the_model_card_is_rendered_and_nothing_in_it_is_believed(folder: Path):
    card = "# A card\n\n| a | b |\n|---|---|\n| 1 | **2** |\n\n<script>alert(1)</script> ![x](http://evil.example/x)\n"
    (folder / "identifier" / "README.md").write_text(card + "[y](javascript:alert(1))\n")
    with served(folder) as port:
        text = Visitor(port).ask("GET", "/about").text
    assert "<h1>A card</h1>" in text
    assert "<td><strong>2</strong></td>" in text
    for evil in ("<script", "<img", 'href="javascript'):
        assert evil not in text


def test_about_counts_who_was_enrolled_since_the_card_was_written(folder: Path, tmp_path: Path):
    with served(folder) as port:
        before = Visitor(port).ask("GET", "/about").text
        own = Identifier.load(folder / "identifier")
        own.enrol("dora", own.read(save(page(HANDS["carla"], 1), tmp_path / "dora.png"))).save(folder / "people")
        after = Visitor(port).ask("GET", "/about").text
    already = sum(writer.kind == ENROLLED for writer in own.writers)
    for found, text in ((already, before), (already + 1, after)):
        told = f"{found} {'person was' if found == 1 else 'people were'} enrolled since"
        assert (told in text) == (found > 0)


def test_twenty_people_at_once_see_their_own(folder: Path):
    names = list(HANDS)[:2] * 10
    with served(folder) as port:

        def visit(number: int) -> tuple[Visitor, Answer]:
            visitor = Visitor(port)
            return visitor, visitor.identify(png(writing(HANDS[names[number]], number)), f"scan-{number}.png")

        with ThreadPoolExecutor(20) as pool:
            visits = list(pool.map(visit, range(20)))
        for number, (_, found) in enumerate(visits):
            assert f"<strong>{names[number]}</strong>" in found.text
            assert f"Who wrote scan-{number}.png?" in found.text
        assert visits[1][0].ask("GET", visits[0][1].location).status == 404


def test_a_password_is_asked_for_where_there_is_one(folder: Path):
    with served(folder, "öpen") as port:
        visitor = Visitor(port)
        assert visitor.ask("GET", "/").status == 401
        assert visitor.ask("GET", "/", Authorization="Basic !!!").status == 401
        assert visitor.ask("GET", "/", Authorization="Basic YTpvcGVu").status == 401
        assert visitor.ask("GET", "/", Authorization="Basic YTrDtnBlbg==").status == 200


def test_a_taken_port_and_a_bad_host_are_an_error_of_one_line(folder: Path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for host in ("127.0.0.1", "\u00e9..b"):
            with pytest.raises(InputError, match=r"cannot be used \(.*; name another by --port"):
                serve(folder / "identifier", folder / "people", host, taken.getsockname()[1], browser=False)


@pytest.mark.parametrize("port", [-1, 0, 65536])
def test_a_port_that_cannot_be_is_an_error_of_one_line(folder: Path, port: int):
    with pytest.raises(InputError, match=f"port {port} cannot be used; name one from 1 to 65535"):
        serve(folder / "identifier", folder / "people", "127.0.0.1", port, browser=False)


def test_where_no_line_is_marked_it_says_so(visitor: Visitor):
    found = visitor.identify(png(page(HANDS["anna"], 1)))
    visitor.send(f"{found.location}/lines", [])
    text = visitor.ask("GET", found.location).text
    assert "No line is marked" in text
    assert "cannot be used" not in text
    assert "no line was found" not in text


def test_a_folder_that_is_being_written_changes_nothing_yet(visitor: Visitor, folder: Path):
    visitor.ask("GET", "/")
    (folder / "identifier" / "identifier.json").write_text("{")
    assert "<strong>bert</strong>" in visitor.identify(png(writing(HANDS["bert"], 5))).text


def test_too_many_pages_are_refused(visitor: Visitor, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("writerid.web.app.MOST_PAGES", 1)
    visitor.ask("GET", "/")
    line = png(writing(HANDS["anna"], 1))
    assert "more than 1 pages" in visitor.bring("/identify", [("scans", "a.png", line), ("scans", "b.png", line)]).text


@needs_chromium
def test_by_keyboard_alone_on_a_phone_and_a_screen_in_light_and_dark(folder: Path, tmp_path: Path):
    scan = save(page(HANDS["anna"], 1), tmp_path / "page.png")
    own, other = identifier(), save(page(HANDS["carla"], 1), tmp_path / "carla.png")
    for number, name in enumerate(("x" * 90, "Anna-Maria von Weissenburg"), start=1):
        own = own.enrol(name, own.read(save(page(HANDS["carla"], number), other)))
    own.save(folder / "people")
    with served(folder) as port, browser(tmp_path / "profile", local=True) as seen:
        home = f"http://127.0.0.1:{port}/"
        for width, colours in ((360, "dark"), (1200, "light")):
            seen.width(width)
            seen.colours(colours)
            seen.driver.get(home)
            seen.driver.find_element(By.ID, "scans").send_keys(str(scan))
            keys(seen.driver, "BUTTON")
            seen.wait("document.title == 'Who wrote page.png?' && document.querySelector('footer')")
            assert "anna" in seen.driver.find_element(By.CSS_SELECTOR, "[role=status]").text
            assert seen.ask("document.documentElement.scrollWidth <= innerWidth")
            seen.driver.find_element(By.TAG_NAME, "body").click()
            keys(seen.driver, "INPUT", Keys.SPACE)  # the first line no longer counts
            keys(seen.driver, "BUTTON")
            seen.wait("document.querySelector('[role=status]')?.textContent.includes('from 4 of 4 lines')")
            for path in ("", "compare", "writers", "about"):
                seen.driver.get(home + path)
                assert seen.ask("document.documentElement.scrollWidth <= innerWidth")
                assert seen.ask(
                    "[...document.querySelectorAll('input:not([type=hidden])')].every(e => e.labels.length)"
                )
        assert seen.console() == []
        assert [url for url in seen.requests() if not url.startswith(home)] == []


def keys(driver, tag: str, key: str = Keys.ENTER) -> None:
    """Press Tab until an element of this kind has the focus, then a key."""
    for _ in range(60):
        ActionChains(driver).send_keys(Keys.TAB).perform()
        active = driver.switch_to.active_element
        if active.tag_name.upper() == tag and active.get_attribute("type") != "file":
            ActionChains(driver).send_keys(key).perform()
            return
    raise AssertionError(f"no {tag} was reached")
