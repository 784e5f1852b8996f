"""Two documents: how much likelier they are so alike if one person wrote both than if two did, in figures and words."""

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from writerid.base.errors import shown
from writerid.dataset.lines import pixel_digest
from writerid.identifier.answers import Comparison
from writerid.identifier.bundle import DRAWN
from writerid.identifier.hands import Hand, measured, together
from writerid.identifier.scans import Scan
from writerid.identifier.traits import TRAITS
from writerid.scores.likelihood_ratio import Calibrator, log10_ratio, number, restored

if TYPE_CHECKING:
    from writerid.identifier.identify import Identifier

# How reports of forensic institutes put a ratio in words: the log10 of the ratio below which each word holds. After the
# table in ENFSI, Guideline for evaluative reporting in forensic science (2015); it begins at a ratio of 2, and says of
# 1 that neither is supported. The first word is our own.
SCALE = "the scale of Europe's forensic institutes (ENFSI, 2015)"
STRENGTH = (
    (np.log10(2), "hardly any"),
    (1, "weak"),
    (2, "moderate"),
    (3, "moderately strong"),
    (4, "strong"),
    (6, "very strong"),
    (np.inf, "extremely strong"),
)
STROKE = list(TRAITS).index("stroke")
DIFFERS = 1.25  # times; strokes that differ by more between two documents are named


def compare(
    identifier: "Identifier", names: tuple[str, str], scans: Sequence[Sequence[Scan]], hands: Sequence[list[Hand]]
) -> Comparison:
    """Compare two documents of these names, of the usable lines of each as the network sees them."""
    used = len(hands[0]), len(hands[1])
    levels = identifier.bundle.comparison
    problem, warnings = "", []
    called = [shown(name) for name in names]
    for name, own, own_scans in zip(called, hands, scans, strict=True):
        if not own:
            why = next((each for scan in own_scans for each in scan.problems), "no line was found on it")
            problem = problem or f"{name}: {why}"
            continue
        found, far = identifier.unlike(own)
        warnings += [f"{name}: {said}" for said in found]
        problem = problem or (f"{name}: {'; '.join(found)}" if far else "")
    in_both, least = _in_both(hands), min(used)
    if in_both and in_both == least:
        problem = problem or (
            "both are the same picture, so their likeness says nothing of who wrote it; name two pictures"
            if max(used) == least
            else "all of one document is also in the other, so their likeness says nothing; leave it out of the other"
        )
    elif in_both:
        warnings.append(f"{in_both} lines are the same picture in both documents; leave them out of one")
    if not problem and not levels:
        problem = "the identifier was made with too few unseen writers to say what likeness is worth"
    if any(writer.kind == DRAWN for writer in identifier.writers):
        warnings.append(
            "it was measured on hands drawn by a program, and says little about how alike people's hands are"
        )
    if problem:
        return Comparison(*names, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, "", "", (), tuple(warnings), used, problem)
    likeness = float(together(hands[0]) @ together(hands[1]))
    fitting = [each for each in levels.values() if each["lines"] <= min(used)] or [levels["line"]]
    calibrator = restored(max(fitting, key=lambda each: float(each["lines"])))
    ratio = log10_ratio(calibrator, likeness)
    value, low, high = (float(each) for each in ratio)
    return Comparison(
        *names,
        likeness,
        value,
        low,
        high,
        calibrator.lower,
        calibrator.upper,
        calibrator.population,
        words(value, calibrator),
        tuple(_reasons(called, hands, likeness, calibrator, restored(levels["line"]))),
        tuple(warnings),
        used,
    )


def words(value: float, calibrator: Calibrator) -> str:
    """Say in a sentence what a log10 ratio says; it never says who the writer is."""
    place = next(place for place, (bound, _) in enumerate(STRENGTH) if abs(value) < bound)
    strength = STRENGTH[place][1]
    if abs(value) < 0.05:
        sentence = "The likeness of the two is as likely if one person wrote both as if two did: it says nothing."
    else:
        first, second = ("one person wrote them", "two people wrote them")[:: 1 if value > 0 else -1]
        sentence = (
            f"Likeness as close as theirs is {number(abs(value))} times likelier if {first} than if {second}. "
            f"That is {strength} support for {'one writer' if value > 0 else 'two writers'}: a ratio {_range(place)}."
        )
    if value in (calibrator.lower, calibrator.upper):
        sentence += " More is never said: it was measured on too few writers."
    return sentence


def _range(place: int) -> str:
    """The ratios for which a word of STRENGTH holds, and whose word it is."""
    bounds = [f"{10**bound:,.0f}" for bound, _ in STRENGTH[:-1]]
    if place == 0:
        return f"below {bounds[0]}, where {SCALE} begins"
    ratios = f"from {bounds[place - 1]} to {bounds[place]}" if place < len(bounds) else f"of {bounds[-1]} or more"
    return f"{ratios}, on {SCALE}"


def _in_both(hands: Sequence[list[Hand]]) -> int:
    """How many lines of one document are, pixel for pixel, also lines of the other."""
    one, other = (Counter(pixel_digest(hand.line.grey) for hand in own) for own in hands)
    return (one & other).total()


def _reasons(
    names: Sequence[str], hands: Sequence[list[Hand]], likeness: float, calibrator: Calibrator, of_lines: Calibrator
) -> list[str]:
    """What the ratio follows from; and what to hold beside it: line by line, and how thick strokes are."""
    one, other = (np.array([together([hand]) for hand in own]) for own in hands)
    ratios = log10_ratio(of_lines, (one @ other.T).ravel()).value
    speak_for, pairs = int((ratios > 0).sum()), len(ratios)
    reasons = []
    if calibrator.slope:
        turns = float(np.tanh(-calibrator.intercept / calibrator.slope))
        reasons.append(
            f"the ratio follows from the likeness of the whole documents alone: it is {likeness:.2f} (1 at most); more "
            f"than {turns:.2f} speaks for one writer, less for two"
        )
    if pairs > 1:
        reasons.append(
            f"line by line, {speak_for} of {pairs} pairs of a line of each would speak for one writer, and "
            f"{pairs - speak_for} for two; single lines tell less than whole documents"
        )
    mine, its = (float(measured(own)[STROKE]) for own in hands)
    if max(mine / its, its / mine) > DIFFERS:
        reasons.append(
            f"beside this, the strokes of {names[0] if mine > its else names[1]} are {max(mine / its, its / mine):.1f} "
            "times as thick as the other's for the size of the writing; the pen or the scan may do that, too"
        )
    return reasons
