"""Where the files of a dataset lie: a zip or tar archive, or a folder; each names its files and reads them."""

import bz2
import gzip
import lzma
import os
import posixpath
import re
import tarfile
import tempfile
import threading
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import IO, Protocol

from writerid.base.errors import InputError
from writerid.dataset.images import UnusableImage

ARCHIVES = (".zip", ".tar", ".tgz", ".tar.gz", ".tar.bz2", ".tbz2", ".tar.xz", ".txz")
LINKED = "a link to a folder elsewhere, in which no image is looked for; put the folder itself there"
ENCRYPTED = "is encrypted; unpack it with its password, and pack it again without one"
HIDDEN = re.compile(r"__MACOSX|\.[^.].*|Thumbs\.db|desktop\.ini", re.IGNORECASE)  # "." and ".." are none
_UTF8 = 0x800  # zip: the name is UTF-8
_UNPACKERS: dict[bytes, Callable[[IO[bytes]], gzip.GzipFile | bz2.BZ2File | lzma.LZMAFile]] = {
    b"\x1f\x8b": lambda file: gzip.GzipFile(fileobj=file),
    b"BZh": bz2.BZ2File,
    b"\xfd7zXZ\0": lzma.LZMAFile,
}
_DAMAGED = (tarfile.TarError, EOFError, lzma.LZMAError, ValueError, zlib.error)  # and OSError of bz2 and gzip
_GROWTH, _SPARE = 200, 2**30  # a packed tar file may unpack to so many times its size, and so many bytes


class Source(Protocol):
    """Files by name, with `/` between folders, and the names that stand there more than once."""

    sizes: dict[str, int]
    repeated: list[str]

    def read(self, name: str, most: int = -1) -> bytes:
        """Return the first `most` bytes of a file, all by default; raises whatever its reader raises."""

    def close(self) -> None:
        """Close what is open."""


class Zip:
    """The files of a zip archive."""

    def __init__(self, path: Path) -> None:
        try:
            self._zip = zipfile.ZipFile(path)
        except (zipfile.BadZipFile, NotImplementedError, ValueError):
            raise InputError(
                f"{path}: no zip archive, or a damaged one; get a fresh copy, or name a zip or tar archive or a folder "
                "of images"
            ) from None
        self._members: dict[str, zipfile.ZipInfo] = {}
        self.repeated: list[str] = []
        for member in self._zip.infolist():
            name = _zip_name(member)
            if not name.endswith("/"):
                if name in self._members:
                    self.repeated.append(name)
                self._members[name] = member
        self.sizes = {name: member.file_size for name, member in self._members.items()}

    def read(self, name: str, most: int = -1) -> bytes:
        """See Source."""
        member = self._members[name]
        if member.flag_bits & 1:
            raise UnusableImage("unreadable", ENCRYPTED)
        if most < 0:
            return self._zip.read(member)
        with self._zip.open(member) as file:
            return file.read(most)

    def close(self) -> None:
        """See Source."""
        self._zip.close()


