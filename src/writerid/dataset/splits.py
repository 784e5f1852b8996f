"""The sides of a dataset: train, validation and test of the known writers, and the unseen writers; what sides share."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np

from writerid.base.errors import InputError
from writerid.base.folds import folds, out_of_range
from writerid.base.randomness import Use, stream, text_key
from writerid.dataset.names import parse_name

UNSEEN = "unseen"  # the side of writers of whom no line is trained on, validated on or tested as a known writer's
SIDES = ("train", "validation", "test", UNSEEN)


def assign(
    forms: Sequence[str],
    writers: Sequence[str],
    shares: Mapping[str, float],
    *,
    group_by: str,
    seed: int,
    fold: int,
    unseen_writers: int,
) -> list[str]:
    """Return the side of each line, one of SIDES.

    Parameters: form and writer of each line; the shares of train, validation and test; `group_by`, "form" (see by_form)
    or "line" (see by_line). The seed puts the writers in an order, and the fold takes the next `unseen_writers` of
    them, round and round; their lines are on the side UNSEEN.

    Raises InputError where the fold is out of range, where fewer than two writers would be known, and as by_form and
    by_line do.
    """
    for problem in out_of_range(fold, shares["test"]):
        raise InputError(problem)
    names = sorted(set(writers))
    if len(names) - unseen_writers < 2:
        raise InputError(
            f"split.unseen_writers: without {unseen_writers} of the {len(names)} writers fewer than two are left to "
            f"learn; set it to {f'at most {len(names) - 2}' if len(names) > 2 else 0}"
        )
    order = stream(seed, Use.UNSEEN).permutation(len(names))
    apart = {names[order[place % len(names)]] for place in range(fold * unseen_writers, (fold + 1) * unseen_writers)}
    # All are split, the unseen too: who is unseen changes from fold to fold, and must not move the others' forms.
    sides = by_form(forms, writers, shares, seed, fold) if group_by == "form" else by_line(writers, shares, seed, fold)
    return [UNSEEN if writer in apart else side for writer, side in zip(writers, sides, strict=True)]


def by_line(writers: Sequence[str], shares: Mapping[str, float], seed: int, fold: int) -> list[str]:
    """Split lines at random, as the reference does: forms may stand on several sides.

    The seed puts the lines in an order, as on a circle; the fold's stretch of it is the test side, the stretch before
    that the validation side.

    Parameters: the writer of each line; the shares; the seed; the fold. Returns the side of each line.

    Raises InputError for a writer without a training line.
    """
    count = len(writers)
    first, last = (round(count * shares["test"] * number) for number in (fold, fold + 1))
    test = last - first
    validation = count - int(count * shares["train"] + 1e-9) - test
    behind = (last - 1 - stream(seed, Use.SPLIT).permutation(count)) % count  # from the test side's last line backwards
    sides = ["test" if place < test else "validation" if place < test + validation else "train" for place in behind]
    untrained = set(writers) - {writer for writer, side in zip(writers, sides, strict=True) if side == "train"}
    if untrained:
        raise InputError(
            f"writer {min(untrained)} has no line on the train side; leave out small writers (min_forms, top_writers), "
            "raise split.train, or set split.group_by: form"
        )
    return sides


def by_form(
    forms: Sequence[str], writers: Sequence[str], shares: Mapping[str, float], seed: int, fold: int
) -> list[str]:
    """Split whole forms, so that every writer stands on all three sides and no form on two.

    The seed puts each writer's forms in an order, as on a circle. It is cut into stretches of the test share of the
    writer's lines; the fold's stretch is the test side, the forms before it are the validation side, so that fold 0's
    validation side is the same whatever the test share. Of the two places where a stretch can end, before or after the
    form that the share cuts through, that is taken which brings the writers so far nearer to the shares. A form is
    never chosen by its size, as scikit-learn's StratifiedGroupKFold does; its GroupKFold counts forms and not lines.

    A writer with fewer forms than there are folds has one test form, and the folds take them in turn.

    Parameters: form and writer of each line; the shares; the seed; the fold. Returns the side of each line.

    Raises InputError for a writer with fewer than three forms.
    """
    sizes: dict[str, Counter[str]] = defaultdict(Counter)
    for form, writer in zip(forms, writers, strict=True):
        sizes[writer][form] += 1
    side: dict[str, str] = {}
    ahead: Counter[str | int] = Counter()  # lines by which the writers so far lie above their shares, at each cut
    for writer in sorted(sizes):
        names = sorted(sizes[writer])
        if len(names) < 3:
            raise InputError(
                f"writer {writer} has {len(names)} form(s), too few for train, validation and test; set min_forms: 3 "
                "or more to leave such writers out, or split.group_by: line"
            )
        order = stream(seed, Use.SPLIT, text_key(writer)).permutation(len(names))
        shuffled = [names[place] for place in order]
        counts = np.array([sizes[writer][form] for form in shuffled])
        first, last = _test_forms(counts, shares["test"], fold, ahead)
        before = np.roll(counts, -first)[::-1][: len(counts) - (last - first) - 1]  # one is left to be trained on
        validation = _cut(before, counts.sum() * shares["validation"], (1, len(before)), "validation", ahead)
        for place, form in enumerate(shuffled):
            backwards = (last - 1 - place) % len(shuffled)
            test = backwards < last - first
            side[form] = "test" if test else "validation" if backwards < last - first + validation else "train"
    return [side[form] for form in forms]


def _test_forms(counts: np.ndarray, share: float, fold: int, ahead: Counter[str | int]) -> tuple[int, int]:
    """The first form of a fold's test side, and the first after it, of forms with so many lines, in their order."""
    number = folds(share)
    if len(counts) < number:
        first = fold % len(counts)
        return first, first + 1
    cuts = [0]
    for cut in range(1, number + 1):
        bounds = (cuts[-1] + 1, len(counts) - (number - cut))
        cuts.append(_cut(counts, counts.sum() * share * cut, bounds, cut, ahead))
    first, last = cuts[fold], cuts[fold + 1]
    return first, min(last, first + len(counts) - 2)  # two are left, for training and validation


