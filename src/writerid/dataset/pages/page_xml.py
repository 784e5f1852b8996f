"""PAGE XML of any year: pages and lines."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import numpy as np

from writerid.dataset.pages.layout import LineRegion, PageLayout, points
from writerid.dataset.pages.xml_tree import child, lines_within, local, number

_TYPE = re.compile(r"\btype\s*:\s*([^;{}]+)")  # in custom="structure {type:heading;}"


def pages(root: Element) -> Iterator[PageLayout]:
    """The page of a PAGE XML file; lines are as the file has them, in its own pixels."""
    for page in (one for one in root if local(one) == "Page"):
        lines = tuple(
            _line(line, around, f"line-{count}") for count, (line, around) in enumerate(lines_within(page), start=1)
        )
        yield PageLayout(page.get("imageFilename", ""), number(page, "imageWidth"), number(page, "imageHeight"), lines)


def _line(line: Element, around: tuple[Element, ...], name: str) -> LineRegion:
    outline, baseline = _points(line, "Coords"), _points(line, "Baseline")
    tags: list[str] = []
    for one in (line, *reversed(around)):
        tags += [tag.strip() for tag in (one.get("type", ""), one.get("production", "")) if tag.strip()]
        tags += [tag.strip() for tag in _TYPE.findall(one.get("custom", ""))]
    # Both angles say by how much to turn clockwise so that the writing is upright.
    turns = [number(one, "orientation") + number(one, "readingOrientation") for one in reversed(around)]
    turn = next((turn for turn in turns if turn), 0.0)
    return LineRegion(
        line.get("id") or name,
        outline if outline is not None and len(outline) > 2 else None,
        baseline if baseline is not None and len(baseline) > 1 else None,
        _text(line),
        tuple(dict.fromkeys(tags)),
        -turn,
    )


def _points(line: Element, name: str) -> np.ndarray | None:
    element = child(line, name)
    if element is None:
        return None
    if element.get("points"):
        return points(element.get("points"))
    return points(" ".join(f"{one.get('x')},{one.get('y')}" for one in element if local(one) == "Point"))  # to 2010


def _text(line: Element) -> str:
    """The line's own text, or else that of its words."""
    return _own_text(line) or " ".join(filter(None, (_own_text(one) for one in line if local(one) == "Word")))


def _own_text(element: Element) -> str:
    """The text of a line or a word, of several the one that its file puts first."""
    readings = [one for one in element if local(one) == "TextEquiv"]
    readings.sort(key=lambda one: number(one, "index"))
    for reading in readings:
        unicode = child(reading, "Unicode", "PlainText")
        if unicode is not None and unicode.text:
            return " ".join(unicode.text.split())
    return ""
