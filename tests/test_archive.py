"""Zip and tar archives and folders, as macOS, Windows, DVC and careless people make them."""

import io
import os
import sys
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import dataset_members, line, png, write_zip
from tests.test_dataset import surveyed
from writerid.base.errors import InputError
from writerid.dataset.archive import Archive, page_path
from writerid.dataset.sources import LINKED

ENCRYPTED = 1


def write_tar(path: Path, members: dict[str, bytes | str], kind: str) -> Path:
    with tarfile.open(path, f"w:{kind}") as archive:  # type: ignore[call-overload]
        for name, data in members.items():
            content = data.encode() if isinstance(data, str) else data
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def write_folder(path: Path, members: dict[str, bytes | str]) -> Path:
    for name, data in members.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(data.encode() if isinstance(data, str) else data)
    return path


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ({}, "the archive is empty"),
        (
            {"forms.txt": "", "x/forms_for_parsing.txt": "a", "a.png": b""},
            r"holds 2 tables of writers \(.*\); keep one",
        ),
        ({"forms.txt": "a 1", "b.docx": b"PK"}, "holds no image among its 2 files"),
        ({"lines.tgz": b"", "forms.txt": ""}, "holds an archive, lines.tgz; unpack both into a folder"),
    ],
)
def test_archives_that_cannot_be_used(tmp_path: Path, members: dict[str, bytes | str], message: str):
    with pytest.raises(InputError, match=message):
        surveyed(write_zip(tmp_path / "d.zip", members))


def test_no_archive(tmp_path: Path):
    with pytest.raises(InputError, match="there is no such archive or folder; copy it there, or set `dataset`"):
        Archive(tmp_path / "d.zip")
    (tmp_path / "d.zip.dvc").touch()
    with pytest.raises(InputError, match=r"`dvc checkout .*d.zip.dvc` or `dvc pull` brings it back, or set `dataset`"):
        Archive(tmp_path / "d.zip")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="the folder is empty"):
        Archive(tmp_path / "empty")


@pytest.mark.parametrize("name", ["d.zip", "d.tar", "d.tgz"])
def test_what_is_no_archive_and_a_truncated_one(tmp_path: Path, name: str):
    path = tmp_path / name
    path.write_bytes(b"not an archive")
    with pytest.raises(InputError, match="no zip archive, or a damaged one; get a fresh copy"):
        Archive(path)
    if name == "d.zip":
        write_zip(path, dataset_members())
    else:
        write_tar(path, dataset_members(), "gz" if name == "d.tgz" else "")
    path.write_bytes(path.read_bytes()[: -300 if name != "d.tar" else -12_000])
    with pytest.raises(InputError, match=r"not a whole (zip|tar) archive|damaged|unreadable"):
        surveyed(path)


@pytest.mark.parametrize("kind", ["", "gz", "bz2", "xz"])
def test_tar_archives_are_read_as_zips_are(tmp_path: Path, kind: str):
    members = dataset_members()
    expected = surveyed(write_zip(tmp_path / "d.zip", members))
    assert surveyed(write_tar(tmp_path / "d.tar", members, kind)) == expected
    assert surveyed(write_folder(tmp_path / "d", members)) == expected


def test_a_folder_of_links_into_a_cache(tmp_path: Path):
    """DVC links files; a link to a folder may lead in a circle."""
    cache = write_folder(tmp_path / "cache", dataset_members())
    (tmp_path / "d/lines").mkdir(parents=True)
    for file in cache.rglob("*.*"):
        (tmp_path / "d" / file.relative_to(cache)).symlink_to(file)
    (tmp_path / "d/lines/again").symlink_to(tmp_path / "d")
    assert len(surveyed(tmp_path / "d")[0]) == 18