def _cut(counts: np.ndarray, wanted: float, bounds: tuple[int, int], name: str | int, ahead: Counter[str | int]) -> int:
    """How many of the first forms have about the wanted number of lines together, within bounds."""
    lines = np.concatenate([[0], np.cumsum(counts)])
    below = int(np.searchsorted(lines, wanted + 1e-9, side="right")) - 1
    possible = {min(max(cut, bounds[0]), bounds[1]) for cut in (below, below + 1)}
    chosen = min(sorted(possible), key=lambda cut: abs(ahead[name] + lines[cut] - wanted))
    ahead[name] += lines[chosen] - wanted
    return chosen


@dataclass(frozen=True)
class SideLine:
    """A line on one of the sides; `pixels` is a digest of its strip, None where it tells nothing or is not packed."""

    line: str
    form: str
    writer: str
    pixels: str | None = None


def check_apart(sides: Mapping[str, Sequence[SideLine]], group_by: str, advice: str) -> None:
    """Refuse sides that share what they must not, however that came about.

    Parameters: the lines of each side; split.group_by; what to do about it, for the message.

    Raises InputError where two sides share a line, by its name or by its pixels; unless lines were split at random, a
    form; and where the unseen side shares a writer with another.
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
        writers = {x.writer for x in its} & {x.writer for x in others}
        if writers and UNSEEN in (one, other):
            raise InputError(
                f"{one} and {other} share {len(writers)} writer(s), {min(writers)} among them, and unseen writers must "
                f"be on no other side; {advice}"
            )


def contents(
    lines: Sequence[str], forms: Sequence[str], writers: Sequence[str], sides: Sequence[str]
) -> dict[str, Any]:
    """Count lines, forms and writers by side, and the forms and physical lines that sides share; name unseen writers.

    A sentence may start on the physical line on which the one before it ended; where names tell the sentence
    (FORM-sNN-NN), the last piece of one and the first of the next are counted as one physical line.
    """
    physical = physical_lines(lines)
    rows = {side: [row for row, own in enumerate(sides) if own == side] for side in SIDES}
    held: dict[str, dict[str, set[Any]]] = {
        side: {
            "forms": {forms[row] for row in own},
            "physical_lines": {physical[row] for row in own} - {None},
            "writers": {writers[row] for row in own},
        }
        for side, own in rows.items()
    }
    return {
        **{
            side: {
                "lines": len(own),
                "share": len(own) / len(sides),
                "forms": len(held[side]["forms"]),
                "writers": len(held[side]["writers"]),
            }
            for side, own in rows.items()
        },
        "shared": {
            f"{one}_{other}": {kind: len(held[one][kind] & held[other][kind]) for kind in ("forms", "physical_lines")}
            for one, other in combinations(SIDES, 2)
        },
        "unseen_writers": sorted(held[UNSEEN]["writers"]),
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
