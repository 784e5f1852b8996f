"""Reads a dataset archive in place: its forms file and its line images, and which of them can be used."""

import hashlib
import zipfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from types import TracebackType
from typing import Any, NamedTuple

import numpy as np

from writerid.base.errors import InputError, brief
from writerid.base.parallel import ordered_map
from writerid.dataset.images import UnusableImage, decode
from writerid.dataset.names import parse_name

FORMS_FILES = ("forms_for_parsing.txt", "forms.txt")
MAX_MEMBER_BYTES = 2**27  # of one file in the archive, unpacked
REASONS = {
    "no_form": "the name follows neither FORM-sNN-NN.png nor FORM-NN.png",
    "no_writer": "the form has no writer in the forms file",
    "repeated_name": "another image of another folder has the same name",
    "unreadable": "not an image, damaged or truncated",
    "too_large": "too many pixels or bytes to be a line",
    "too_small": "lower or narrower than min_size",
    "duplicate": "the same pixels as another image",
    "few_forms": "the writer has fewer forms than min_forms",
    "not_top": "the writer is not among the top_writers",
}


@dataclass(frozen=True)
class Line:
    """A usable line image: `path` inside the archive, `width` and `height` in pixels."""

    line: str
    path: str
    form: str
    writer: str
    width: int
    height: int


class LeftOut(NamedTuple):
    """An image that takes no part, and why: `reason` is a key of REASONS."""

    path: str
    reason: str
    detail: str


