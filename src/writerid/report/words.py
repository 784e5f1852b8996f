"""What the page says of a run in words, each sentence from its figures."""

from collections.abc import Iterable, Sequence
from typing import Any

from writerid.report.runs import Run

REFERENCE = 0.8128  # test accuracy by crop of the published result: IAM, 50 writers, lines of a form on both sides
FEW = 5  # writers that are named
ENOUGH = 30  # crops on which evidence is checked


def percent(value: float | str, digits: int = 1) -> str:
    """Return a share as a percentage."""
    return f"{float(value):.{digits}%}".replace("%", " %")


def interval(figures: dict[str, Any], name: str = "accuracy") -> str:
    """Return the 95 % interval of a figure."""
    return f"{percent(figures[f'{name}_low'])} to {percent(figures[f'{name}_high'])}"


def headline(run: Run) -> str:
    """Say in one sentence how good the model is."""
    line, count = run.test["line"], run.dataset["writers"]
    return (
        f"Of {line['items']} test lines, {percent(line['accuracy'])} are given to the right one of {count} writers "
        f"(95 % interval: {interval(line)}); guessing would give {percent(run.test['chance']['accuracy'])}."
    )


def edited(run: Run) -> str:
    """Say which parameters were changed after the run; empty where none was."""
    told = ", ".join(
        f"{key} is {shown(value)} there, and was {shown(run.params[key])}" for key, value in run.edited.items()
    )
    if not told:
        return ""
    return (
        f"params.yaml was changed after this run: {told}. This page is of the run as it was; `dvc repro` makes another."
    )


def synthetic(run: Run) -> bool:
    """Whether the lines are drawn by a program."""
    return "synthetic" in str(run.params.get("dataset", ""))


def against_reference(run: Run) -> list[str]:
    """Say how the result stands to the published one, and what stands in the way of comparing them."""
    if synthetic(run):
        return [
            "The lines of this run are drawn by a program, those of the published reference are real handwriting "
            f"(IAM): its {percent(REFERENCE)} and the figures of this page do not compare, whichever is larger. A run "
            "on IAM does; the README says how."
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
        told.append("Lines of one form are on both sides, as in the reference: this measures pen and paper too.")
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
        f"{_listed(told)}. The network is tried on the validation side without these."
    )


def _listed(items: Sequence[str]) -> str:
    return " and ".join([", ".join(items[:-1]), items[-1]] if len(items) > 1 else items)


def sureness(run: Run) -> str:
    """Say whether the confidence can be believed."""
    line = run.test["line"]
    return (
        "Where the network says it is 90 % sure, it should be right in 9 of 10 cases. For lines its confidence is off "
        f"by {percent(line['calibrated_ece'])} on average after calibration, {percent(line['ece'])} before "
        "(the expected calibration error)."
    )


