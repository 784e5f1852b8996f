"""Strangers: are lines and pages by one person found among those of people whom no training has seen?

    python -m benchmarks.strangers ARCHIVE [--model models/model.keras] [--text PATTERN] [--writer PATTERN] [--graph]

ARCHIVE is a zip archive, or a folder, of page images with layout files (ALTO or PAGE XML); on a page without one, lines
are found by their ink. A page's writer is what the first group of --writer matches of its file's name without the
ending, or the whole name where nothing matches; by default a last number after another one is the page's: `anna_12_1`
and `anna_12_2` are two pages by `anna_12`. Lines whose text has what --text matches take no part: labels, say, that
tell the page.

Printed are, for lines against the lines of all other pages, mean average precision (mAP) with a 95 % interval over
writers, top-1, and equal error rate over all pairs; for every two lines that follow one another, and for pages, mAP.
Each document by somebody with another page is a query; all documents of other pages are its gallery. The rows: the
model's network with random weights; contours (see writerid.contours.hinge), which are trained on nothing; the model;
and both. Lines are as alike as they are on average by the kinds of contour features; for both, the network is one kind
more. The model's embedding was fitted on its training writers. What is trained on nothing is whitened by the archive's
lines, whose writers are not told, nor which lines share a page: an embedding that is fitted on that brings each line
close to its page's mean, so that it is no longer one line that asks. Lines are cleaned as for training, and scaled and
toned as params.yaml has it (crop.fit, crop.tone).

With --graph two more rows search through a graph of the gallery (see similarity_graph): one line asks, as before, but
what it asks is known as a whole, so that lines of one page, and of one hand, stand for each other.
"""

import argparse
import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import keras
import numpy as np

from benchmarks import similarity_graph, tables
from stages.runner import run
from tools.pages import pages_of
from writerid.base.backend import use
from writerid.base.errors import InputError
from writerid.base.geometry import line_scales
from writerid.base.parallel import ordered_map
from writerid.base.params import load
from writerid.base.patterns import text_pattern
from writerid.base.schema import Params
from writerid.contours.hinge import KINDS, features, scales
from writerid.crops.strips import strip_of
from writerid.dataset.pages.cutting import Cut, cut_line
from writerid.dataset.pages.layout import PageLayout, UnusableLayout
from writerid.dataset.pages.paper import paper_tone
from writerid.dataset.pages.reading import lines_of
from writerid.scores import retrieval, verification
from writerid.scores.embedding import Embedding, fit_unlabelled, means, side_by_side

LEAST_SIDE = 8  # pixels; what is lower or narrower is no line
WRITER = r"(.+\d)_\d+"
TOGETHER = 2  # lines that make one document, between a line and a page


class Lines(NamedTuple):
    """Lines of pages: grey values, uint8 (height, width) each, and the page and the writer of each."""

    greys: list[np.ndarray]
    pages: np.ndarray
    writers: np.ndarray


class Pieces(NamedTuple):
    """Vectors of pieces of lines, float (pieces, features), the line of each, and how documents are embedded."""

    vectors: np.ndarray
    line: np.ndarray
    embedding: Embedding


def read(path: Path, text: re.Pattern[str] | None, writer: re.Pattern[str]) -> Lines:
    """Read the lines of an archive of pages, in the order of their pages.

    Raises InputError where the archive cannot be read, there are no two people, or nobody wrote two pages with
    a line.
    """
    greys, pages = [], []
    for name, page, layout in pages_of(path):
        if isinstance(page, str) or isinstance(layout, str):
            print(f"{name!r}: left out: {page if isinstance(page, str) else layout}")
            continue
        for grey in _lines(name, page, layout, text):
            greys.append(grey)
            pages.append(name)
    writers = [found[1] if (found := writer.fullmatch(PurePosixPath(page).stem)) else page for page in pages]
    of_page = dict(zip(pages, writers, strict=True))
    people = set(of_page.values())
    if len(people) < 2:
        raise InputError(f"{path}: its {len(of_page)} pages with lines are by fewer than two people; set --writer")
    if len(people) == len(of_page):
        raise InputError(f"{path}: nobody has two of its {len(of_page)} pages with lines; set --writer to tell who has")
    return Lines(greys, np.unique(pages, return_inverse=True)[1], np.unique(writers, return_inverse=True)[1])


def _lines(name: str, page: np.ndarray, layout: PageLayout | None, text: re.Pattern[str] | None) -> list[np.ndarray]:
    try:
        found = [line for line, reason in lines_of(page, layout, (), text).lines if reason is None]
    except UnusableLayout as unusable:
        print(f"{name!r}: left out: {unusable}")
        return []
    paper = paper_tone(page)
    cut = [cut_line(page, paper, Cut.of(line)) for line in found]
    return [grey for grey in cut if min(grey.shape) >= LEAST_SIDE]


def by_contours(lines: Lines) -> list[Pieces]:
    """Features of contours, each kind by itself (see hinge.KINDS); a line is one piece."""
    by = scales(np.array([grey.shape[::-1] for grey in lines.greys]))
    items = range(len(lines.greys))
    vectors = np.array(list(ordered_map(lambda row: features(lines.greys[row], by[row]), items, "contours", " lines")))
    kinds = np.split(vectors, np.cumsum(KINDS)[:-1], axis=1)
    return [Pieces(kind, np.arange(len(kind)), fit_unlabelled(kind)) for kind in kinds]


