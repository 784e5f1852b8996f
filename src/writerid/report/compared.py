"""Runs beside one another: their measures, the parameters they differ in, and the pair with and without dropout."""

from collections.abc import Sequence
from typing import Any

from writerid.base.declaration import CODE
from writerid.report.runs import MODEL, Run
from writerid.report.words import five, interval, percent, shown

FITTED = ("map_writers", "split", "crop", "train", "evaluate")  # the stages from a dataset to the test figures


def compared(runs: Sequence[Run]) -> list[tuple[str, list[str]]]:
    """Return a row for each measure: its name, and what each run has."""
    rows = [
        (
            f"right by {level} (95 % interval)",
            [f"{percent(r.test[level]['accuracy'])} ({interval(r.test[level])})" for r in runs],
        )
        for level in ("line", "crop", "form")
    ]
    if any(five(r) for r in runs):
        rows.append(("among the first five, by line", [percent(r.test["line"]["top5_accuracy"]) for r in runs]))
    rows += [
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
    """Return a row for each parameter in which runs differ, and for each piece of code, and the data, by its MD5."""
    keys = dict.fromkeys(key for run in runs for key in run.params)
    rows = [(key, [shown(run.params.get(key, "-")) for run in runs]) for key in keys]
    given = [{path: md5[:7] for path, md5 in _read(run) if _is_given(path, run)} for run in runs]
    if all(given):  # else one is without dvc.lock, and nobody knows
        paths = sorted({path for each in given for path in each})
        rows += [(f"MD5 of {path}", [each.get(path, "-") for each in given]) for path in paths]
    return [row for row in rows if len(set(row[1])) > 1]


def dropout_pair(runs: Sequence[Run]) -> tuple[Run, Run] | None:
    """Return two runs that differ in nothing but dropout, the one without it second; None where there are not."""
    for run in runs:
        for other in runs:
            if run.params.get("dropout") and differ_in_dropout(run.params, other.params) and _alike(run, other):
                return run, other
    return None


def differ_in_dropout(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether of two sets of parameters one has dropout, the other none, and all else is the same."""
    both = bool(one.get("dropout")) != bool(other.get("dropout"))
    return both and {**one, "dropout": 0} == {**other, "dropout": 0}


def _alike(one: Run, other: Run) -> bool:
    """Whether models were fitted and judged by the same code, on the same crops, by dvc.lock; no if that is empty."""
    return bool(_read(one)) and _read(one) == _read(other)


def _read(run: Run) -> set[tuple[str, str]]:
    """Return path and hash of what the stages up to the test figures read, the model aside."""
    stages = [run.lock.get("stages", {}).get(name, {}) for name in FITTED]
    deps = [dep for stage in stages for dep in stage.get("deps", [])]
    return {(str(dep["path"]), str(dep.get("md5"))) for dep in deps if dep["path"] != MODEL}


def _is_given(path: str, run: Run) -> bool:
    return path.startswith(CODE) or path == run.params.get("dataset")
