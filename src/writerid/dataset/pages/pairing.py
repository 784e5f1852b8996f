"""Which layout file belongs to which image."""

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath, PureWindowsPath
from typing import NamedTuple

from writerid.dataset.pages.layout import PageLayout


class Pairs(NamedTuple):
    """The layout file of each image that has one; and the layout files that belong to no image, or not to one alone."""

    layout_of: dict[str, str]
    unused: list[str]


def pair(images: Sequence[str], layouts: Mapping[str, PageLayout | None]) -> Pairs:
    """Bring images and layout files together by their paths.

    `layouts` holds the paths of layout files and the first page of each, None where it cannot be used. A file belongs
    to the image that is called like it (`12.jpg`: `12.xml` or `12.jpg.xml`), or else to the one that it names, maybe by
    a path on another machine; of several to the one in the nearest folder. Of several files of one image that in the
    nearest folder counts, which shares the most folders with it; of equally near ones a PAGE XML before an ALTO
    (`page/12.xml`, `12.xml`), and one that cannot be used last.
    """
    by_stem: dict[str, list[str]] = defaultdict(list)
    by_name: dict[str, list[str]] = defaultdict(list)
    for image in images:
        by_stem[_plain(PurePosixPath(image).stem)].append(image)
        by_name[_plain(PurePosixPath(image).name)].append(image)
    files_of: dict[str, list[str]] = defaultdict(list)
    unused = []
    for path, layout in sorted(layouts.items()):
        stem = _plain(PurePosixPath(path).stem)
        inside = _plain(PureWindowsPath(layout.image if layout else "").name)  # splits at both kinds of slash
        candidates = by_name.get(stem) or by_stem.get(stem) or by_name.get(inside, [])
        near = [(_shared(path, image), image) for image in candidates]
        nearest = [image for shared, image in near if shared == max(near)[0]]
        if len(nearest) == 1:
            files_of[nearest[0]].append(path)
        else:
            unused.append(path)
    chosen = {
        image: min(paths, key=lambda path: (-_shared(path, image), _rank(layouts[path]), path))
        for image, paths in files_of.items()
    }
    unused += [path for image, paths in files_of.items() for path in paths if path != chosen[image]]
    return Pairs(chosen, sorted(unused))


def _rank(layout: PageLayout | None) -> int:
    """Which of two layout files of an image counts, as far as their kinds say: the one of the lower rank."""
    return 2 if layout is None else int(layout.alto)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold()


def _shared(one: str, other: str) -> int:
    """How many folders two paths have in common, from the outermost on."""
    shared = 0
    for mine, its in zip(PurePosixPath(one).parent.parts, PurePosixPath(other).parent.parts, strict=False):
        if mine != its:
            break
        shared += 1
    return shared
