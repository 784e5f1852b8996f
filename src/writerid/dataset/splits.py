"""Train, validation and test sides of a dataset, and a report of what the sides share."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from writerid.base.errors import InputError
from writerid.base.randomness import Use, stream, text_key
from writerid.dataset.names import parse_name

SIDES = ("train", "validation", "test")


def by_line(writers: Sequence[str], shares: Mapping[str, float], seed: int) -> list[str]:
    """Split lines at random, as the reference does: forms may stand on several sides.

    Parameters: the writer of each line; the share of each of SIDES; the seed. Returns the side of each line.

    Raises InputError for a writer without a training line.
    """
    train = int(len(writers) * shares["train"] + 1e-9)
    rest = len(writers) - train
    validation = round(rest * shares["validation"] / (shares["validation"] + shares["test"]))
    in_order = ["train"] * train + ["validation"] * validation + ["test"] * (rest - validation)
    places = stream(seed, Use.SPLIT).permutation(len(writers))
    sides = [in_order[place] for place in places]
    unseen = sorted(set(writers) - {writer for writer, side in zip(writers, sides, strict=True) if side == "train"})
    if unseen:
        raise InputError(
            f"writer {unseen[0]} has no line on the train side; leave out small writers (min_forms, top_writers), "
            "raise split.train, or set split.group_by: form"
        )
    return sides


def by_form(forms: Sequence[str], writers: Sequence[str], shares: Mapping[str, float], seed: int) -> list[str]:
    """Split whole forms, so that every writer stands on all sides and no form on two.

    For each writer the validation and test lines come as close to their shares as whole forms allow (least sum
    of squares over the three sides). Of equally good line counts those are taken that bring the whole dataset
    nearer to the shares, and of equally good choices of forms the seed takes one.

    Parameters: form and writer of each line; the share of each of SIDES; the seed. Returns the side of each line.

    Raises InputError for a writer with fewer than three forms.
    """
    sizes: dict[str, Counter[str]] = defaultdict(Counter)
    for form, writer in zip(forms, writers, strict=True):
        sizes[writer][form] += 1
    side: dict[str, str] = {}
    ahead = np.zeros(2)  # lines that validation and test have above their shares so far
    for writer in sorted(sizes):
        own = sorted(sizes[writer])
        if len(own) < len(SIDES):
            raise InputError(
                f"writer {writer} has {len(own)} form(s), too few for train, validation and test; set min_forms: 3 or "
                "more to leave such writers out, or split.group_by: line"
            )
        order = stream(seed, Use.SPLIT, text_key(writer)).permutation(len(own))
        shuffled = [own[place] for place in order]
        counts = [sizes[writer][form] for form in shuffled]
        chosen = _assign(counts, shares, ahead)
        side.update(zip(shuffled, chosen, strict=True))
        for i, name in enumerate(SIDES[1:]):
            given = sum(count for count, one in zip(counts, chosen, strict=True) if one == name)
            ahead[i] += given - sum(counts) * shares[name]
    return [side[form] for form in forms]


@dataclass(frozen=True)
class SideLine:
    """A line on one of the sides; `pixels` is a digest of its strip, None where it tells nothing or is not packed."""

    line: str
    form: str
    pixels: str | None = None


def check_apart(sides: Mapping[str, Sequence[SideLine]], group_by: str, advice: str) -> None:
    """Refuse sides that share what they must not, however that came about.

    Parameters: the lines of each side; split.group_by; what to do about it, for the message.

    Raises InputError where two sides share a line, by its name or by its pixels, or, unless lines were split at
    random, a form.
    """
    for (one, its), (other, others) in combinations(sides.items(), 2):
        lines = {x.line for x in its} & {x.line for x in others}
        if lines:
            raise InputError(f"{one} and {other} share {len(lines)} line(s), {min(lines)} among them; {advice}")
        pixels = {x.pixels: x.line for x in its if x.pixels}
        same = [(pixels[x.pixels], x.line) for x in others if x.pixels in pixels]
        if same:
            raise InputError(
                f"{one} and {other} share {len(same)} line(s) under two names, {same[0][0]} and {same[0][1]} among "
                f"them; {advice}"
            )
        forms = {x.form for x in its} & {x.form for x in others}
        if forms and group_by == "form":
            raise InputError(
                f"split.group_by is form, but {one} and {other} share {len(forms)} form(s), {min(forms)} among them; "
                f"{advice}"
            )


def report(lines: Sequence[str], forms: Sequence[str], writers: Sequence[str], sides: Sequence[str]) -> dict[str, Any]:
    """Count lines, forms and writers a side, and the forms and physical lines that sides share.

    A sentence may start on the physical line on which the one before it ended; where names tell the sentence
    (FORM-sNN-NN), the last piece of one and the first of the next are counted as one physical line.
    """
    physical = physical_lines(lines)
    content: dict[str, dict[str, set[object]]] = {
        side: {"forms": set(), "writers": set(), "lines": set()} for side in SIDES
    }
    for row, side in enumerate(sides):
        content[side]["forms"].add(forms[row])
        content[side]["writers"].add(writers[row])
        if physical[row] is not None:
            content[side]["lines"].add(physical[row])
    shared = {
        f"{one}_{other}": {
            "forms": len(content[one]["forms"] & content[other]["forms"]),
            "physical_lines": len(content[one]["lines"] & content[other]["lines"]),
        }
        for one, other in combinations(SIDES, 2)
    }
    counts = Counter(sides)
    return {
        **{
            side: {
                "lines": counts[side],
                "share": counts[side] / len(sides),
                "forms": len(content[side]["forms"]),
                "writers": len(content[side]["writers"]),
            }
            for side in SIDES
        },
        "shared": shared,
    }


def physical_lines(lines: Sequence[str]) -> list[tuple[str, int] | None]:
    """Return the physical line (form, number) of each line image, None where its name does not tell.

    Only names of sentence pieces do. A gap in the numbering of the sentences breaks the count: what follows is
    then on lines of its own.
    """
    names = [parse_name(line) for line in lines]
    last: dict[str, dict[int, int]] = defaultdict(dict)
    for name in names:
        if name and name.sentence is not None:
            pieces = last[name.form]
            pieces[name.sentence] = max(name.number, pieces.get(name.sentence, 0))
    first: dict[tuple[str, int], int] = {}
    for form, pieces in last.items():
        position, before = 0, None
        for sentence in sorted(pieces):
            if before is not None and sentence != before + 1:
                position += 1  # one sentence is missing: they do not meet
            first[form, sentence] = position
            position += pieces[sentence]
            before = sentence
    return [
        (name.form, first[name.form, name.sentence] + name.number) if name and name.sentence is not None else None
        for name in names
    ]


def _assign(sizes: Sequence[int], shares: Mapping[str, float], ahead: Sequence[float] | np.ndarray) -> list[str]:
    """Give each form, of so many lines, a side: exact, by dynamic programming over reachable line counts.

    Ties go to what makes up for the lines that validation and test are `ahead` of their shares.

    reach[i][v, t] says with which (validation, test) line counts the first i forms can be dealt out, and bit t
    of the integer reach[i][v] holds it.
    """
    total = sum(sizes)
    want = {side: total * shares[side] for side in SIDES}
    most = max(sizes)
    limit_v = min(total, int(want["validation"]) + most)
    limit_t = min(total, int(want["test"]) + most)
    mask = (1 << (limit_t + 1)) - 1
    reach = [[1] + [0] * limit_v]
    for size in sizes:
        before = reach[-1]
        reach.append(
            [
                before[v] | (before[v] << size & mask) | (before[v - size] if v >= size else 0)
                for v in range(limit_v + 1)
            ]
        )

    def distance(v: int, t: int) -> tuple[float, float]:
        off_v, off_t = v - want["validation"], t - want["test"]
        own = off_v**2 + off_t**2 + (off_v + off_t) ** 2
        return round(own, 6), (ahead[0] + off_v) ** 2 + (ahead[1] + off_t) ** 2

    counts = [
        (v, t)
        for v in range(1, limit_v + 1)
        for t in range(1, min(limit_t, total - v - 1) + 1)
        if reach[-1][v] >> t & 1
    ]
    v, t = min(counts, key=lambda pair: distance(*pair))
    sides = []
    for i in range(len(sizes) - 1, -1, -1):
        size, before = sizes[i], reach[i]
        if v >= size and before[v - size] >> t & 1:
            sides.append("validation")
            v -= size
        elif t >= size and before[v] >> (t - size) & 1:
            sides.append("test")
            t -= size
        else:
            sides.append("train")
    return sides[::-1]
