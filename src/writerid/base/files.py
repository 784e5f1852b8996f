"""Writing results so that a file is either whole or not there, and reading them back."""

import base64
import csv
import hashlib
import json
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from writerid.base.errors import InputError, brief

csv.field_size_limit(
    2**27
)  # characters of a cell, in all that is read: an outline may have tens of thousands of points


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` to write to; it takes the name `path` only if the block succeeds.

    The temporary name is always the same, so that what a killed run leaves is overwritten by the next.

    Raises InputError where `path` is a folder.
    """
    no_folder(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".partial-{path.name}")
    try:
        yield temporary
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_json(path: Path, content: Mapping[str, Any]) -> None:
    """Write a mapping as indented JSON; floats are rounded to six decimals."""
    with atomic(path) as temporary:
        temporary.write_text(json.dumps(rounded(content), indent=2) + "\n", encoding="utf-8", newline="\n")


def write_record(path: Path, made: Path, content: Mapping[str, Any]) -> None:
    """Write what differs from run to run about a file that a run made: seconds, the machine.

    A record of the same bytes stays as it is, so that a run that changes nothing leaves nothing changed.
    """
    with made.open("rb") as file:
        digest = hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()  # as in dvc.lock
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        known = None
    if not isinstance(known, dict) or known.get("md5") != digest:
        write_json(path, {"md5": digest, **content})


def write_csv(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows under a header of column names."""
    with atomic(path) as temporary, temporary.open("w", newline="", encoding="utf-8") as file:
        plain = csv.writer(file, lineterminator="\n")
        quoted = csv.writer(file, lineterminator="\n", quoting=csv.QUOTE_ALL)  # plain leaves a bare \r unquoted
        for row in chain([columns], rows):
            (quoted if any("\r" in str(cell) for cell in row) else plain).writerow(row)


def write_array(path: Path, array: np.ndarray) -> None:
    """Write an array as .npy."""
    with atomic(path) as temporary:
        np.save(temporary, array)


def read_csv(path: Path, columns: Mapping[str, type]) -> dict[str, list[Any]]:
    """Columns of a CSV file by name, each cell converted to its column's type (str, int or float).

    Raises InputError where the file is missing, lacks a column, or has a row that is short, long or of another type.
    """
    table: dict[str, list[Any]] = {column: [] for column in columns}
    with readable(path).open(newline="", encoding="utf-8-sig") as file, _whole_text(path):
        reader = csv.DictReader(file)
        missing = [column for column in columns if column not in (reader.fieldnames or [])]
        if missing:
            raise InputError(f"{path}: has no column {missing[0]!r}; it should have {', '.join(columns)}")
        for row in reader:
            if None in row or None in row.values():
                raise InputError(f"{path}: row {reader.line_num} has not as many cells as the header")
            for column, kind in columns.items():
                try:
                    table[column].append(kind(row[column]))
                except ValueError:
                    number = "whole number" if kind is int else "number"
                    raise InputError(
                        f"{path}: row {reader.line_num}: {column} is {row[column]!r}, not a {number}"
                    ) from None
    return table


def read_array(path: Path) -> np.ndarray:
    """A .npy file, mapped into memory and not read."""
    try:
        array = np.load(readable(path), mmap_mode="r")
    except (ValueError, EOFError, zipfile.BadZipFile):
        array = None
    if not isinstance(array, np.ndarray):
        raise InputError(f"{path}: not a whole .npy file; run `dvc repro --force` on its stage")
    return array


@contextmanager
def _whole_text(path: Path) -> Iterator[None]:
    try:
        yield
    except (UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path}: not a UTF-8 table of cells separated by commas ({brief(error)})") from None


def no_folder(path: Path) -> None:
    """Raise InputError where a folder is in the place of a file to be written, before there is much work done."""
    if path.is_dir():
        raise InputError(f"{path}: there is a folder of this name; move it, or name another file")


def readable(path: Path) -> Path:
    """Return `path` if it is a file; raises InputError where it is not."""
    if not path.is_file():
        raise InputError(f"{path}: there is no such file; `dvc repro` makes it")
    return path


def data_url(content: bytes, kind: str) -> str:
    """Return the address of a picture, of a kind such as png, that holds the picture itself."""
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def rounded(value: Any) -> Any:
    """Return plain values with floats rounded to six decimals, and tuples as lists."""
    if isinstance(value, float):
        return round(float(value), 6)
    if isinstance(value, Mapping):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    return value
