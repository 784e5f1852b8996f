"""The identifier: who wrote a document, are two by one writer, and whom it knows."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np

from writerid.base.errors import InputError, of_system, shown
from writerid.base.patterns import text_pattern
from writerid.dataset.names import same_spelling, writable
from writerid.dataset.page_lines import Labels
from writerid.identifier import bundle as bundles
from writerid.identifier import comparing
from writerid.identifier.answers import Answer, Candidate, Comparison, LineAnswer, Neighbour
from writerid.identifier.bundle import DRAWN, ENROLLED, SETTINGS, TRAINED, Bundle, References, Writer
from writerid.identifier.decide import NONE_FROM, Calibration, decide, largest
from writerid.identifier.hands import Hand, all_among, measured, see, together
from writerid.identifier.network import Network
from writerid.identifier.pictures import packed
from writerid.identifier.scans import Scan, ScannedLine, read
from writerid.identifier.traits import NEAREST_LINE, unlike
from writerid.identifier.turned import upside_down
from writerid.scores.embedding import means, unit

NEAREST = 3  # reference lines that are named for each line
MOST_NAMED = 100  # candidates that are named, the most probable ones
LONGEST_NAME = 100  # characters of a writer's name
ENLARGED = 1.5  # times; hands on scans of one resolution differ by up to as much
COARSE = (
    "the scan is coarser than what it was tried on: its writing had to be enlarged {:.1f} times, and answers are the "
    "weaker for it; scan at 300 dots an inch if you can"
)

MANY = (
    "{:,} people are known, too many to name anybody, however alike the hands are, as it was measured on few; look at "
    "the ranking"
)


class Identifier:
    """Says who wrote a scan. It is never changed: `enrol` and `forget` return another one."""

    def __init__(self, bundle: Bundle, source: str = "") -> None:
        self._bundle, self._source = bundle, source
        how = bundle.preparation
        self._labels = Labels([how.labels[0]] if how.labels[0] else [], text_pattern(how.labels[1], SETTINGS))

    @classmethod
    def load(cls, folder: str | Path) -> "Identifier":
        """Load an identifier from its folder; raises InputError where there is none that is whole."""
        return cls(bundles.read(Path(folder)), str(folder))

    def save(self, folder: str | Path) -> None:
        """Write it to a folder, which is made where it is missing.

        Raises InputError where the folder holds files, but no identifier.
        """
        bundles.claim(Path(folder))
        bundles.write(self._bundle, Path(folder))

    @property
    def writers(self) -> tuple[Writer, ...]:
        """The writers that it knows, and how it came to know them."""
        return self._bundle.writers

    @property
    def lines(self) -> dict[str, int]:
        """How many reference lines there are by each writer."""
        counts = np.bincount(self._bundle.references.writer, minlength=len(self.writers)).tolist()
        return {writer.name: count for writer, count in zip(self.writers, counts, strict=True)}

    @property
    def bundle(self) -> Bundle:
        """All that it is."""
        return self._bundle

    def read(self, *scans: str | Path) -> list[Scan]:
        """Read scans: images, pages, PDF files, folders and archives; raises InputError where there is none.

        Of pages only the lines are kept.
        """
        return [replace(scan, grey=None) for path in scans for scan in read(Path(path), self._labels)]

    def identify(self, *scans: str | Path) -> Answer:
        """Say who wrote the scans, taken together as one document.

        Raises InputError where a scan is not there or nothing in it is an image. What cannot be judged for another
        reason is an Answer with its problem.
        """
        return self.judge(", ".join(writable(Path(path).name) for path in scans), self.read(*scans))

    def identify_each(self, *scans: str | Path) -> Iterator[Answer]:
        """Say who wrote each image or page of the scans; a file or folder that is none is an Answer with its problem.

        Raises InputError where a path is not there.
        """
        for path in map(Path, scans):
            for scan in self._read_or_told(path):
                yield self.judge(scan.name, [scan])

    def _read_or_told(self, path: Path) -> Iterator[Scan]:
        """Read scans; where they cannot be read, say why, so that those after them are read all the same."""
        try:
            yield from read(path, self._labels)
        except (InputError, OSError) as error:
            if not path.exists():
                raise
            why = of_system(error) if isinstance(error, OSError) else str(error).removeprefix(f"{path}: ")
            yield Scan(writable(path.name or str(path)), (0, 0), (), why)

    def judge(self, name: str, scans: Sequence[Scan]) -> Answer:
        """Say who wrote some scans that were read, taken together as one document of this name."""
        return self.judge_hands(name, scans, self.see(scans))

    def judge_hands(self, name: str, scans: Sequence[Scan], hands: Sequence[Hand]) -> Answer:
        """Say who wrote some scans, of whose usable lines `see` has told the hands."""
        lines = [line for scan in scans for line in scan.lines]
        of_line = {id(hand.line): hand for hand in hands}
        answers = tuple(self._line(line, of_line.get(id(line))) for line in lines)
        problems = [
            f"{shown(scan.name)}: {scan.problem}" if len(scans) > 1 else scan.problem for scan in scans if scan.problem
        ]
        if not hands:
            problems = problems or [line.problem for line in lines[:1]]
            return Answer(name, None, 0.0, (), 1.0, answers, (), "; ".join(problems) or "no line was found on it")
        warnings, far = self.unlike(hands)
        if far:
            problem = "; ".join(warnings)
            refused = tuple(LineAnswer(line.name, line.problem or problem, line.outline) for line in lines)
            return Answer(name, None, 0.0, (), 1.0, refused, (), problem)
        candidates, none = self._decided(together(hands), len(hands))
        named = candidates[0] if candidates and none < NONE_FROM else None
        warnings += problems
        if self._calibration.too_many(len(self.candidates)):
            warnings.append(MANY.format(len(self.candidates)))
        if not self._calibration.strangers:
            warnings.append(
                "it was made without unseen writers, so it cannot tell that somebody is none of its writers"
            )
        elif any(writer.kind == DRAWN for writer in self.writers):
            warnings.append(
                "its sureness was measured on hands drawn by a program: expect more mistakes on people's hands"
            )
        return Answer(
            name,
            named.writer if named else None,
            named.probability if named else none,
            tuple(candidates),
            none,
            answers,
            tuple(warnings),
        )

    def compare(self, one: str | Path, other: str | Path) -> Comparison:
        """Say whether one person wrote both, each a scan or a folder of scans; raises InputError as `identify`."""
        names = [writable(Path(path).name) for path in (one, other)]
        return self.compare_scans(names[0], self.read(one), names[1], self.read(other))

    def compare_scans(self, name: str, scans: Sequence[Scan], other_name: str, others: Sequence[Scan]) -> Comparison:
        """Say whether one person wrote both documents, each some scans that were read."""
        hands = [self.see(own) for own in (scans, others)]
        return comparing.compare(self, (name, other_name), (scans, others), hands)

    def see(self, scans: Sequence[Scan]) -> list[Hand]:
        """Return the usable lines of scans as the network sees them; scans may differ in their resolution."""
        return [hand for scan in scans for hand in see(scan.lines, self._bundle.preparation, self._network)]

    def unlike(self, hands: Sequence[Hand]) -> tuple[list[str], bool]:
        """Say in what a document is unlike all that the identifier was tried on; and whether too much to be judged."""
        known = self._bundle.known["line" if len(hands) == 1 else "form"]
        warnings, far = unlike(measured(hands), known)
        by = max(hand.by for hand in hands)
        if by > ENLARGED:
            warnings.append(COARSE.format(by))
        if upside_down([hand.line.grey for hand in hands]):
            warnings.append(
                "the writing seems to stand upside down; if so, turn the scan round: as it is, answers are worth little"
            )
        of_trained = [row for row, writer in enumerate(self.writers) if writer.kind != ENROLLED]
        tried = np.isin(self._bundle.references.writer, of_trained)
        if tried.any() and self._alike(together(hands))[tried].max() < known[NEAREST_LINE][0]:
            warnings.append("the hand is unlike all that it was tried on")
        return warnings, far

    def enrol(self, name: str, scans: Sequence[Scan]) -> "Identifier":
        """Return an identifier that also knows the writer of the scans, or more lines by one who was enrolled.

        Raises InputError where no line can be used, all lines of a scan are known already or are in one before it, the
        name is none, or it is of a writer who was trained on.
        """
        return self.enrol_and_note(name, scans)[0]

    def enrol_and_note(self, name: str, scans: Sequence[Scan]) -> tuple["Identifier", list[str]]:
        """Enrol as `enrol` does; and say in what each scan is unlike all that the identifier was tried on."""
        name = same_spelling(name)
        if not name or not name.isprintable() or len(name) > LONGEST_NAME or name.casefold().startswith("none of the"):
            raise InputError(
                f"{name[:LONGEST_NAME]!r} is no name for a writer; take another, of 1 to {LONGEST_NAME} letters"
            )
        kind = next((writer.kind for writer in self.writers if writer.name == name), ENROLLED)
        if kind != ENROLLED:
            raise InputError(f"{shown(name)}: a writer of this name was trained on; take another name, or forget it")
        read_scans = [scan for scan in scans if any(not line.problem for line in scan.lines)]
        if not read_scans:
            problem = next((problem for scan in scans for problem in scan.problems), "there is none")
            raise InputError(f"{shown(name)}: no line of these scans can be used: {problem}")
        hands = [self.see([scan]) for scan in read_scans]
        every = [hand for own in hands for hand in own]
        warnings, far = self.unlike(every)
        if far:
            raise InputError(f"{shown(name)}: these scans cannot be used: {'; '.join(warnings)}")
        document = np.repeat(np.arange(len(hands), dtype=np.int32), [len(own) for own in hands])
        pictures, ends = packed([hand.strip for hand in every] if self._bundle.made.get("pictures") else [])
        added = References(
            np.array([hand.vector for hand in every], np.float32),
            np.array([len(hand.crops) for hand in every], np.int32),
            np.zeros(len(every), np.int32),
            document,
            pictures,
            ends,
        )
        notes = []
        for number, (scan, own) in enumerate(zip(read_scans, hands, strict=True)):
            if (row := all_among(self._bundle.references.vectors, own)) is not None:
                whose = self.writers[self._bundle.references.writer[row]].name
                raise InputError(
                    f"{shown(scan.name)}: all of its lines are known already, as by {shown(whose)}; take another scan"
                    f"{'' if whose == name else f', or forget {shown(whose)} first'}"
                )
            if (row := all_among(added.vectors[document < number], own)) is not None:
                before = shown(read_scans[document[row]].name)
                raise InputError(f"{shown(scan.name)}: all of its lines are also in {before}; leave one of both out")
            notes += [f"{shown(scan.name)}: {said}" for said in self.unlike(own)[0]]
        names = [scan.name for scan in read_scans]
        return Identifier(bundles.enrolled(self._bundle, name, names, added), self._source), notes

    def forget(self, name: str) -> "Identifier":
        """Return an identifier without a writer; raises InputError where it knows nobody of this name."""
        name = same_spelling(name)
        if name not in [writer.name for writer in self.writers]:
            raise InputError(f"{name[:LONGEST_NAME]!r}: no writer of this name is known")
        return Identifier(bundles.forgotten(self._bundle, name), self._source)

    @cached_property
    def _network(self) -> Network:
        how = self._bundle.preparation
        network = Network(self._bundle.network, f"{self._source}/{bundles.NETWORK}", (how.height, how.width))
        if network.dimensions != self._bundle.references.vectors.shape[1]:
            raise InputError(f"{self._source}: its references are not of its network; get a fresh copy")
        return network

    @cached_property
    def candidates(self) -> list[int]:
        """Places of the writers who may be named; those drawn by a program no more once people are enrolled."""
        kinds = [writer.kind for writer in self.writers]
        there = set(self._bundle.references.writer.tolist())
        return [row for row, kind in enumerate(kinds) if row in there and (kind != DRAWN or ENROLLED not in kinds)]

    @cached_property
    def _calibration(self) -> Calibration:
        known = any(self.writers[row].kind == ENROLLED for row in self.candidates)
        return self._bundle.calibration.get(ENROLLED if known else TRAINED, self._bundle.calibration[TRAINED])

    @cached_property
    def _mine(self) -> np.ndarray:
        """Rows of the reference lines by candidates."""
        return np.flatnonzero(np.isin(self._bundle.references.writer, self.candidates))

    @cached_property
    def references(self) -> np.ndarray:
        """The vector of each candidate, of length 1, float64 (candidates, dimensions)."""
        own = self._bundle.references
        if not self.candidates:
            return np.empty((0, own.vectors.shape[1]))
        place = np.searchsorted(self.candidates, own.writer[self._mine])
        return unit(means(own.vectors[self._mine] * own.crops[self._mine, None].astype(np.float32), place))

    @cached_property
    def _lengths(self) -> np.ndarray:
        """The length of the vector of each reference line, float32 (lines,); 1 where it is 0."""
        lengths = np.linalg.norm(self._bundle.references.vectors, axis=1)
        return np.where(lengths > 0, lengths, 1)

    def _alike(self, vector: np.ndarray) -> np.ndarray:
        """How alike each reference line is to a vector of length 1: cosines, float32 (lines,)."""
        return np.asarray(self._bundle.references.vectors @ vector.astype(np.float32) / self._lengths)

    def _decided(self, vector: np.ndarray, lines: int) -> tuple[list[Candidate], float]:
        likeness = self.references @ vector
        probability, none = decide(likeness, lines, self._calibration)
        order = largest(likeness, MOST_NAMED)
        names = [self.writers[self.candidates[row]].name for row in order]
        return [
            Candidate(n, float(probability[r]), float(likeness[r])) for n, r in zip(names, order, strict=True)
        ], none

    def _line(self, line: ScannedLine, hand: Hand | None) -> LineAnswer:
        if hand is None:
            return LineAnswer(line.name, line.problem, line.outline)
        vector = together([hand])
        candidates, none = self._decided(vector, 1)
        likeness = self._alike(vector)[self._mine]
        own, names = self._bundle.references, self._bundle.documents
        best = largest(likeness, NEAREST)
        nearest = tuple(
            Neighbour(self.writers[own.writer[row]].name, names[own.document[row]], int(row), float(value))
            for row, value in zip(self._mine[best], likeness[best], strict=True)
        )
        return LineAnswer(line.name, "", line.outline, tuple(candidates), none, nearest)


def only(scans: Sequence[Scan], chosen: set[int]) -> list[Scan]:
    """Return scans with only those of their lines, numbered from 0 through all scans, that were chosen."""
    result, number = [], 0
    for scan in scans:
        kept = [line for place, line in enumerate(scan.lines, start=number) if place in chosen]
        number += len(scan.lines)
        result.append(replace(scan, lines=kept))
    return result
