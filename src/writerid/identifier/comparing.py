"""Two documents: how much likelier they are so alike if one person wrote both than if two did, in figures and words."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from writerid.identifier.answers import Comparison
from writerid.identifier.bundle import DRAWN
from writerid.identifier.hands import Hand, measured, together
from writerid.identifier.scans import Scan
from writerid.identifier.traits import TRAITS
from writerid.scores.likelihood_ratio import Calibrator, log10_ratio, restored

if TYPE_CHECKING:
    from writerid.identifier.identify import Identifier

# How reports of forensic institutes put a ratio (ENFSI guideline for evaluative reporting, 2015).
STRENGTH = ((0.3, "hardly any"), (1, "weak"), (2, "moderate"), (3, "moderately strong"), (4, "strong"))
DIFFERS = 1.25  # times; a trait that differs by more between two documents is named
TRAIT_WORDS = {
    "height": "the writing of {} is {:.1f} times as high",
    "stroke": "the strokes of {} are {:.1f} times as thick",
}


def compare(
    identifier: "Identifier", names: tuple[str, str], scans: Sequence[Sequence[Scan]], hands: Sequence[list[Hand]]
) -> Comparison:
    """Compare two documents of these names, of the usable lines of each as the network sees them."""
    used = len(hands[0]), len(hands[1])
    levels = identifier.bundle.comparison
    problem, warnings = "", []
    for name, own, own_scans in zip(names, hands, scans, strict=True):
        if not own:
            why = next((p for scan in own_scans for p in [scan.problem, *(x.problem for x in scan.lines)] if p), "")
            problem = problem or f"{name}: {why or 'no line was found on it'}"
            continue
        found, far = identifier.unlike(own)
        warnings += [f"{name}: {said}" for said in found]
        problem = problem or (f"{name}: {'; '.join(found)}" if far else "")
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
        tuple(_reasons(names, hands, restored(levels["line"]))),
        tuple(warnings),
        used,
    )


def words(value: float, calibrator: Calibrator) -> str:
    """Say in a sentence what a log10 ratio says; it never says who the writer is."""
    times = f"{10 ** abs(value):.2g}".replace("e+0", "e").replace("e+", "e")
    strength = next((name for bound, name in STRENGTH if abs(value) < bound), "very strong")
    if abs(value) < 0.05:
        sentence = "The likeness of the two is as likely if one person wrote both as if two did: it says nothing."
    else:
        first, second = ("one person wrote them", "two people wrote them")[:: 1 if value > 0 else -1]
        sentence = (
            f"Likeness as close as theirs is {times} times likelier if {first} than if {second}: {strength} support."
        )
    if value in (calibrator.lower, calibrator.upper):
        sentence += " More is never said: it was measured on too few writers."
    return sentence


def _reasons(names: tuple[str, str], hands: Sequence[list[Hand]], of_lines: Calibrator) -> list[str]:
    """What speaks for one writer, and what against, line by line and in the traits of the writing."""
    one, other = (np.array([together([hand]) for hand in own]) for own in hands)
    ratios = log10_ratio(of_lines, (one @ other.T).ravel()).value
    speak_for, pairs = int((ratios > 0).sum()), len(ratios)
    reasons = [
        f"for: {speak_for} of {pairs} pairs of their lines are more alike than lines by two people usually are",
        f"against: {pairs - speak_for} of {pairs} are less alike than lines by one person usually are",
    ]
    for name, mine, its in zip(TRAITS, *(measured(own).tolist() for own in hands), strict=True):
        by = max(mine / its, its / mine)
        if name in TRAIT_WORDS and by > DIFFERS:
            larger = names[0] if mine > its else names[1]
            reasons.append(f"against: {TRAIT_WORDS[name].format(larger, by)}, which may also be the pen or the scanner")
    return reasons
