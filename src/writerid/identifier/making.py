"""From a trained network and the crops of all sides to the identifier: what the stage `enrol` makes."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from writerid.base.geometry import FITTING
from writerid.base.parallel import ordered_map
from writerid.base.randomness import Use, stream
from writerid.crops.choice import evenly, evenly_of_each
from writerid.crops.strips import unchanged
from writerid.crops.windows import Packed
from writerid.dataset.archive import Archive
from writerid.dataset.lines import layout_digest
from writerid.dataset.splits import UNSEEN
from writerid.identifier import card, fit
from writerid.identifier.bundle import DRAWN, ENROLLED, TRAINED, Bundle, Preparation, References, Writer
from writerid.identifier.fit import Lines
from writerid.identifier.hands import Hand, see, size
from writerid.identifier.network import Network
from writerid.identifier.pictures import packed as pictures_of
from writerid.identifier.scans import ScannedLine
from writerid.identifier.traits import NEAREST_LINE, TRAITS, seen, traits
from writerid.scores import ratio_fitting, verification
from writerid.scores.embedding import halves, unit
from writerid.scores.likelihood_ratio import plain

SIZED = 3  # lines of a form whose writing is measured
HARDEST = 0.25  # share of drawn strangers' documents, the most alike, that set the odds: people's hands are closer
RESAMPLES = 200  # of writers, for the interval of the likelihood ratio
MOST_LINES = 32  # reference lines of a writer, evenly chosen; more would take room and change little


@dataclass(frozen=True)
class Origin:
    """What an identifier is made from: the dataset's name, whether a program drew it, whether the network inverts
    crops, the label tag and text of layout files, whether pictures are kept, and digests, parameters and versions."""

    dataset: str
    drawn: bool
    invert: bool
    labels: tuple[str, str]
    pictures: bool
    made: Mapping[str, Any]


class Seen(NamedTuple):
    """Lines as the identifier sees them: their vectors, their traits, float64 (lines, traits), and their strips."""

    lines: Lines
    traits: np.ndarray
    strips: list[np.ndarray]


def make(content: bytes, packed: Packed, archive: Archive, origin: Origin, seed: int) -> Bundle:
    """Make an identifier.

    Parameters: the network as ONNX; the crops of all four sides, and the archive that they were cut from; what it is
    made from; the seed. Raises InputError where the archive no longer is what map_writers read.
    """
    how = preparation(packed, origin)
    network = Network(content, "the exported network", (how.height, how.width))
    looked_at = {side: _seen(packed, side, archive, how, network) for side in ("train", "validation", "test", UNSEEN)}
    sides = {side: seen.lines for side, seen in looked_at.items()}
    own, unseen = sides["train"], sides[UNSEEN] if len(sides[UNSEEN].form) else None
    references = own.grouped(own.writer)
    calibration = {TRAINED: fit.trained(sides["validation"], unseen, references.vectors, references.writer)}
    if enrolled := fit.enrolled(unseen, stream(seed, Use.ENROLMENT, 0), HARDEST if origin.drawn else 1.0):
        calibration[ENROLLED] = enrolled
    comparison = _comparison(unseen, _population(origin, unseen), seed) if unseen else {}
    judged = [side.documents() for side in (sides["test"], unseen) if side is not None]
    figures = {
        level: fit.errors(
            [fit.asked(each[level], references.vectors, references.writer) for each in judged],
            calibration[TRAINED],
        )
        for level in ("line", "form")
    }
    kind = DRAWN if origin.drawn else TRAINED
    writers = tuple(Writer(name, kind) for name in references.writer.tolist())
    documents, document = np.unique(own.form, return_inverse=True)
    made = {**origin.made, "dataset": origin.dataset, "pictures": origin.pictures, "group_by": packed.group_by}
    pictures, ends = pictures_of(looked_at["train"].strips if origin.pictures else [])
    return Bundle(
        content,
        how,
        writers,
        tuple(documents.tolist()),
        References(
            own.vectors.astype(np.float32),
            own.crops.astype(np.int32),
            np.searchsorted(references.writer, own.writer).astype(np.int32),
            document.astype(np.int32),
            pictures,
            ends,
        ),
        calibration,
        comparison,
        _known(looked_at.values(), own, judged),
        made,
        card.text(origin, how, packed.group_by, calibration, comparison, figures, len(writers), len(own.form)),
    )


def preparation(packed: Packed, origin: Origin) -> Preparation:
    """Return how lines were prepared for the crops: what people's scans must be put through as well."""
    own, height = packed.origin, packed.strips.shape[1]
    heights = np.array(packed.lines["height"]) * np.array(packed.lines["scale"])
    largest = float(np.quantile(heights, FITTING, method="higher")) if own["fit"] == "dataset" else 0.0
    size = _size(packed, height / largest) if largest else 0.0
    return Preparation(
        height, packed.width, own["stride"], own["tone"], own["fit"], largest, origin.invert, size, origin.labels
    )