class Tar:
    """The files of a tar archive; a packed one is unpacked to a nameless temporary file first, for its files to be
    read in any order."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        self._file: IO[bytes] = path.open("rb")
        self.repeated: list[str] = []
        try:
            self._unpack(path)
            with tarfile.open(fileobj=self._file, mode="r:") as archive:
                members: dict[str, tuple[int, int] | str] = {}  # a link's is the name that it leads to
                for member in archive:
                    if member.isreg() or member.islnk() or member.issym():
                        name = member.name.removeprefix("./")
                        if name in members:
                            self.repeated.append(name)
                        members[name] = _leads_to(member) or (member.offset_data, member.size)
        except BaseException as error:
            self._file.close()
            if (isinstance(error, OSError) and error.errno is None) or isinstance(error, _DAMAGED):
                raise InputError(f"{path}: not a whole tar archive; get a fresh copy") from None
            raise
        self._places = {name: _followed(name, members) for name in members}
        self.sizes = {name: place[1] if place else 0 for name, place in self._places.items()}

    def _unpack(self, path: Path) -> None:
        head = self._file.read(6)
        self._file.seek(0)
        unpacker = next((unpacker for mark, unpacker in _UNPACKERS.items() if head.startswith(mark)), None)
        if not unpacker:
            return
        most = _GROWTH * path.stat().st_size + _SPARE
        with self._file as packed, unpacker(packed) as stream:
            self._file = tempfile.TemporaryFile()  # noqa: SIM115
            while block := stream.read(2**20):
                self._file.write(block)
                if self._file.tell() > most:
                    raise InputError(f"{path}: unpacks to over {most} bytes; it is no archive of images")
        self._file.seek(0)

    def read(self, name: str, most: int = -1) -> bytes:
        """See Source."""
        if not (place := self._places[name]):
            raise UnusableImage("unreadable", "a link to a file that is not in the archive")
        start, size = place
        with self._lock:
            self._file.seek(start)
            return self._file.read(size if most < 0 else min(size, most))

    def close(self) -> None:
        """See Source."""
        self._file.close()


class Folder:
    """The files of a folder, or some of them; links to files, as DVC makes them, are followed, those to folders not.

    Attribute `linked`: the links that lead to folders elsewhere, or may have led to one, and why they are not followed.

    Raises InputError where a folder in it cannot be read.
    """

    def __init__(self, path: Path, some: Iterable[str] | None = None) -> None:
        self._path = path
        self.repeated: list[str] = []
        self.linked: dict[str, str] = {}
        self.sizes: dict[str, int] = {}
        for file in self._walk() if some is None else (path / name for name in some):
            if file.is_file():
                self.sizes[self._name(file)] = file.stat().st_size
            elif file.is_symlink() and not file.exists():
                if file.suffix:
                    self.sizes[self._name(file)] = 0  # whoever reads it is told that there is no such file
                else:
                    self.linked[self._name(file)] = "a link that leads nowhere; mend it, or remove it"

    def _walk(self) -> Iterator[Path]:
        whole = self._path.resolve()
        for here, folders, names in os.walk(self._path, onerror=_refuse):
            folders[:] = [name for name in folders if not HIDDEN.fullmatch(name)]
            for link in (folder for name in folders if (folder := Path(here, name)).is_symlink()):
                target = link.resolve()
                if not target.is_relative_to(whole) or any(map(HIDDEN.fullmatch, target.relative_to(whole).parts)):
                    self.linked[self._name(link)] = LINKED  # all others are read where they lie
            yield from (Path(here, name) for name in names)

    def _name(self, file: Path) -> str:
        return file.relative_to(self._path).as_posix()

    def read(self, name: str, most: int = -1) -> bytes:
        """See Source."""
        with (self._path / name).open("rb") as file:
            return file.read(most)

    def close(self) -> None:
        """See Source."""


def open_source(path: Path) -> Source:
    """Open an archive or a folder.

    Raises InputError where there is none, or it is neither.
    """
    if path.is_dir():
        return Folder(path)
    if not path.is_file():
        tracked = Path(f"{path}.dvc")
        way = f"`dvc checkout {tracked}` or `dvc pull` brings it back" if tracked.is_file() else "copy it there"
        raise InputError(f"{path}: there is no such archive or folder; {way}, or set `dataset` to another")
    with path.open("rb") as file:
        head = file.read(6)
    packed = any(head.startswith(mark) for mark in _UNPACKERS)
    if packed or (not head.startswith(b"PK") and tarfile.is_tarfile(path)):
        return Tar(path)
    return Zip(path)


def _refuse(error: OSError) -> None:
    raise InputError(f"{error.filename}: the folder cannot be read: {error.strerror}; allow it, or move it elsewhere")


def _leads_to(member: tarfile.TarInfo) -> str:
    """Return the name of the file that a tar's link leads to; empty where it is no link."""
    if member.issym():
        return posixpath.normpath(posixpath.join(posixpath.dirname(member.name), member.linkname))
    return member.linkname.removeprefix("./") if member.islnk() else ""


def _followed(name: str, members: Mapping[str, tuple[int, int] | str]) -> tuple[int, int] | None:
    """Return where the file lies that a name stands for, in the end; None where its links lead nowhere."""
    for _ in range(40):  # as many as Linux follows
        found = members.get(name)
        if not isinstance(found, str):
            return found
        name = found
    return None


def _zip_name(member: zipfile.ZipInfo) -> str:
    """Return the name of a zip's file: macOS does not say that it is UTF-8, and some write `\\\\`."""
    name = member.filename
    if not member.flag_bits & _UTF8:
        with suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return name.replace("\\", "/")