def test_a_link_to_a_folder_elsewhere_or_to_nothing_is_counted(tmp_path: Path):
    folder = write_folder(tmp_path / "d", dataset_members() | {".hidden/a.png": png(line(70))})
    write_folder(tmp_path / "elsewhere", {"a00-000-70.png": png(line(70))})
    (folder / "Anna").symlink_to(tmp_path / "elsewhere")
    (folder / "Bob").symlink_to(tmp_path / "gone")
    (folder / "shown").symlink_to(folder / ".hidden")
    (folder / ".kept").symlink_to(tmp_path / "elsewhere")
    (folder / "a00-000-71.png").symlink_to(tmp_path / "gone.png")
    (folder / "notes.txt").symlink_to(tmp_path / "gone.txt")
    lines, left_out = surveyed(folder)
    assert len(lines) == 18
    assert left_out == [
        ("Anna", "unreadable", LINKED),
        ("Bob", "unreadable", "a link that leads nowhere; mend it, or remove it"),
        ("shown", "unreadable", LINKED),
        ("a00-000-71.png", "unreadable", "cannot be read: No such file or directory"),
    ]
    (tmp_path / "links").mkdir()
    (tmp_path / "links/Anna").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(InputError, match="holds no image among its 0 files; Anna: a link to a folder elsewhere"):
        Archive(tmp_path / "links")


def test_a_folder_that_may_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    folder = write_folder(tmp_path / "d", dataset_members() | {".trash/x.png": b"", "more/x.png": b""})
    entries = os.scandir

    def scandir(path: str) -> object:
        if Path(path).name in ("more", ".trash"):
            raise PermissionError(13, "Permission denied", path)
        return entries(path)

    monkeypatch.setattr(os, "scandir", scandir)
    with pytest.raises(InputError, match=r"d/more: the folder cannot be read: Permission denied; allow it"):
        Archive(folder)
    (folder / "more/x.png").unlink()
    (folder / "more").rmdir()
    assert len(surveyed(folder)[0]) == 18


def test_links_in_a_tar_archive(tmp_path: Path):
    """tar packs a file of two names once; what links lead to is read, and a link to nothing is counted."""
    links = {
        "lines/a00-000-70.png": (tarfile.LNKTYPE, "./pool/1.png"),
        "lines/a00-000-71.png": (tarfile.SYMTYPE, "../pool/2.png"),
        "lines/a00-000-72.png": (tarfile.LNKTYPE, "lines/a00-000-73.png"),
        "lines/a00-000-73.png": (tarfile.SYMTYPE, "a00-000-72.png"),
        "lines/a00-000-74.png": (tarfile.SYMTYPE, "/etc/a.png"),
        "lines/notes": (tarfile.SYMTYPE, "gone"),
    }
    path = write_tar(tmp_path / "d.tar", dataset_members(), "")
    with tarfile.open(path, "a") as archive:
        for name, (kind, target) in links.items():
            member = tarfile.TarInfo(name)
            member.type, member.linkname = kind, target
            archive.addfile(member)
        for number in (1, 2):
            member = tarfile.TarInfo(f"./pool/{number}.png")
            content = png(line(70 + number))
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    with Archive(path) as opened:
        for name, number in (("lines/a00-000-70.png", 71), ("lines/a00-000-71.png", 72)):
            np.testing.assert_array_equal(opened.decode(name), line(number))
        assert opened.others == 1
    lines, left_out = surveyed(path)
    assert len(lines) == 20
    assert [x for x in left_out if x.reason != "duplicate"] == [
        (f"lines/a00-000-{number}.png", "unreadable", "a link to a file that is not in the archive")
        for number in (72, 73, 74)
    ]


@pytest.mark.parametrize("kind", ["gz", "bz2", "xz"])
def test_a_packed_tar_with_a_damaged_byte(tmp_path: Path, kind: str):
    path = write_tar(tmp_path / "d.tar", dataset_members(), kind)
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 255
    path.write_bytes(content)
    with pytest.raises(InputError, match="not a whole tar archive; get a fresh copy"):
        Archive(path)
    path.write_bytes(b"BZh is how this text begins")
    with pytest.raises(InputError, match="not a whole tar archive; get a fresh copy"):
        Archive(path)


def test_archives_in_a_folder(tmp_path: Path):
    members = dataset_members()
    forms = {"ascii/forms.txt": members.pop("forms.txt")}
    (tmp_path / "d").mkdir()
    write_tar(tmp_path / "d/lines.tgz", members, "gz")
    write_zip(tmp_path / "d/ascii.zip", forms)
    lines, left_out = surveyed(tmp_path / "d")
    assert not left_out
    assert lines[0].path == "lines.tgz/lines/a00-000-00.png"


