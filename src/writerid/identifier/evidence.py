"""Evidence for an answer: the questioned lines, what on them spoke for whom, and the reference lines most like them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from writerid.crops.choice import evenly
from writerid.identifier.answers import NONE, Answer, LineAnswer, percent
from writerid.identifier.decide import largest
from writerid.identifier.hands import Hand
from writerid.identifier.identify import Identifier
from writerid.identifier.pictures import PICTURE, picture
from writerid.identifier.scans import Scan
from writerid.scores.embedding import unit

FOR, AGAINST = (0, 114, 178), (213, 94, 0)  # colours that colour-blind people tell apart
TINT = 0.55  # the most that a colour covers of the paper
MOST_LINES = 12  # of a document that are shown
NEIGHBOURS = 2  # reference lines beside each
WIDEST = 1400  # pixels of a picture
MARGIN, CAPTION = 12, 20  # pixels


@dataclass(frozen=True)
class Beside:
    """A reference line: whose it is and how alike, in words; its picture, uint8 (height, width), None if not kept."""

    words: str
    picture: np.ndarray | None


@dataclass(frozen=True)
class Shown:
    """A questioned line: in words what it says alone; its picture, uint8 (height, width, 3), in which FOR covers what
    speaks for the writer in question and AGAINST what speaks for the next one; and the reference lines beside it."""

    name: str
    words: str
    picture: np.ndarray
    beside: Sequence[Beside]


@dataclass(frozen=True)
class Evidence:
    """What is shown of an answer, and between whom: the writer in question and the next one, None if there is none."""

    answer: Answer
    writer: str | None
    next_writer: str | None
    lines: Sequence[Shown]
    more: int


def gather(identifier: Identifier, name: str, scans: Sequence[Scan]) -> Evidence:
    """Judge a document and gather the evidence: of MOST_LINES lines, evenly chosen; `more` counts the others."""
    seen = identifier.see(scans)
    answer = identifier.judge_hands(name, scans, seen)
    hands = [] if answer.problem else seen
    chosen = evenly(len(hands), MOST_LINES)
    names = [identifier.writers[place].name for place in identifier.candidates]
    order = [names.index(candidate.writer) for candidate in answer.candidates[:2]]
    vectors = identifier.references[order]
    own = identifier.bundle.references
    of_writer = np.flatnonzero(own.writer == identifier.candidates[order[0]]) if order else np.empty(0, int)
    shown = []
    used = [line for line in answer.lines if not line.problem]  # one for each hand, in the same order
    for hand, line in ((hands[place], used[place]) for place in chosen):
        towards = vectors[0] - vectors[1] if len(vectors) > 1 else vectors[0] if len(vectors) else np.zeros(0)
        scores = unit(hand.crops.astype(np.float64)) @ towards if len(towards) else np.zeros(len(hand.crops))
        likeness = unit(own.vectors[of_writer].astype(np.float64)) @ unit(hand.vector[None])[0]
        nearest = largest(likeness, NEIGHBOURS)
        beside = [
            Beside(
                f"{names[order[0]]}, {identifier.bundle.documents[own.document[of_writer[row]]]}: "
                f"likeness {likeness[row]:.2f}",
                _as_high(picture(own.pictures, own.ends, int(of_writer[row])), hand.strip.shape[1]),
            )
            for row in nearest
        ]
        shown.append(Shown(hand.line.name, spoken(line), _tinted(hand, scores), beside))
    writers = [names[place] for place in order] + [None, None]
    return Evidence(answer, writers[0], writers[1], shown, len(hands) - len(shown))


def spoken(line: LineAnswer) -> str:
    """Say what a line says alone."""
    if not line.candidates:
        return "nobody is known"
    if line.writer:
        return f"alone it says {line.writer}"
    nearest = line.candidates[0].writer
    return f"alone it says {NONE} ({percent(line.none)}); of the known writers {nearest} is nearest"


def drawn(evidence: Evidence) -> Image.Image:
    """Draw evidence as one picture."""
    font = ImageFont.load_default(14)
    rows: list[tuple[str, np.ndarray | None]] = []
    for line in evidence.lines:
        rows.append((f"{line.name}: {line.words}", line.picture[:, :WIDEST]))
        rows += [(f"    {one.words}", one.picture) for one in line.beside]
    heights = [CAPTION + (0 if one is None else one.shape[0] + MARGIN) for _, one in rows]
    width = max([600, *(one.shape[1] for _, one in rows if one is not None)]) + 2 * MARGIN
    sheet = Image.new("RGB", (width, sum(heights) + 3 * CAPTION + 2 * MARGIN), "white")
    pen = ImageDraw.Draw(sheet)
    colours = f"blue speaks for {evidence.writer}, orange for {evidence.next_writer or 'nobody'}"
    head = f"{evidence.answer.name}: {colours if evidence.writer else 'nobody is known'}"
    pen.text((MARGIN, MARGIN), head, "black", font)
    top = MARGIN + 2 * CAPTION
    for (words, one), height in zip(rows, heights, strict=True):
        pen.text((MARGIN, top), words, "black", font)
        if one is not None:
            sheet.paste(Image.fromarray(one), (MARGIN, top + CAPTION))
        top += height
    return sheet


def _tinted(hand: Hand, scores: np.ndarray) -> np.ndarray:
    """A line with each column tinted by the mean score of the crops over it."""
    total, count = np.zeros(len(hand.strip)), np.zeros(len(hand.strip))
    width = len(hand.strip) - int(hand.starts[-1])  # the last crop ends with the line
    for start, score in zip(hand.starts.tolist(), scores.tolist(), strict=True):
        total[start : start + width] += score
        count[start : start + width] += 1
    mean = total / np.maximum(count, 1)
    share = TINT * np.minimum(1, np.abs(mean) / max(float(np.abs(mean).max()), 1e-9))
    colour = np.where(mean[:, None] > 0, FOR, AGAINST)
    paper = 255 * (1 - share[:, None]) + colour * share[:, None]
    return (hand.strip.T[:, :, None] / 255 * paper[None]).astype(np.uint8)


def _as_high(small: np.ndarray | None, height: int) -> np.ndarray | None:
    """A reference's small picture at the height of the questioned line, so that they can be compared."""
    if small is None:
        return None
    size = (max(1, round(small.shape[1] * height / PICTURE)), height)
    return np.asarray(Image.fromarray(small).resize(size, Image.Resampling.BICUBIC))
