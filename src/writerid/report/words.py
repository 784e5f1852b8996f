"""What the page says of a run in words, each sentence from its measures."""

from collections.abc import Iterable, Sequence
from typing import Any

from writerid.base.schema import SYNTHETIC
from writerid.report.runs import Run

REFERENCE = 0.8128  # test accuracy by crop of the published result: IAM, 50 writers, lines of a form on both sides
FINEST = 3  # digits of a percentage
FEW = 5  # writers, or parameters, that are named


def percent(value: float | str, digits: int = 1) -> str:
    """Return a share as a percentage."""
    share = float(value)
    share = min(share, 0.99999) if share < 1 else share
    while f"{share:.{digits}%}".startswith("100") and share < 1 and digits < FINEST:
        digits += 1  # what is not all is not rounded to all
    return f"{share:.{digits}%}".replace("%", " %")


def interval(measured: dict[str, Any], name: str = "accuracy") -> str:
    """Return the 95 % interval of a measure."""
    return f"{percent(measured[f'{name}_low'])} to {percent(measured[f'{name}_high'])}"


def headline(run: Run) -> str:
    """Say in one sentence how good the model is."""
    line, count = run.test["line"], known(run)
    return (
        f"Of {line['items']} test lines, {percent(line['accuracy'])} are given to the right one of {count} writers "
        f"(95 % interval: {interval(line)}); guessing would give {percent(run.test['chance']['accuracy'])}."
    )


def edited(run: Run) -> str:
    """Say which parameters were changed after the run; empty where none was."""
    keys = list(run.edited)
    told = [f"{key} is {shown(run.edited[key])} there, and was {shown(run.params[key])}" for key in keys[:FEW]]
    if not told:
        return ""
    more = f"; and {len(keys) - FEW} more" if len(keys) > FEW else ""
    return (
        f"params.yaml was changed after this run: {', '.join(told)}{more}. This page is of the run as it was; "
        "`dvc repro` makes another."
    )


def synthetic(run: Run) -> bool:
    """Whether the lines are those that the stage synthesize draws."""
    return run.params.get("dataset") == SYNTHETIC


def is_iam(run: Run) -> bool:
    """Whether the dataset is IAM, which the published reference is of, by the forms and writers in it."""
    return bool(run.dataset.get("iam"))


def leaning(run: Run) -> str:
    """Say that forms are on both sides; empty where they are not."""
    if run.test["split"] != "line":
        return ""
    return (
        "Lines of the same form are on both sides here: pen, paper and mood are known from training. On forms that the "
        "network has never seen, expect less."
    )


def against_reference(run: Run) -> list[str]:
    """Say how the result stands to the published one, and what stands in the way of comparing them."""
    if not is_iam(run):
        data = "lines drawn by a program" if synthetic(run) else "other data"
        return [
            f"These results are of {data}. They do not compare with published ones, which are of IAM; docs/data.md "
            "says how to run on IAM."
        ]
    crop = run.test["crop"]
    better = crop["accuracy"] - REFERENCE
    sure = crop["accuracy_low"] > REFERENCE or crop["accuracy_high"] < REFERENCE
    told = [
        f"By crop, as the published reference counts, {percent(crop['accuracy'])} ({interval(crop)}) stand against its "
        f"{percent(REFERENCE)}: {abs(100 * better):.1f} points {'more' if better > 0 else 'less'}"
        + ("." if sure else ", which is within this run's own uncertainty.")
    ]
    if run.test["split"] == "form":
        told.append(
            "No form is on two sides here. The reference's split puts lines of one form on both, which is easier: pen, "
            "paper and mood are known from training."
        )
    else:
        told.append("Lines of one form are on both sides, as in the reference.")
    return told