FORMS_TXT = """#--- forms.txt ---------------------------------------------------------------#
#
# iam database form information
#
# format: a01-000u 000 2 prt 7 5 52 36
#
#     a01-000u  -> form id
#
a01-000u 000 2 prt 7 5 52 36
a01-003 002 4 all 8 8 84 84
"""
LINES_TXT = "# iam database line information\na01-000u-00 ok 154 19 408 746 1663 91 A|MOVE|to|stop\n"


@pytest.mark.parametrize("kind", ["lines", "sentences"])
@pytest.mark.parametrize("meta", [("ascii",), ("xml",), ("ascii", "xml")])
def test_iams_archives_as_downloaded(tmp_path: Path, kind: str, meta: tuple[str, ...]):
    """Their layout is that of https://fki.tic.heia-fr.ch/databases/download-the-iam-handwriting-database."""
    forms = {"a01-000u": "000", "a01-003": "002"}
    (tmp_path / "iam").mkdir()
    sentence = "-s00" if kind == "sentences" else ""
    images = {
        f"{form[:3]}/{form}/{form}{sentence}-0{n}.png": png(line(10 * own + n))
        for own, form in enumerate(forms)
        for n in range(2)
    }
    write_tar(tmp_path / f"iam/{kind}.tgz", dict(images), "gz")
    if "ascii" in meta:
        others = {"lines.txt": LINES_TXT, "sentences.txt": LINES_TXT, "words.txt": "# x\n"}
        write_tar(tmp_path / "iam/ascii.tgz", {"forms.txt": FORMS_TXT, **others}, "gz")
    if "xml" in meta:
        written: dict[str, bytes | str] = {
            f"{form}.xml": f'<?xml version="1.0" encoding="ISO-8859-1"?>\n<form created="2000-07-24" height="3542" '
            f'id="{form}" writer-id="{writer}"><handwritten-part><line id="{form}-00"/></handwritten-part></form>'
            for form, writer in forms.items()
        }
        write_tar(tmp_path / "iam/xml.tgz", written, "gz")
    lines, left_out = surveyed(tmp_path / "iam")
    assert not left_out
    assert [(x.line, x.form, x.writer) for x in lines] == [
        (f"{form}{sentence}-0{n}", form, writer) for form, writer in forms.items() for n in range(2)
    ]


def test_a_zip_of_windows_with_backslashes(tmp_path: Path):
    path = tmp_path / "d.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in dataset_members().items():
            member = zipfile.ZipInfo("x")
            member.filename = f"scans\\{name}".replace("/", "\\")
            archive.writestr(member, data)
    lines, left_out = surveyed(path)
    assert not left_out
    assert lines[0].path == "scans/lines/a00-000-00.png"
    with Archive(path) as opened:
        assert opened.decode(lines[0].path).shape == (30, 90)


def test_a_zip_of_macos(tmp_path: Path):
    """Names in UTF-8 that do not say so, umlauts as two characters, and companions of every file."""
    path = tmp_path / "d.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("forms.txt", "Mu\u0308-1;Anna\nMü-2;Anna\nb;Bob")
        for number, name in enumerate(("Mu@@-1-00.png", "Mu@@-2-00.png", "b-00.png")):
            archive.writestr(name, png(line(number)))
            archive.writestr(f"__MACOSX/._{name}", b"\0\5\x16\7")
        archive.writestr(".DS_Store", b"")
        archive.writestr(".cache/b-01.png", png(line(3)))
    path.write_bytes(path.read_bytes().replace(b"Mu@@", "Mu\u0308".encode()))  # without the mark of UTF-8
    lines, left_out = surveyed(path)
    assert not left_out
    assert {(x.form, x.writer) for x in lines} == {("Mü-1", "Anna"), ("Mü-2", "Anna"), ("b", "Bob")}


