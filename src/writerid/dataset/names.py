"""What the name of a line image tells."""

import re
from typing import NamedTuple

_NAME = re.compile(r"(?P<form>.+?)(?:-s(?P<sentence>\d{1,9}))?-(?P<number>\d{1,9})")


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