FIGURES = {  # of test.json, with the term that explains each
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


def figures(run: Run, levels: Iterable[str]) -> list[tuple[str, str, list[str]]]:
    """Return a row for each figure of the test side: the term that explains it, its name, and its value by level."""
    return [
        (term, name, [_figure(key, run.test[level][key]) for level in levels])
        for key, (term, name) in FIGURES.items()
        if key != "top5_accuracy" or five(run)
    ]


def five(run: Run) -> bool:
    """Whether there are so many writers that the true one need not be among the first five."""
    return int(run.dataset["writers"]) > 5


def _figure(key: str, value: float) -> str:
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


def few(run: Run, kind: str, shown: int) -> str:
    """Say that there are fewer lines of a kind than were asked for, and why; empty where there are enough."""
    if shown >= int(run.params.get("explain.lines", 0)):
        return ""
    if kind == "surest_wrong":
        return f"{'These are all' if shown else 'There is none'}: every {'other ' * bool(shown)}test line is right."
    noun = "right test line" if kind == "surest_right" else "test line"
    if shown > 1:
        return f"Only these {shown} {noun}s are left that are not shown above."
    return f"{'Only this' if shown else 'No'} {noun} is left that is not shown above."


def trust(run: Run) -> str:
    """Say whether the evidence maps hold what they promise."""
    own = "integrated_gradients"
    deletion, insertion = run.explain["deletion"], run.explain["insertion"]
    holds = _beats(deletion[own]) and _beats(insertion[own])
    if run.explain["crops"] < ENOUGH:
        verdict = f"So few crops prove nothing; raise explain.crops to {ENOUGH} or more."
    elif holds:
        verdict = "The maps mark what decides: all four differences are beyond chance (95 %)."
    else:
        verdict = "At least one of these differences may be chance: do not read much into the maps of this run."
    failing = [
        name
        for method, name in (("gradient_x_input", "gradient x input"), ("grad_cam", "Grad-CAM"))
        if not _beats(deletion[method]) or not _beats(insertion[method])
    ]
    if run.explain["crops"] >= ENOUGH and failing:
        verdict += f" {' and '.join(failing)}, shown further down, does not beat both orders in both tests here."
    return (
        f"Checked on {run.explain['crops']} test crops. From all of the ink to none, confidence averages "
        f"{percent(deletion[own]['area'])} when the ink that the map marks is wiped out first; "
        f"{percent(deletion['random']['area'])} when any is, {percent(deletion['ink']['area'])} when the most inked "
        "parts are. The lower, the more the first ink to go had mattered. From blank paper to all of the ink it "
        f"averages {percent(insertion[own]['area'])} when the marked ink is put down first, against "
        f"{percent(insertion['random']['area'])} and {percent(insertion['ink']['area'])}; here higher is better. "
        + verdict
    )


LITTLE, MUCH = 0.05, 0.15  # share of the right decisions that a change of a trait costs


def rests_on(run: Run) -> list[str]:
    """Say which traits of a hand decisions rest on, by how many are right when a trait is changed."""
    rows = run.tables["traits"]
    as_it_is, anew = (float(row["accuracy"]) for row in rows[:2])
    costs: dict[str, tuple[float, dict[str, str]]] = {}
    for row in rows[2:]:
        cost = 1 - float(row["accuracy"]) / anew if anew else 0.0
        costs[row["trait"]] = max(costs.get(row["trait"], (-1.0, row)), (cost, row), key=lambda pair: pair[0])
    worst = sorted(costs.items(), key=lambda item: -item[1][0])
    much = [f"{trait} ({percent(row['accuracy'])}: {row['change']})" for trait, (cost, row) in worst if cost >= MUCH]
    little = [trait for trait, (cost, _) in worst if cost < LITTLE]
    told = [
        "All test lines were changed in one trait at a time, by so little that a reader would know the hand again. "
        f"Of their crops {percent(as_it_is)} are right as they are, and {percent(anew)} when they are merely drawn "
        "anew, which softens their edges."
    ]
    if much:
        told.append(f"Decisions rest most on {_listed(much)}.")
    else:
        told.append("No single trait decides: none of the changes costs much.")
    if little:
        told.append(f"They rest little on {_listed(little)}.")
    told.append(
        "A trait that is relied on is not yet a trait of the hand: how wide strokes are, and how grey, is the pen's "
        "and the scanner's too."
    )
    return told


def _beats(figures: dict[str, float]) -> bool:
    """Whether an order is better than both that know nothing of the network, beyond chance."""
    return figures["over_random_low"] > 0 and figures["over_ink_low"] > 0


def compared(runs: Sequence[Run]) -> list[tuple[str, list[str]]]:
    """Return a row for each figure: its name, and what each run has."""
    rows = [
        (
            f"right by {level} (95 % interval)",
            [f"{percent(r.test[level]['accuracy'])} ({interval(r.test[level])})" for r in runs],
        )
        for level in ("line", "crop", "form")
    ]
    rows += [
        ("among the first five, by line", [percent(r.test["line"]["top5_accuracy"]) for r in runs]),
        (
            "expected calibration error, by line, after calibration",
            [percent(r.test["line"]["calibrated_ece"]) for r in runs],
        ),
        ("best validation loss", [f"{r.train['best']['validation']['loss']:.4f}" for r in runs]),
        ("best epoch", [f"{r.train['best']['epoch']} of {len(r.curves['train']['loss'])}" for r in runs]),
        ("training time", [f"{r.runtime['seconds']:.0f} s" if "seconds" in r.runtime else "not known" for r in runs]),
        ("split", [str(r.test["split"]) for r in runs]),
    ]
    return rows


def differing(runs: Sequence[Run]) -> list[tuple[str, list[str]]]:
    """Return a row for each parameter in which runs differ."""
    keys = dict.fromkeys(key for run in runs for key in run.params)
    rows = [(key, [shown(run.params.get(key, "-")) for run in runs]) for key in keys]
    return [row for row in rows if len(set(row[1])) > 1]


def shown(value: object) -> str:
    """Return a parameter's value as params.yaml writes it."""
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def dropout_pair(runs: Sequence[Run]) -> tuple[Run, Run] | None:
    """Return two runs that differ in nothing but dropout, the one without it second; None where there are not."""
    for run in runs:
        for other in runs:
            if run.params.get("dropout", 0) > 0 and differ_in_dropout(run.params, other.params):
                return run, other
    return None


def differ_in_dropout(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether of two sets of parameters one has dropout, the other none, and all else is the same."""
    both = (one.get("dropout", 0) > 0) != (other.get("dropout", 0) > 0)
    return both and {**one, "dropout": 0} == {**other, "dropout": 0}
