"""Scans and names that are meant to harm, or odd, by the command and by the page: an answer or one plain line."""

import os
import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import png
from tests.handmade import HANDS, identifier, page, save, writing
from tests.test_web import Visitor, served
from writerid.cli import main

PAGE = Image.fromarray(page(HANDS["anna"], 1))
LINE = writing(HANDS["anna"], 3)


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def claims(width: int, height: int) -> bytes:
    """A PNG file that claims to be so large, and holds a million pixels."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(bytes(10**6)))]
    whole = b"\x89PNG\r\n\x1a\n"
    for name, content in (*parts, (b"IEND", b"")):
        whole += struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    return whole


ALPHA = Image.fromarray(np.dstack([LINE, LINE, LINE, np.where(LINE < 100, 255, 0).astype(np.uint8)]), "RGBA")
ANSWERED = {
    "cmyk.jpg": encoded(PAGE.convert("CMYK"), "JPEG", quality=95),
    "deep.png": encoded(Image.fromarray(np.asarray(PAGE).astype(np.uint16) * 257), "PNG"),
    "palette.gif": encoded(PAGE.convert("P"), "GIF"),
    "alpha.png": encoded(ALPHA.quantize(), "PNG"),
    "<script>alert(1).png": png(LINE),
    "-rf.png": png(LINE),
    "a\u202egnp.exe.png": png(LINE),
}
REFUSED = {
    "cut.jpg": (encoded(PAGE, "JPEG")[:4000], "damaged, cut off"),
    "dot.png": (png(np.zeros((1, 1), np.uint8)), "only 1 x 1 pixels"),
    "wide.png": (png(np.full((40, 50_000), 235, np.uint8)), "50000 x 40 pixels; make it smaller"),
    "bomb.png": (claims(2**31 - 1, 2**31 - 1), "make it smaller"),
    "short.png": (claims(6000, 6000), "damaged, cut off"),
    "dithered.png": (encoded(PAGE.convert("1"), "PNG"), "separate marks"),
    "moves.gif": (encoded(PAGE, "GIF", save_all=True, append_images=[PAGE.rotate(180)]), "an animation"),
    "cut.pdf": (encoded(PAGE, "PDF")[:3000], "not a whole PDF file"),
    "locked.pdf": (
        encoded(PAGE, "PDF").replace(
            b"trailer\n<<",
            b"trailer\n<< /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O (%s) /U (%s) >> /ID [(a)(a)]"
            % (b"o" * 32, b"u" * 32),
        ),
        "needs a password",
    ),
    "page.svg.png": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "not an image"),
}
NAMES = {  # of writers, and whether they may be one
    "../x": True,
    "<script>": True,
    "\U0001f600": True,
    "-rf": True,
    "a\nb": False,
    "x" * 300: False,
    "a\u202eb": False,
    "a\u200bb": False,
    "\0": False,
    "None of them": False,
}


def test_by_the_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(tmp_path)
    identifier().save(tmp_path / "models" / "identifier")
    for name, content in ANSWERED.items():
        (tmp_path / name).write_bytes(content)
        assert main(["identify", "--", name]) == 0
        assert ": anna (" in capsys.readouterr().out
    for name, (content, why) in REFUSED.items():
        (tmp_path / name).write_bytes(content)
        assert main(["identify", "--", name]) == 1
        assert why in capsys.readouterr().out
    assert main(["identify", "."]) == 0
    assert "\u202e" not in capsys.readouterr().out
    for name, may_be in NAMES.items():
        assert main(["enrol", "--", name, "deep.png"]) == (0 if may_be else 1)
        assert len(capsys.readouterr().err.splitlines()) == (0 if may_be else 1)
        assert main(["forget", "--", name]) == (0 if may_be else 1)
        assert len(capsys.readouterr().err.splitlines()) == (0 if may_be else 1)
    written = {path.name for path in tmp_path.iterdir()}
    assert written == {*ANSWERED, *REFUSED, "models"}


def test_no_name_of_a_scan_reaches_the_terminal_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    identifier().save(tmp_path / "models" / "identifier")
    blank, thin, thick, text = (f"\x1b[31m{number}.png" for number in range(4))
    (tmp_path / text).write_text("no picture")
    save(np.full((700, 560), 235, np.uint8), tmp_path / blank)
    for name, hand in ((thin, "anna"), (thick, "carla")):
        save(page(HANDS[hand], 1), tmp_path / name)
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


def test_a_folder_whose_name_is_no_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(tmp_path)
    identifier().save(tmp_path / "models" / "identifier")
    odd = os.fsdecode(b"odd\xff")
    save(page(HANDS["carla"], 1), tmp_path / odd / "a.png")
    save(page(HANDS["anna"], 1), tmp_path / "b.png")
    for arguments in (["identify", odd, "--json"], ["identify", odd, "b.png", "--together"], ["compare", odd, "b.png"]):
        assert main(arguments) == 0
        capsys.readouterr().out.encode()
    for arguments in (["evidence", odd], ["enrol", "dora", odd], ["identify", odd]):
        assert main(arguments) == 0
    assert r"odd\udcff/a.png: dora (" in capsys.readouterr().out
    assert r"odd\udcff" in (tmp_path / "evidence.html").read_text()


def test_in_the_browser(tmp_path: Path):
    identifier().save(tmp_path / "identifier")
    save(LINE, tmp_path / "line.png")
    with served(tmp_path) as port:
        visitor = Visitor(port)
        for content in ANSWERED.values():
            assert "<strong>anna</strong>" in visitor.identify(content).text
        for content, why in REFUSED.values():
            assert why in visitor.identify(content).text
        document = visitor.identify(png(writing(HANDS["carla"], 1)), "<script>alert(1)</script>").location
        assert "<script" not in visitor.ask("GET", document).text
        for name, may_be in NAMES.items():
            answer = visitor.send(f"{document}/enrol", [("name", name)])
            assert answer.status == (303 if may_be else 400)
            text = visitor.ask("GET", "/writers").text
            assert not any(mark in text for mark in ("<script", "\u202e", "\u200b"))
            visitor.send("/forget", [("name", name)])
    assert {path.name for path in tmp_path.iterdir()} == {"identifier", "people", "line.png"}
