"""Which lines of a page are writing to judge by: not labels, and not what is printed."""

import re
from collections.abc import Collection, Iterable
from typing import NamedTuple

from writerid.dataset.pages.layout import LineRegion


class Judged(NamedTuple):
    """A line, and why it is left out; None where it is not."""

    line: LineRegion
    reason: str | None


def judged(lines: Iterable[LineRegion], tags: Collection[str], pattern: re.Pattern[str] | None) -> list[Judged]:
    """Say of each line whether it takes part.

    Parameters: tags, in any case, of lines to leave out, or of regions whose lines to leave out; and a pattern of
    their text.
    """
    lowered = {tag.casefold() for tag in tags}
    return [Judged(line, _reason(line, lowered, pattern)) for line in lines]


def _reason(line: LineRegion, tags: set[str], pattern: re.Pattern[str] | None) -> str | None:
    if line.outline is None:
        return "it has no outline on the page"
    for tag in line.tags:
        if tag.casefold() in tags:
            return f"tagged {tag}"
    if pattern and (match := pattern.search(line.text)):
        return f"its text has {match.group()!r}"
    return None
