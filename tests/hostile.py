"""Scans and names that are damaged, odd or meant to harm, by their kinds; test_hostile brings each of them.

Of a scan: its content, and what the answer says of it; nothing where it names its writer, anna. Of a name: whether it
may be a writer's.
"""

import io
import pickle
import struct
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Mapping

import numpy as np
from PIL import Image

from tests.conftest import png
from tests.handmade import HANDS, page, writing

ANSWERED = ""
PAGE = Image.fromarray(page(HANDS["anna"], 1))
LINE = writing(HANDS["anna"], 3)
ALPHA = Image.fromarray(np.dstack([LINE, LINE, LINE, np.where(LINE < 100, 255, 0).astype(np.uint8)]), "RGBA")


def encoded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def claims(width: int, height: int) -> bytes:
    """A PNG file that claims to be so large, and holds a million pixels."""
    parts = [(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(bytes(10**6)))]
    whole = b"\x89PNG\r\n\x1a\n"
    for name, content in (*parts, (b"IEND", b"")):
        whole += struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))
    return whole


def typed_pdf(pages: int, points: int, text: str = "") -> bytes:
    """A PDF file of pages so many points wide and high: blank ones, or with text in a font."""
    kids = " ".join(f"{number} 0 R" for number in range(3, 3 + pages))
    written = f"BT /F 20 Tf 9 9 Td ({text}) Tj ET" if text else ""
    font, content = "<</Font<</F<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>", f"{3 + pages} 0 R"
    objects = ["<</Type/Catalog/Pages 2 0 R>>", f"<</Type/Pages/Kids[{kids}]/Count {pages}>>"]
    page = f"<</Type/Page/Parent 2 0 R/MediaBox[0 0 {points} {points}]/Resources{font}/Contents {content}>>"
    objects += [*[page] * pages, f"<</Length {len(written)}>>stream\n{written}\nendstream"]
    body = "".join(f"{number} 0 obj{each}\nendobj\n" for number, each in enumerate(objects, start=1))
    return f"%PDF-1.4\n{body}trailer<</Root 1 0 R/Size {len(objects) + 1}>>\n%%EOF".encode()


def locked(pdf: bytes) -> bytes:
    """Let a PDF file say that it takes a password."""
    secret = b"<< /Encrypt << /Filter /Standard /V 1 /R 2 /P -4 /O (%s) /U (%s) >> /ID [(a)(a)]" % (
        b"o" * 32,
        b"u" * 32,
    )
    return pdf.replace(b"trailer\n<<", b"trailer\n" + secret)


