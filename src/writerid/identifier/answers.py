"""What the identifier answers: plain values, as JSON can hold them."""

from dataclasses import dataclass

from writerid.identifier.decide import NONE_FROM

NONE = "none of them"  # what is said where nobody who is known wrote it


@dataclass(frozen=True)
class Candidate:
    """A writer, how probable it is that this one wrote the document, and how alike the hands are (a cosine)."""

    writer: str
    probability: float
    likeness: float


@dataclass(frozen=True)
class Neighbour:
    """A reference line: its writer, the document it is of, its place among the reference lines, and its likeness."""

    writer: str
    document: str
    place: int
    likeness: float


@dataclass(frozen=True)
class LineAnswer:
    """A line: its name, why it could not be used, or empty; its outline on the page, empty where it is the image.

    candidates: by this line alone, the most probable first. none: how probable it is that it is none of them.
    nearest: the reference lines most like it.
    """

    name: str
    problem: str = ""
    outline: tuple[tuple[int, int], ...] = ()
    candidates: tuple[Candidate, ...] = ()
    none: float = 1.0
    nearest: tuple[Neighbour, ...] = ()

    @property
    def writer(self) -> str | None:
        """Whom this line alone names, None for none of them, or where it could not be used."""
        return self.candidates[0].writer if self.candidates and self.none < NONE_FROM else None


@dataclass(frozen=True)
class Answer:
    """Who wrote a document.

    writer: who is named, None for none of them, or where it cannot be judged: `problem` says why.
    probability: of what is said, that writer or none of them. candidates: the most probable first. none: how probable
    it is that it is none of them. lines: all of them, used or not. warnings: in what it is unlike what the identifier
    was tried on.
    """

    name: str
    writer: str | None
    probability: float
    candidates: tuple[Candidate, ...]
    none: float
    lines: tuple[LineAnswer, ...]
    warnings: tuple[str, ...] = ()
    problem: str = ""

    @property
    def used(self) -> int:
        """How many lines could be used."""
        return sum(not line.problem for line in self.lines)


@dataclass(frozen=True)
class Comparison:
    """Whether one person wrote two documents: how much likelier their likeness is if so than if not.

    log10_ratio: above 0 it speaks for one writer, below 0 for two; low, high: its 95 % interval; lowest, highest: what
    the identifier can ever say. population: whose documents this was measured on. words: what it says, in a sentence.
    reasons: what it rests on, and what to hold beside it. problem: why it cannot be judged, or empty.
    """

    one: str
    other: str
    likeness: float
    log10_ratio: float
    low: float
    high: float
    lowest: float
    highest: float
    population: str
    words: str
    reasons: tuple[str, ...]
    warnings: tuple[str, ...]
    used: tuple[int, int]
    problem: str = ""

    @property
    def interval(self) -> str:
        """The interval in words, and whether it is cut off at what the identifier can ever say."""
        at_bounds = {"lower": self.low <= self.lowest, "upper": self.high >= self.highest}
        ends = [name for name, is_bound in at_bounds.items() if is_bound]
        cut = f", cut off at the {' and the '.join(ends)} bound" if ends else ""
        return f"95 % interval {self.low:.2f} to {self.high:.2f}{cut}"


def percent(share: float) -> str:
    """Say a probability as a person reads it."""
    return f"{share:.0%}" if 0.005 <= share <= 0.995 else "over 99%" if share > 0.5 else "under 1%"