def encrypted(path: Path) -> Path:
    """Set the mark of an encrypted file on every member but the table."""
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\3\4", 6), (b"PK\1\2", 8)):
        place = data.find(mark)
        while place >= 0:
            name = place + (30 if offset == 6 else 46)
            if not data[name:].startswith(b"forms"):
                data[place + offset] |= ENCRYPTED
            place = data.find(mark, place + 4)
    path.write_bytes(data)
    return path


def test_an_encrypted_zip(tmp_path: Path):
    path = encrypted(write_zip(tmp_path / "d.zip", dataset_members()))
    with pytest.raises(InputError, match=r"\(18 unreadable\); .*: is encrypted; unpack it with its password"):
        surveyed(path)


def test_two_files_of_one_name(tmp_path: Path):
    path = write_zip(tmp_path / "d.zip", dataset_members())
    with zipfile.ZipFile(path, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr("lines/a00-000-00.png", png(line(999)))
    lines, left_out = surveyed(path)
    assert len(lines) == 18
    assert [(item.path, item.reason) for item in left_out] == [("lines/a00-000-00.png", "repeated_name")]


def test_only_images_of_one_name_are_counted_and_any_name_can_be_written(tmp_path: Path):
    path = write_tar(tmp_path / "d.tar", dataset_members(), "")
    with tarfile.open(path, "a", errors="surrogateescape") as archive:
        for name in ("M\udcfcller-00.png", "notes.txt", ".hidden.png", ".trash/a.png") * 2:
            member = tarfile.TarInfo(name)
            member.size = 8
            archive.addfile(member, io.BytesIO(b"8 bytes."))
    with Archive(path) as opened:
        assert opened.left_out == [
            ("M\\udcfcller-00.png", "repeated_name", "the archive holds two files of this name; the last is read"),
            ("M\\udcfcller-00.png", "unreadable", "its name is not UTF-8; rename it"),
        ]
        assert opened.others == 1


@pytest.mark.skipif(sys.platform != "linux", reason="names that are not UTF-8")
def test_a_name_that_is_not_utf8(tmp_path: Path):
    write_folder(tmp_path / "d", dataset_members())
    Path(os.fsdecode(bytes(tmp_path / "d") + b"/M\xfcller-00.png")).write_bytes(png(line(77)))
    _, left_out = surveyed(tmp_path / "d")
    assert left_out == [("M\\udcfcller-00.png", "unreadable", "its name is not UTF-8; rename it")]


def test_images_are_found_by_content(tmp_path: Path):
    members = {**dataset_members(), "x/a00-000-77.scan": png(line(77)), "x/a00-000-78": png(line(78), kind="GIF")}
    members["x/readme"] = b"BMW and GIF"
    with Archive(write_zip(tmp_path / "d.zip", members)) as archive:
        assert [name for name in archive.images if name.startswith("x/")] == ["x/a00-000-77.scan", "x/a00-000-78"]
        assert archive.others == 1


def test_a_page_of_an_image_file_is_read_by_its_path(tmp_path: Path):
    pages = [Image.fromarray(line(number)) for number in range(2)]
    pages[0].save(data := io.BytesIO(), "TIFF", save_all=True, append_images=pages[1:])
    with Archive(write_zip(tmp_path / "d.zip", {"two.tif": data.getvalue()})) as archive:
        np.testing.assert_array_equal(archive.decode(page_path("two.tif", 2)), line(1))


def test_a_file_of_the_largest_size_is_read_and_a_larger_one_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("writerid.dataset.archive.MAX_MEMBER_BYTES", 5000)
    members = dataset_members()
    members |= {f"lines/a00-000-{size}.png": png(line(size)).ljust(size, b"\0") for size in (5000, 5001)}
    lines, left_out = surveyed(write_zip(tmp_path / "d.zip", members))
    assert "a00-000-5000" in {x.line for x in lines}
    assert left_out == [("lines/a00-000-5001.png", "too_large", "over 5000 bytes")]


def test_a_packed_tar_that_grows_without_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("writerid.dataset.sources._SPARE", 2**20)
    monkeypatch.setattr("writerid.dataset.sources._GROWTH", 2)
    path = write_tar(tmp_path / "d.tgz", {"a.png": bytes(2**23)}, "gz")
    with pytest.raises(InputError, match="unpacks to over"):
        Archive(path)
