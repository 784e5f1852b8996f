"""What the page says of hands that the network has never met, each sentence from the run's measures."""

from typing import Any

from writerid.report.runs import Run
from writerid.report.words import interval, percent, synthetic
from writerid.scores.likelihood_ratio import number

LEVELS = {"line": "by line", "half_form": "by half form", "form": "by form"}
MEASURES = {  # of unseen.json, with the term that explains each
    "map": ("mAP", "mAP"),
    "top1": ("top-1", "top-1"),
    "hard_top2": ("hard top-2", "hard top-2"),
    "eer": ("equal error rate", "equal error rate"),
    "cllr": ("Cllr", "Cllr, in bits"),
    "cllr_min": ("Cllr", "of it discrimination"),
    "cllr_cal": ("Cllr", "of it calibration"),
}
OPEN_SET = {
    "auroc": ("AUROC", "AUROC"),
    "identified_at_0.01": ("DIR", "DIR at 1 % false alarms"),
    "identified_at_0.05": ("DIR", "DIR at 5 % false alarms"),
}
KINDS = {
    "surest_same": ("By one writer, and taken for one: the most alike", "There is no such pair."),
    "surest_different": ("By two writers, and taken for two: the least alike", "There is no such pair."),
    "worst_same": (
        "The worst mistakes: by one writer, but taken for two",
        "No pair of lines by one writer speaks for two.",
    ),
    "worst_different": (
        "The worst mistakes: by two writers, but taken for one",
        "No pair of lines by two writers speaks for one.",
    ),
}


def population(run: Run) -> str:
    """Say whose documents figures about unseen writers are of."""
    side = run.split["unseen"]
    told = f"{_count(side['writers'], 'writer')} ({_count(side['forms'], 'form')}, {_count(side['lines'], 'line')})"
    return f"{told} of {run.params['dataset']}" + (", whose hands a program drew" if synthetic(run) else "")


def missing(run: Run) -> str:
    """Say why nothing, or not all, can be said of hands never met; empty where all can."""
    found = run.unseen
    if not found["writers"]:
        return (
            "No writer was kept out of training (split.unseen_writers is 0), so that nothing is known of how the "
            "network does on hands it has never met."
        )
    if "map" not in found["line"]:
        return (
            f"Documents by {_count(found['writers'], 'unseen writer')} cannot be told apart or found again: that takes "
            "two unseen writers, and one with two forms, since documents of one form are never compared."
        )
    if "cllr" not in found["line"]:
        return (
            "So few unseen writers do not bear out likelihood ratios: these take 5 or more with two forms each, since "
            "a pair's ratio is fitted on 3 others at least (split.unseen_writers)."
        )
    return ""


def ratios(run: Run) -> list[str]:
    """Say what the likelihood ratios are of, how far they may go, what they cost and how often they mislead."""
    line = run.unseen["line"]
    return [
        f"The ratios were fitted on {population(run)}. Each pair's ratio was fitted without the writers of the pair. "
        "The ratios hold for people who differ as much as these do. For relatives, or for people who learned to write "
        "at one school, they would claim too much.",
        f"Few writers allow only modest claims: whatever two lines look like, no ratio is above "
        f"{number(line['ratio_upper'])} or below 1 in {number(-line['ratio_lower'])}. These are its bounds (ELUB). "
        "More unseen writers would allow wider ones.",
        f"How often do they mislead? Of {line['same_pairs']:,} pairs of lines by one writer, "
        f"{percent(line['misleading_same'])} have a ratio that speaks for two writers; of {line['different_pairs']:,} "
        f"pairs by two writers, {percent(line['misleading_different'])} have one that speaks for one.",
        f"Together the ratios of lines cost {line['cllr']:.2f} bits (Cllr): 0 is perfect, and saying nothing costs 1. "
        f"Of this, {line['cllr_min']:.2f} is because likeness does not tell all hands apart (discrimination), and "
        f"{line['cllr_cal']:.2f} because the ratios are bounded, and not the best that could be made of the likeness "
        "(calibration).",
    ]


def times(row: dict[str, str]) -> str:
    """Say how strongly a pair of lines speaks, for one writer or for two."""
    ratio, low, high = (float(row[name]) for name in ("ratio", "low", "high"))
    whom = "if one person wrote both" if ratio >= 0 else "if two people did"
    return (
        f"{number(abs(ratio))} times likelier {whom} (log10 of the likelihood ratio {ratio:.2f}, 95\u00a0% interval "
        f"{low:.2f} to {high:.2f})"
    )


def measures(run: Run) -> list[tuple[str, str, list[str]]]:
    """Return a row for each measure of the unseen side: its term, its name, and its value at each of LEVELS."""
    return [
        (term, name, [_shown(run.unseen[level], key) for level in LEVELS])
        for key, (term, name) in MEASURES.items()
        if any(key in run.unseen[level] for level in LEVELS)
    ]


def open_set(run: Run) -> list[tuple[str, str, list[str]]]:
    """Return a row for each measure of the open set: its term, its name, and its value by line and by form."""
    levels = run.unseen["open_set"]
    return [(term, name, [_shown(levels[level], key) for level in levels]) for key, (term, name) in OPEN_SET.items()]


def _shown(level: dict[str, Any], key: str) -> str:
    if key not in level:
        return "-"
    if "cllr" in key:
        return f"{level[key]:.2f} ({level[f'{key}_low']:.2f} to {level[f'{key}_high']:.2f})"
    return f"{percent(level[key])} ({interval(level, key)})"


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}" + ("" if count == 1 else "s")
