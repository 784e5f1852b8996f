"""Answers as text for a terminal, as rows of a table, and as JSON."""

import json
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from writerid.base.errors import shown
from writerid.base.files import rounded
from writerid.identifier.answers import NONE, Answer, Comparison, LineAnswer, percent

TOP = 5  # candidates that are named
COLUMNS = ("document", "writer", "nearest", "probability", "none_of_them", "lines_used", "lines", "problem", "notes")
FIGURES = frozenset({"probability", "none", "likeness", "log10_ratio", "low", "high"})
FORMULA = ("=", "+", "-", "@")  # a cell that begins so is computed by spreadsheets, whatever it says


def text(answer: Answer, *, lines: bool) -> str:
    """Tell an answer; `lines`: also what each line says alone."""
    name = shown(answer.name)
    if answer.problem:
        told = [f"{name}: cannot be used: {answer.problem}"]
    else:
        said = shown(answer.writer or NONE)
        told = [f"{name}: {said} ({percent(answer.probability)}); {answer.used} of {len(answer.lines)} lines used"]
        others = [f"{shown(one.writer)} {percent(one.probability)}" for one in answer.candidates[:TOP]]
        told.append(f"    {', '.join(others)}; {NONE} {percent(answer.none)}")
    told += [f"    note: {warning}" for warning in answer.warnings]
    for line in answer.lines:
        if line.problem and not answer.problem:
            told.append(f"    {shown(line.name)}: not used: {line.problem}")
        elif lines and line.candidates:
            sure = line.candidates[0].probability if line.writer else line.none
            told.append(f"    {shown(line.name)}: {shown(line.writer or NONE)} ({percent(sure)})")
    return "\n".join(told)


def compared(found: Comparison) -> str:
    """Tell a comparison that could be made."""
    return "\n".join(
        [
            f"log10 likelihood ratio {found.log10_ratio:.2f} ({found.interval}; "
            f"the bounds are {found.lowest:.2f} and {found.highest:.2f}: more is never said)",
            found.words,
            *(f"    {reason}" for reason in found.reasons),
            f"    measured on: {found.population}",
            f"    lines used: {found.used[0]} of {shown(found.one)}, {found.used[1]} of {shown(found.other)}",
            *(f"    note: {warning}" for warning in found.warnings),
            "It weighs this writing only; how probable one writer is depends on everything else that is known.",
        ]
    )


def rows(answer: Answer, *, lines: bool) -> list[list[object]]:
    """Return a row of COLUMNS for a document, or for each of its `lines`, if any; its notes stand in each."""
    return [row(one, answer.warnings) for one in ((lines and answer.lines) or [answer])]


def row(answer: Answer | LineAnswer, warnings: Sequence[str] = ()) -> list[object]:
    """Return a row of COLUMNS for a document or a line; probabilities are empty where it cannot be used."""
    best = answer.candidates[0] if answer.candidates else None
    used, lines = (answer.used, len(answer.lines)) if isinstance(answer, Answer) else (int(not answer.problem), 1)
    return [
        _cell(shown(answer.name)),
        _cell(shown(answer.writer or "")),
        _cell(shown(best.writer) if best else ""),
        f"{best.probability:.4f}" if best else "",
        "" if answer.problem else f"{answer.none:.4f}",
        used,
        lines,
        _cell(answer.problem),
        _cell("; ".join(warnings)),
    ]


def as_json(answers: Sequence[Answer] | Comparison) -> str:
    """Return all that is known, as JSON; what would be a figure is null where something cannot be used."""
    if isinstance(answers, Comparison):
        plain: Any = _judged(asdict(answers))
    else:
        plain = [_judged(asdict(answer)) for answer in answers]
        for each in plain:
            each["lines"] = [_judged(line) for line in each["lines"]]
    return json.dumps(rounded(plain), indent=1, ensure_ascii=False)


def _judged(plain: dict[str, Any]) -> dict[str, Any]:
    empty = dict.fromkeys(FIGURES & plain.keys()) if plain["problem"] else {}
    return {**plain, **empty}


def _cell(value: str) -> str:
    """Return text as a cell; an apostrophe before it keeps spreadsheets from computing it (OWASP, CSV injection)."""
    return f"'{value}" if value.startswith(FORMULA) else value
