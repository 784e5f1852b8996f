"""The lines of an archive's pages, which its ALTO and PAGE XML files or their ink tell."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

from writerid.base.errors import shown
from writerid.dataset.archive import Archive
from writerid.dataset.images import MAX_PIXELS, UnusableImage
from writerid.dataset.ink import dark_on_light
from writerid.dataset.pages.choice import Judged
from writerid.dataset.pages.cutting import Cut, cut_line
from writerid.dataset.pages.layout import PageLayout, UnusableLayout
from writerid.dataset.pages.layout_files import read_layout
from writerid.dataset.pages.pairing import pair
from writerid.dataset.pages.recognition import is_page, may_be_page


class Labels(NamedTuple):
    """What of a page is no handwriting to judge by: tags of lines or regions, and a pattern of their text."""

    tags: Sequence[str]
    text: re.Pattern[str] | None


NO_LABELS = Labels((), None)


class CutLine(NamedTuple):
    """A line of a page: where to cut it out, and its grey values, uint8 (height, width)."""

    cut: Cut
    grey: np.ndarray


class Finder:
    """Finds the lines of pages; it has read all layout files of an archive.

    `unused` are the names of those that belong to no image, or not to one alone.
    """

    def __init__(self, archive: Archive, labels: Labels) -> None:
        self._labels = labels
        self._layouts: dict[str, list[PageLayout] | UnusableLayout] = {}
        for name in archive.xml:
            try:
                layouts = read_layout(archive.read(name))
            except UnusableLayout as error:
                self._layouts[name] = error
            except UnusableImage as error:
                self._layouts[name] = UnusableLayout(error.detail)
            else:
                if layouts is not None:
                    self._layouts[name] = layouts
        first = {name: None if isinstance(one, UnusableLayout) else one[0] for name, one in self._layouts.items()}
        self._layout_of, self.unused = pair(archive.images, first)

    def notes(self) -> list[str]:
        """Say which layout files are not used, if any."""
        if not self.unused:
            return []
        return [
            f"{len(self.unused)} layout files are not used, such as {shown(self.unused[0])}: they belong to no image, "
            "to several equally well, or to one that has another"
        ]

    def has_layout(self, member: str) -> bool:
        """Whether an image file has a layout file."""
        return member in self._layout_of

    def layout(self, member: str, page: int | None) -> PageLayout | None:
        """Return the layout of an image file's page; None where it has no layout file.

        Raises UnusableLayout where it has one that cannot be used.
        """
        name = self._layout_of.get(member)
        if name is None:
            return None
        layouts = self._layouts[name]
        if isinstance(layouts, UnusableLayout):
            raise UnusableLayout(str(layouts))
        if (page or 1) > len(layouts):
            raise UnusableLayout(f"has {len(layouts)} page(s), not page {page}")
        layout = layouts[(page or 1) - 1]
        if not layout.lines:  # a page of no lines would be neither used nor counted as left out
            raise UnusableLayout("tells of no line on this page")
        return layout

    def lines(
        self, member: str, page: int | None, grey: np.ndarray
    ) -> Iterator[CutLine | UnusableImage] | UnusableImage | None:
        """Return the lines of a page, cut out one by one; None where the image has no layout file and is no page.

        UnusableImage stands in place of a line, or of all, that is left out.
        """
        try:
            layout = self.layout(member, page)
            if layout is None and not may_be_page(grey):
                return None
            grey = dark_on_light(grey)
            if layout is None and not is_page(grey):
                return None
            from writerid.dataset.pages.reading import lines_of  # with scipy, see pages.recognition

            found = lines_of(grey, layout, *self._labels)
        except UnusableLayout as error:
            file = shown(self._layout_of[member])
            return UnusableImage("bad_layout", f"{file}: {error}")
        if found.doubts:
            return UnusableImage("page", "; ".join(found.doubts))
        return cut_out(grey, found.lines)


def cut_out(grey: np.ndarray, lines: Sequence[Judged]) -> Iterator[CutLine | UnusableImage]:
    """Cut lines out of a page, uint8 (height, width), dark on light, one by one; those left out are UnusableImage."""
    from writerid.dataset.pages.paper import paper_tone

    paper = paper_tone(grey)
    for line, reason in lines:
        if reason:
            yield UnusableImage("label", f"line {line.name}: {reason}")
            continue
        cut = Cut.of(line)
        width, height = np.ptp(cut.outline, axis=0).tolist()
        if width * height > MAX_PIXELS:
            yield UnusableImage("too_large", f"line {line.name}: {width} x {height} pixels")
        else:
            yield CutLine(cut, cut_line(grey, paper, cut))