class Archive:
    """A dataset archive, open for reading; use it in a `with` statement.

    Raises InputError where there is no archive, it is not a zip, or it has not exactly one forms file and at
    least one image.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self._zip = zipfile.ZipFile(path)
        except FileNotFoundError:
            raise InputError(f"{path}: there is no such archive; copy it there, or set `dataset` to another") from None
        except IsADirectoryError:
            raise InputError(f"{path}: is a folder; `dataset` must name a .zip archive") from None
        except (zipfile.BadZipFile, NotImplementedError, ValueError) as error:
            raise InputError(f"{path}: not a whole zip archive ({brief(error)}); get a fresh copy") from None
        members = [m for m in self._zip.namelist() if not m.endswith("/") and not _hidden(m)]
        forms_files = [m for m in members if PurePosixPath(m).name in FORMS_FILES]
        self.images = sorted(m for m in members if m.lower().endswith(".png"))
        problem = None
        if not members:
            problem = "the archive is empty"
        elif not forms_files:
            problem = f"holds no forms file; add {' or '.join(FORMS_FILES)}, lines of `FORM WRITER`"
        elif len(forms_files) > 1:
            problem = f"holds {len(forms_files)} forms files ({', '.join(forms_files)}); keep one"
        elif not self.images:
            problem = "holds no .png image"
        if problem:
            self._zip.close()
            raise InputError(f"{path}: {problem}")
        self._forms_file = forms_files[0]

    def __enter__(self) -> "Archive":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._zip.close()

    def read(self, member: str) -> bytes:
        """Return the bytes of a file in the archive; raises UnusableImage ("unreadable", "too_large")."""
        try:
            if self._zip.getinfo(member).file_size > MAX_MEMBER_BYTES:
                raise UnusableImage("too_large", f"over {MAX_MEMBER_BYTES} bytes")
            return self._zip.read(member)
        except KeyError:
            raise UnusableImage("unreadable", "not in the archive") from None
        except (UnusableImage, MemoryError):
            raise
        except Exception as error:  # zipfile's decompressors raise many kinds on damaged members
            raise UnusableImage("unreadable", f"damaged in the archive ({brief(error)})") from None

    def forms(self) -> dict[str, str | None]:
        """Return the writer of each form, None where its row names none.

        Raises InputError where the forms file is unreadable or gives one form two writers.
        """
        where = f"{self.path}: {self._forms_file}"
        try:
            text = self.read(self._forms_file).decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise InputError(f"{where}: not UTF-8 text (byte {error.start}); save it as UTF-8") from None
        except UnusableImage as error:
            raise InputError(f"{where}: {error.detail}; get a fresh copy of the archive") from None
        return parse_forms(text, where)


def parse_forms(text: str, where: str) -> dict[str, str | None]:
    """Read lines of `FORM WRITER ...` (`#` starts a comment); `where` names the file in errors.

    Raises InputError where two rows give one form different writers.
    """
    writers: dict[str, str | None] = {}
    rows: dict[str, int] = {}
    for row, content in enumerate(text.splitlines(), start=1):
        cells = content.split("#")[0].split()
        if not cells:
            continue
        form, writer = cells[0], cells[1] if len(cells) > 1 else None
        if writers.get(form) and writer and writers[form] != writer:
            raise InputError(
                f"{where}: form {form} has writer {writers[form]} in row {rows[form]} and writer {writer} in row "
                f"{row}; correct one of them"
            )
        if not writers.get(form):
            writers[form], rows[form] = writer, row
    return writers


def survey(archive: Archive, min_size: int) -> tuple[list[Line], list[LeftOut]]:
    """Open and measure every image of an archive, on all cores.

    Returns the usable lines in the order of their names, and what is left out with its reason. Of images with
    the same pixels the one with a usable name, then the first by name, is kept.

    Raises InputError where no line is usable.
    """
    forms = archive.forms()
    lines: list[Line] = []
    left_out: list[LeftOut] = []
    kept: dict[bytes, str] = {}
    names: dict[str, str] = {}

    def classify(path: str, measured: "_Measured | UnusableImage") -> Line | LeftOut:
        if isinstance(measured, UnusableImage):
            return LeftOut(path, measured.reason, measured.detail)
        stem = _stem(path)
        name = parse_name(stem)
        writer = forms.get(name.form) if name else None
        if measured.digest in kept:
            same = kept[measured.digest]
            other = writer is not None and writer != forms.get(getattr(parse_name(_stem(same)), "form", ""))
            return LeftOut(path, "duplicate", f"of {same}{', which is by another writer' if other else ''}")
        if name is None:
            return LeftOut(path, "no_form", stem)
        if writer is None:
            return LeftOut(path, "no_writer", f"form {name.form}")
        if min(measured.width, measured.height) < min_size:
            return LeftOut(path, "too_small", f"{measured.width} x {measured.height} pixels")
        if stem in names:
            return LeftOut(path, "repeated_name", f"as {names[stem]}")
        return Line(stem, path, name.form, writer, measured.width, measured.height)

    # Usable names first, so that a copy under an odd name counts as the duplicate.
    paths = sorted(archive.images, key=lambda path: (parse_name(_stem(path)) is None, _stem(path), path))
    measured = ordered_map(lambda path: _measure(archive, path), paths, "map_writers", " images")
    for path, size in zip(paths, measured, strict=True):
        outcome = classify(path, size)
        if isinstance(outcome, LeftOut):
            left_out.append(outcome)
        else:
            lines.append(outcome)
            names[outcome.line] = path
            if isinstance(size, _Measured):
                kept[size.digest] = path
    if not lines:
        counts = ", ".join(f"{count} {reason}" for reason, count in Counter(x.reason for x in left_out).items())
        first = left_out[0]
        raise InputError(f"{archive.path}: no image is usable ({counts}); the first: {first.path}: {first.detail}")
    return lines, left_out


def select(lines: Sequence[Line], *, min_forms: int, top_writers: int | None) -> tuple[list[Line], list[LeftOut]]:
    """Choose the writers that take part: those with enough forms, and of those the ones with most lines.

    Ties for `top_writers` go to the writer whose id sorts first.

    Raises InputError where fewer than two writers are left.
    """
    by_writer: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_writer[line.writer].append(line)
    forms = {writer: len({line.form for line in own}) for writer, own in by_writer.items()}
    enough = [writer for writer in by_writer if forms[writer] >= min_forms]
    ranked = sorted(enough, key=lambda writer: (-len(by_writer[writer]), writer))
    chosen = set(ranked[:top_writers])
    if len(chosen) < 2:
        found = f"only writer {next(iter(chosen))} has" if chosen else "no writer has"
        raise InputError(
            f"writers: of {len(by_writer)} in the dataset {found} min_forms: {min_forms} or more forms; "
            "identification needs two: add forms, or lower min_forms"
        )
    left_out = []
    for writer in sorted(set(by_writer) - chosen):
        reason = "not_top" if writer in enough else "few_forms"
        detail = f"writer {writer}, {forms[writer]} forms, {len(by_writer[writer])} lines"
        left_out += [LeftOut(line.path, reason, detail) for line in by_writer[writer]]
    return [line for line in lines if line.writer in chosen], left_out


def summary(lines: Sequence[Line], left_out: Sequence[LeftOut]) -> dict[str, Any]:
    """Count what takes part and what was left out, by reason."""
    per_writer = sorted(Counter(line.writer for line in lines).values())
    forms = sorted(Counter(writer for _, writer in {(line.form, line.writer) for line in lines}).values())
    counts = Counter(item.reason for item in left_out)
    return {
        "images": len(lines) + len(left_out),
        "lines": len(lines),
        "writers": len(per_writer),
        "forms": sum(forms),
        "lines_per_writer": _spread(per_writer),
        "forms_per_writer": _spread(forms),
        "left_out": {reason: counts[reason] for reason in REASONS},
    }


class _Measured(NamedTuple):
    width: int
    height: int
    digest: bytes


def _measure(archive: Archive, path: str) -> _Measured | UnusableImage:
    try:
        grey = decode(archive.read(path))
    except UnusableImage as unusable:
        return unusable
    height, width = grey.shape
    digest = hashlib.blake2b(width.to_bytes(8, "big"), digest_size=16)
    digest.update(np.ascontiguousarray(grey).data)
    return _Measured(width, height, digest.digest())


def _spread(counts: list[int]) -> dict[str, int]:
    return {"least": counts[0], "median": counts[len(counts) // 2], "most": counts[-1]}


def _stem(path: str) -> str:
    return PurePosixPath(path).stem


def _hidden(member: str) -> bool:
    """macOS adds `__MACOSX/` and `._` companions to archives."""
    return any(part.startswith(("._", "__MACOSX", ".DS_Store")) for part in PurePosixPath(member).parts)
