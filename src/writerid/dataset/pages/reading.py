"""The lines of one page, from its layout file or by its ink: the one way in for what works on pages."""

import re
from collections.abc import Collection
from typing import NamedTuple

import numpy as np

from writerid.dataset.pages.choice import Judged, judged
from writerid.dataset.pages.layout import PageLayout
from writerid.dataset.pages.plain import find_lines


class PageLines(NamedTuple):
    """The lines of a page in the order of its file, or from the top down; and why they may be wrong, if anything."""

    lines: list[Judged]
    doubts: tuple[str, ...]


def lines_of(
    grey: np.ndarray, layout: PageLayout | None, tags: Collection[str], pattern: re.Pattern[str] | None
) -> PageLines:
    """Find the lines of a page, uint8 (height, width), dark writing on lighter paper.

    Parameters: its layout, None where it has no layout file; tags and pattern of lines to leave out (see `judged`).
    Without a layout file nothing is known of a line's text and tags.

    Raises UnusableLayout where the layout is of an image of another shape.
    """
    if layout is None:
        found = find_lines(grey)
        return PageLines(judged(found.lines, tags, pattern), found.doubts)
    return PageLines(judged(layout.fitted(grey.shape[1], grey.shape[0]), tags, pattern), ())
