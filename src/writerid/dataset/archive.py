"""A dataset as people bring it, read in place: a zip or tar archive or a folder, and what each of its files is."""

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from threading import Lock
from types import TracebackType

import numpy as np

from writerid.base.errors import InputError, shown
from writerid.dataset.images import ENDINGS, HEAD, UnusableImage, decode, is_image
from writerid.dataset.ink import dark_on_light
from writerid.dataset.left_out import LeftOut
from writerid.dataset.names import writable
from writerid.dataset.pages.cutting import Cut, cut_line
from writerid.dataset.sources import ARCHIVES, HIDDEN, Folder, Source, open_source

MAX_MEMBER_BYTES = 2**27  # of one file, unpacked
_TABLE = re.compile(r"(forms(_for_parsing)?\.(txt|csv|tsv)|(lines|writers)\.(csv|tsv)|writers\.txt)(\.(txt|csv))?")
_PAGE = re.compile(r"(?P<member>.+)#page=(?P<page>[1-9]\d{0,8})", re.DOTALL)
_LINE = re.compile(r"(?P<page>.+)#outline=(?P<cut>[-\d,.@ ]+)", re.DOTALL)
REPEATED = "the archive holds two files of this name; the last is read"
KEPT_PAGES = 4  # with their paper, 80 MB each of the largest


class Archive:
    """A dataset, open for reading; use it in a `with` statement.

    Attributes: the names of its `images`, in order; of its `tables`, which may say who wrote what, and its `xml`
    files; `left_out`, the images that cannot be named; `others`, the number of all other files.

    Raises InputError where there is no such dataset, it is damaged, or it holds no image.
    """

    def __init__(self, path: Path, some: Iterable[str] | None = None) -> None:
        """Open a dataset; `some`: the only files of a folder to look at, by their paths in it."""
        self.path = path
        self.images: list[str] = []
        self.tables: list[str] = []
        self.xml: list[str] = []
        self.left_out: list[LeftOut] = []
        self.others = 0
        self._decoding = Lock()
        self._page = lru_cache(KEPT_PAGES)(self._page_and_paper)  # the lines of a page are cut one after the other
        self._files: dict[str, tuple[Source, str]] = {}
        self._sources: list[Source] = []
        self._repeated: Counter[str] = Counter()
        try:
            self._add(open_source(path) if some is None else Folder(path, some), "")
            if not self._files and not self.left_out:
                raise InputError(f"{path}: the {'folder' if path.is_dir() else 'archive'} is empty")
            for name in sorted(self._files):
                self._sort_in(name)
            if not self.images:
                first = f"; {shown(self.left_out[0].path)}: {self.left_out[0].detail}" if self.left_out else ""
                raise InputError(f"{path}: holds no image among its {len(self._files)} files{first}")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> "Archive":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close what is open."""
        self._page.cache_clear()
        for source in self._sources:
            source.close()

    def read(self, name: str, most: int = -1) -> bytes:
        """Return the first `most` bytes of a file, all by default; raises UnusableImage ("unreadable", "too_large")."""
        try:
            source, inner = self._files[name]
            if most < 0 and source.sizes[inner] > MAX_MEMBER_BYTES:
                raise UnusableImage("too_large", f"over {MAX_MEMBER_BYTES} bytes")
            return source.read(inner, most)
        except KeyError:
            raise UnusableImage("unreadable", "not in the archive") from None
        except (UnusableImage, MemoryError):
            raise
        except Exception as error:  # zipfile's decompressors raise many kinds on damaged members
            why = error.strerror if isinstance(error, OSError) else None
            detail = f"cannot be read: {why}" if why else "damaged in the archive; get a fresh copy"
            raise UnusableImage("unreadable", detail) from None

    def decode(self, path: str) -> np.ndarray:
        """Return an image as images.decode does, a page of one (`page_path`), or a line of either (`line_path`).

        Raises UnusableImage.
        """
        line = _LINE.fullmatch(path)
        if path not in self._files and line:
            try:
                cut = Cut.read(line["cut"])
                with self._decoding:  # once for all lines of a page, and one page at a time
                    page_and_paper = self._page(line["page"])
                return cut_line(*page_and_paper, cut)
            except InputError as error:
                raise UnusableImage("unreadable", str(error)) from None
        page = _PAGE.fullmatch(path)
        if path in self._files or not page:
            return decode(self.read(path))
        return decode(self.read(page["member"]), int(page["page"]))

    def _page_and_paper(self, path: str) -> tuple[np.ndarray, np.ndarray]:
        from writerid.dataset.pages.paper import paper_tone  # with scipy, see pages.recognition

        page = dark_on_light(self.decode(path))
        return page, paper_tone(page)

    def _add(self, source: Source, prefix: str) -> None:
        self._sources.append(source)
        for inner in source.sizes:
            name = prefix + inner
            if any(HIDDEN.fullmatch(part) for part in name.split("/")):
                continue
            if isinstance(source, Folder) and inner.lower().endswith(ARCHIVES):
                self._add(open_source(self.path / inner), f"{name}/")
            else:
                self._files[name] = (source, inner)
        self._repeated.update(prefix + name for name in source.repeated)
        if isinstance(source, Folder):
            self.left_out += [LeftOut(writable(name), "unreadable", why) for name, why in sorted(source.linked.items())]

    def _sort_in(self, name: str) -> None:
        lower = name.lower()
        if _TABLE.fullmatch(lower.rpartition("/")[2]):
            self.tables.append(name)
        elif lower.endswith(".xml"):
            self.xml.append(name)
        elif lower.endswith(ENDINGS) or self._looks_like_image(name):
            plain = writable(name)
            self.left_out += [LeftOut(plain, "repeated_name", REPEATED)] * self._repeated[name]
            if plain == name:
                self.images.append(name)
            else:
                self.left_out.append(LeftOut(plain, "unreadable", "its name is not UTF-8; rename it"))
        elif lower.endswith(ARCHIVES):
            raise InputError(f"{self.path}: holds an archive, {shown(name)}; unpack both into a folder, and name that")
        else:
            self.others += 1

    def _looks_like_image(self, name: str) -> bool:
        try:
            return is_image(self.read(name, HEAD))
        except UnusableImage:
            return False


def page_path(member: str, page: int | None) -> str:
    """Return the path of a page of an image file, or of the file where it has but one (None)."""
    return member if page is None else f"{member}#page={page}"


def line_path(page: str, cut: Cut) -> str:
    """Return the path of a line on a page, itself a path of an image or of a page of one."""
    return f"{page}#outline={cut}"
