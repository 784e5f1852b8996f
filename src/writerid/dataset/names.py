"""What the name of a line image tells."""

import re
import unicodedata
from pathlib import PurePosixPath
from typing import NamedTuple

_NAME = re.compile(r"(?P<form>.+?)(?:-s(?P<sentence>\d{1,9}))?-(?P<number>\d{1,9})", re.DOTALL)


class Name(NamedTuple):
    """What the name of a line image tells; `sentence` is None for FORM-NN."""

    form: str
    sentence: int | None
    number: int


def parse_name(line: str) -> Name | None:
    """Read the name of a line image, without its ending; None where it follows no known pattern."""
    match = _NAME.fullmatch(line)
    if not match:
        return None
    sentence = match["sentence"]
    return Name(match["form"], int(sentence) if sentence else None, int(match["number"]))


def same_spelling(name: str) -> str:
    """Return a name as names are compared: in one spelling of umlauts (macOS has another), without outer blanks."""
    return unicodedata.normalize("NFC", name).strip()


def writable(name: str) -> str:
    """Return the name of a file as text that can be written as UTF-8, whatever bytes it is called by."""
    return name.encode("utf-8", "backslashreplace").decode("utf-8")


def stem(path: str) -> str:
    """Return the name of a file without folders and ending."""
    return PurePosixPath(path).stem