def zipped(members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def twice(members: Mapping[str, bytes]) -> bytes:
    """A zip archive that holds each file two times."""
    buffer = io.BytesIO(zipped(members))
    with zipfile.ZipFile(buffer, "a") as archive, warnings.catch_warnings(action="ignore"):
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def tarred(kind: bytes, target: str = "", name: str = "b.png") -> bytes:
    """A tar archive of a line, and of another member of this kind: a file, a link, or a pipe."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for member in (tarfile.TarInfo("a.png"), tarfile.TarInfo(name)):
            content = png(LINE) if member.name == "a.png" or kind == tarfile.REGTYPE else b""
            member.size = len(content)
            if not content:
                member.type, member.linkname = kind, target
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


PDF = encoded(PAGE, "PDF")
ZIP = zipped({"a.png": png(LINE)})
CUT = {"PNG": "png", "JPEG": "jpg", "TIFF": "tif", "WEBP": "webp", "GIF": "gif", "BMP": "bmp", "JPEG2000": "jp2"}
DAMAGED, MOVES, LARGE = "damaged, cut off", "an animation", "make it smaller"
SCANS: dict[str, dict[str, tuple[bytes, str]]] = {
    "cut off": {
        f"cut.{end}": ((whole := encoded(PAGE, kind))[: len(whole) // 2], DAMAGED) for kind, end in CUT.items()
    },
    "tiny": {
        "dot.png": (png(np.zeros((1, 1), np.uint8)), "only 1 x 1 pixels"),
        "low.png": (png(np.full((1, 4000), 235, np.uint8)), "only 4000 x 1 pixels"),
        "narrow.png": (png(np.full((4000, 1), 235, np.uint8)), "only 1 x 4000 pixels"),
    },
    "huge": {
        "wide.png": (png(np.full((40, 50_000), 235, np.uint8)), f"50000 x 40 pixels; {LARGE}"),
        "short.png": (claims(6000, 6000), DAMAGED),
        "billions.png": (claims(60_000, 60_000), LARGE),
        "trillions.png": (claims(2**31 - 1, 2**31 - 1), LARGE),
    },
    "modes": {
        "cmyk.jpg": (encoded(PAGE.convert("CMYK"), "JPEG", quality=95), ANSWERED),
        "deep.png": (encoded(Image.fromarray(np.asarray(PAGE).astype(np.uint16) * 257), "PNG"), ANSWERED),
        "twelve.png": (encoded(Image.fromarray(np.asarray(PAGE).astype(np.uint16) * 16), "PNG"), ANSWERED),
        "float.tif": (encoded(Image.fromarray(np.asarray(PAGE).astype(np.float32)), "TIFF"), ANSWERED),
        "palette.gif": (encoded(PAGE.convert("P"), "GIF"), ANSWERED),
        "palette.png": (encoded(ALPHA.quantize(), "PNG"), ANSWERED),
        "alpha.png": (encoded(ALPHA.convert("LA"), "PNG"), ANSWERED),
        "dithered.png": (encoded(PAGE.convert("1"), "PNG"), "separate marks"),
    },
    "animations": {
        f"moves.{kind.lower()}": (encoded(PAGE, kind, save_all=True, append_images=[PAGE.rotate(180)]), MOVES)
        for kind in ("GIF", "PNG", "WEBP")
    },
    "PDF": {
        "page.pdf": (PDF, ANSWERED),
        "half.pdf": (PDF[: len(PDF) // 2], "not a whole PDF file"),
        "head.pdf": (b"%PDF-1.7\n", "not a whole PDF file"),
        "locked.pdf": (locked(PDF), "needs a password"),
        "long.pdf": (typed_pdf(10_000, 20), " pages"),
        "noise.pdf": (b"%PDF-1.7\n" + np.random.default_rng(0).bytes(5000), "not a whole PDF file"),
        "endless.pdf": (typed_pdf(1, 10**9), "blank"),
    },
    "no image": {
        "empty.png": (b"", "not an image"),
        "text.png": (b"hello", "not an image"),
        "page.html.png": (b"<!DOCTYPE html><script>alert(1)</script>", "not an image"),
        "page.svg.png": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "not an image"),
        "pickle.png": (pickle.dumps({"a": print}), "not an image"),
        "zeros.png": (bytes(5000), "not an image"),
    },
}
ARCHIVES: dict[str, tuple[bytes, str]] = {  # which only the command reads
    "bomb.zip": (zipped({"a.png": bytes(200 * 2**20)}), "over 134217728 bytes"),
    "up.zip": (zipped({"../up.png": png(LINE)}), ANSWERED),
    "up.tar": (tarred(tarfile.REGTYPE, name="../up.png"), ANSWERED),
    "root.zip": (zipped({"/root.png": png(LINE)}), ANSWERED),
    "link.tar": (tarred(tarfile.SYMTYPE, "/etc/passwd"), ANSWERED),
    "hard.tar": (tarred(tarfile.LNKTYPE, "../../etc/passwd"), ANSWERED),
    "circle.tar": (tarred(tarfile.SYMTYPE, "b.png"), ANSWERED),
    "pipe.tar": (tarred(tarfile.FIFOTYPE), ANSWERED),
    "twice.zip": (twice({"a.png": png(LINE)}), ANSWERED),
    "cut.zip": (ZIP[: len(ZIP) // 2], "no zip archive, or a damaged one"),
    "empty.zip": (zipped({}), "the archive is empty"),
    "nested.zip": (zipped({"a.zip": ZIP}), "holds an archive"),
    "many.zip": (zipped({f"{number}.txt": b"" for number in range(5000)}), "holds no image"),
}
FILE_NAMES = (
    "../../up.png",
    "<script>alert(1).png",
    "two\nlines.png",
    "x" * 246 + ".png",
    "\U0001f600.png",
    "a\u202egnp.exe.png",
    "-rf.png",
    "\"'&.png",
    "%00.png",
    "a\\b.png",
)
WRITERS = {  # and whether they may be one's name
    "../x": True,
    "<script>": True,
    "\U0001f600": True,
    "-rf": True,
    "\"'&": True,
    "%00": True,
    "a\\b": True,
    "a/b": True,
    "..": True,
    "a\nb": False,
    "x" * 300: False,
    "a\u202eb": False,
    "a\u200bb": False,
    "\0": False,
    "": False,
    "None of them": False,
}


def counts() -> list[dict[str, str]]:
    """How many of each kind are brought: by the command, and in the browser."""
    rows = [(kind, len(files), len(files)) for kind, files in SCANS.items()]
    rows += [("archives", len(ARCHIVES), len(ARCHIVES))]
    rows += [("files' names", len(FILE_NAMES), len(FILE_NAMES)), ("writers' names", len(WRITERS), len(WRITERS))]
    return [dict(zip(("brought", "by_command", "in_browser"), map(str, row), strict=True)) for row in rows]