def _size(packed: Packed, scale: float) -> float:
    """The usual size of writing of the forms of all sides, in pixels of a scan, by SIZED lines of each; 0: unsure."""
    form = np.unique(packed.lines["form"], return_inverse=True)[1]

    def of_form(place: int) -> float | None:
        rows = np.flatnonzero(form == place)
        some = rows[evenly(len(rows), SIZED)]
        return size([packed.strips[packed.ends[row] : packed.ends[row + 1]].T for row in some])

    sizes = [found for found in ordered_map(of_form, range(form.max() + 1), "enrol, sizes", " forms") if found]
    return float(np.median(sizes)) / scale if sizes else 0.0


def _rows(packed: Packed, side: str) -> np.ndarray:
    """Rows of lines.csv of a side; of the train side up to MOST_LINES of each writer."""
    rows = np.unique(packed.tables[side]["line"])
    if side != "train":
        return rows
    return rows[evenly_of_each(np.array([packed.lines["writer"][row] for row in rows]), MOST_LINES)]


def _seen(packed: Packed, side: str, archive: Archive, how: Preparation, network: Network) -> Seen:
    """See the lines of a side as `Identifier.see` does those of scans: each form is a document, of one size."""
    rows, layouts = _rows(packed, side), layout_digest(archive)
    form, writer = (np.array([packed.lines[name][row] for row in rows], str) for name in ("form", "writer"))

    def of_form(name: str) -> list[Hand]:
        own = rows[form == name]
        return see([ScannedLine("", unchanged(archive, packed.lines, row, layouts)) for row in own], how, network)

    names = np.unique(form).tolist()
    hands: list[Any] = [None] * len(rows)
    for name, own in zip(names, ordered_map(of_form, names, f"enrol, {side}", " forms"), strict=True):
        for place, hand in zip(np.flatnonzero(form == name), own, strict=True):
            hands[place] = hand
    vectors = np.array([hand.vector for hand in hands]).reshape(-1, network.dimensions)
    crops = np.array([len(hand.crops) for hand in hands], int)
    measured = np.array([traits(hand.strip) for hand in hands]).reshape(-1, len(TRAITS))
    return Seen(Lines(vectors, crops, form, writer), measured, [hand.strip for hand in hands])


def _comparison(unseen: Lines, population: str, seed: int) -> dict[str, Any]:
    """Fit the likelihood ratio for lines, halves of forms and forms by unseen writers, where there are enough."""
    half = halves(np.unique(unseen.form, return_inverse=True)[1])
    levels = {**unseen.documents(), "half": unseen.grouped(half)}
    found = {}
    for place, (level, documents) in enumerate(levels.items()):
        form, writer = (np.unique(names, return_inverse=True)[1] for names in (documents.form, documents.writer))
        pairs = verification.pairs(documents.vectors, writer, form)
        lines = float(documents.crops.mean())
        words = f"{population}; {'each a single line' if level == 'line' else f'each of about {lines:.0f} lines'}"
        calibrator = ratio_fitting.fit(pairs, words, RESAMPLES, stream(seed, Use.INTERVALS, 20 + place))
        if calibrator:
            found[level] = {**plain(calibrator), "lines": lines}
    return found if "line" in found else {}


def _population(origin: Origin, unseen: Lines) -> str:
    writers = len(set(unseen.writer.tolist()))
    whose = f"in {writers} hands that a program drew and" if origin.drawn else f"by {writers} people on whose hands"
    return f"documents {whose} the network was not trained on ({origin.dataset})"


def _known(
    sides: Collection[Seen], own: Lines, judged: Sequence[dict[str, Lines]]
) -> dict[str, dict[str, tuple[float, float]]]:
    """The range of each trait of the lines and of the forms of all sides, and of the likeness to the nearest line."""
    lines = np.concatenate([side.traits for side in sides])
    form = np.unique(np.concatenate([side.lines.form for side in sides]), return_inverse=True)[1]
    forms = np.array([np.nanmedian(lines[form == place], axis=0) for place in range(form.max() + 1)])
    known = {"line": seen(lines), "form": seen(forms)}
    references = unit(own.vectors)
    for level, ranges in known.items():
        vectors = np.concatenate([documents[level].vectors for documents in judged])
        ranges[NEAREST_LINE] = (float(np.quantile((vectors @ references.T).max(axis=1), 0.01)), 1.0)
    return known