def harder(run: Run) -> str:
    """Say why the loss in training may be above that of the validation side; empty where nothing makes it harder."""
    ways = [
        (run.params.get("dropout"), "with parts of the network switched off (dropout)"),
        (run.params.get("label_smoothing"), "against targets that are never quite certain (label smoothing)"),
        (run.params.get("augment.share"), "on crops that are changed (augmentation)"),
    ]
    told = [way for value, way in ways if value]
    if not told:
        return ""
    return (
        f"The loss in training may well be above validation's: it is taken while the network still changes, "
        f"{listed(told)}. The network is tried on the validation side without these."
    )


def listed(items: Sequence[str]) -> str:
    """Join some words or phrases."""
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def sureness(run: Run) -> str:
    """Say whether the confidence can be believed."""
    line = run.test["line"]
    return (
        "Where the network says it is 90 % sure, it should be right in 9 of 10 cases. For lines its confidence is off "
        f"by {percent(line['calibrated_ece'])} on average after calibration, {percent(line['ece'])} before "
        "(the expected calibration error)."
    )


MEASURES = {  # of test/scores.json, with the term that explains each
    "accuracy": ("accuracy", "accuracy"),
    "top5_accuracy": ("top-5 accuracy", "top-5 accuracy"),
    "balanced_accuracy": ("balanced accuracy", "balanced accuracy"),
    "macro_f1": ("macro F1", "macro F1"),
    "ece": ("expected calibration error", "expected calibration error"),
    "calibrated_ece": ("expected calibration error", "the same after calibration"),
    "nll": ("negative log-likelihood", "negative log-likelihood"),
    "calibrated_nll": ("negative log-likelihood", "the same after calibration"),
    "temperature": ("temperature", "temperature"),
}


def measures(run: Run, levels: Iterable[str]) -> list[tuple[str, str, list[str]]]:
    """Return a row for each measure of the test side: the term that explains it, its name, and its value by level."""
    return [
        (term, name, [_shown(key, run.test[level][key]) for level in levels])
        for key, (term, name) in MEASURES.items()
        if key != "top5_accuracy" or five(run)
    ]


def five(run: Run) -> bool:
    """Whether there are so many writers that the true one need not be among the first five."""
    return known(run) > 5


def known(run: Run) -> int:
    """Return the number of writers that the network was trained on; it knows no others."""
    return int(run.split["train"]["writers"])


def _shown(key: str, value: float) -> str:
    return f"{value:.3f}" if "nll" in key or key == "temperature" else percent(value)


def failures(run: Run) -> list[str]:
    """Say on what it fails: writers, pairs, short lines."""
    told = []
    wrong = [row for row in run.tables["writers"] if float(row["line_accuracy"]) < 1]
    perfect = len(run.tables["writers"]) - len(wrong)
    if wrong:
        named = ", ".join(f"{r['writer']} ({percent(r['line_accuracy'], 0)} of {r['lines']})" for r in wrong[:FEW])
        told.append(f"Hardest writers, by lines that are right: {named}." + _others(len(wrong) - FEW, perfect))
    else:
        told.append(f"Every test line of all {perfect} writers is right; what follows looks at single crops.")
    if run.tables["pairs"]:
        pairs = "; ".join(
            f"{row['actual']} for {row['predicted']} ({percent(row['share'], 0)} of its crops)"
            for row in run.tables["pairs"][:3]
        )
        told.append(f"Most often taken for another: {pairs}.")
    short, long = run.test.get("short_lines", {}), run.test.get("long_lines", {})
    if short.get("items") and long.get("items"):
        told.append(
            f"Short lines: {percent(short['accuracy'])} of {short['items']} are right, "
            f"of the {long['items']} longer ones {percent(long['accuracy'])}."
        )
    return told


def _others(wrong: int, perfect: int) -> str:
    """Say how it is with the writers that are not named: so many with a wrong line, so many without."""
    told = f" {_writers(wrong)} more {'has' if wrong == 1 else 'have'} at least one wrong line." if wrong > 0 else ""
    none = f" Of {_writers(perfect)} every line is right." if perfect else " No writer has every line right."
    return told + none


def _writers(count: int) -> str:
    return "1 writer" if count == 1 else f"{count} writers"


def shown(value: object) -> str:
    """Return a parameter's value as params.yaml writes it."""
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