def by_network(model: keras.Model, lines: Lines, fit: str, tone: str, embedding: Embedding | None) -> Pieces:
    """What enters the last layer of a network, of crops side by side; without an embedding, lines are whitened."""
    from writerid.network import embedding as networks

    height, width = model.input_shape[1:]
    by = line_scales(np.array([grey.shape[::-1] for grey in lines.greys]), height, fit)
    items = range(len(lines.greys))
    strips = list(
        ordered_map(lambda row: strip_of(lines.greys[row], by[row], tone, height, width), items, "strips", " lines")
    )
    ends = np.concatenate([[0], np.cumsum([len(strip) for strip in strips])])
    crops = networks.even_crops(ends, np.arange(len(strips)), width)
    vectors = networks.features(model, np.concatenate(strips), crops, "network")
    return Pieces(vectors, crops["line"], embedding or fit_unlabelled(means(vectors, crops["line"])))


def row(kinds: list[Pieces], lines: Lines, graph: bool = False) -> tables.Row:
    """Return the figures of a row; of several kinds, documents are as alike as they are by each of them on average.

    They are searched for as they are, or through a graph (see similarity_graph).
    """
    _, number = np.unique(lines.pages, return_inverse=True)
    place = np.arange(len(number)) - np.searchsorted(number, number)  # lines stand in the order of their pages
    documents = {
        "line": np.arange(len(number)),
        "two": np.unique(np.column_stack([number, place // TOGETHER]), axis=0, return_inverse=True)[1].ravel(),
        "page": number,
    }
    precision = {}
    for level, group in documents.items():
        vectors = side_by_side(*(kind.embedding.embed(means(kind.vectors, group[kind.line])) for kind in kinds))
        _, first, size = np.unique(group, return_index=True, return_counts=True)
        whole = size == TOGETHER if level == "two" else size > 0  # the odd last line of a page is no pair
        vectors, writers, pages = vectors[whole], lines.writers[first[whole]], number[first[whole]]
        if graph:
            found, errors = similarity_graph.search(similarity_graph.across(vectors, pages), writers)
        else:
            found = retrieval.search(vectors, writers, pages)
        precision[level] = found.average_precision.mean() if len(found.document) else np.nan
        if level == "line":
            scores = retrieval.summary(found, writers)
            pairs = verification.pairs(vectors, writers, pages)
            rank = np.unique(pairs.score, return_inverse=True)[1]
            rate = errors if graph else verification.eer(verification.weigh(rank, pairs.same))
    own = {"top1": scores["top1"], "eer": rate, "two_lines_map": precision["two"], "pages_map": precision["page"]}
    interval = tables.bounded("map", (scores[f"map{end}"] for end in tables.BOUNDED), places=3)
    return interval | {name: f"{value:.3f}" for name, value in own.items()}


def compared(
    network: keras.Model, embedding: Embedding, lines: Lines, params: Params, graph: bool = False
) -> Iterator[tables.Row]:
    """Yield the rows of the table for one way in which lines look; with `graph`, some also through a graph."""
    contours, fit, tone = by_contours(lines), params.crop.fit, params.crop.tone
    random = by_network(keras.models.clone_model(network), lines, fit, tone, None)
    trained = by_network(network, lines, fit, tone, embedding)
    rows = {"random weights": [random], "contours": contours, "network": [trained], "both": [*contours, trained]}
    for name, kinds in rows.items():
        yield {"what": name, **row(kinds, lines)}
    for name in ("contours", "both") if graph else ():
        yield {"what": f"{name}, graph", **row(rows[name], lines, graph=True)}


def begin(archive: Path, model: Path, text: str, writer: str) -> tuple[keras.Model, Embedding, Lines, Params]:
    """Read the model and the lines that the options name, and say how many lines there are."""
    params = load()
    use(params.backend)
    from writerid.network import devices, models

    devices.prepare(params.seed)
    network, _ = models.load(model)
    embedding = models.load_embedding(model)
    names = text_pattern(writer, "--writer")
    if names is None or names.groups < 1:
        raise InputError(f"--writer: {writer!r} has no group, such as (.+), that matches the writer")
    lines = read(archive, text_pattern(text, "--text"), names)
    people, pages = len(np.unique(lines.writers)), len(np.unique(lines.pages))
    print(f"{len(lines.greys)} lines on {pages} pages by {people} people", flush=True)
    return network, embedding, lines, params


def main(archive: Path, model: Path, text: str, writer: str, graph: bool, csv: Path | None) -> None:
    """Print the table."""
    tables.show(compared(*begin(archive, model, text, writer), graph), csv)


def options(description: str | None) -> argparse.ArgumentParser:
    """The options of this benchmark, and of paper_and_pen."""
    parser = tables.parser(description)
    parser.add_argument("archive", type=Path, metavar="ARCHIVE", help="a zip archive, or a folder, of pages")
    parser.add_argument("--model", type=Path, default=Path("models/model.keras"), help="models/model.keras")
    parser.add_argument("--text", default="", metavar="PATTERN", help="leave out lines whose text has this pattern")
    parser.add_argument("--writer", default=WRITER, metavar="PATTERN", help=f"of a page's name ({WRITER})")
    return parser


if __name__ == "__main__":
    parser = options(__doc__)
    parser.add_argument("--graph", action="store_true", help="also search through a graph of each page's gallery")
    run(main, parser, alone=False)
