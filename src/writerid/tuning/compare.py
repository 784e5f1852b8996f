"""Comparing trials: which can be compared, the table of them, and how much each parameter matters."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from writerid.base.dotted import flat
from writerid.tuning.grid import identity, show, without_seed
from writerid.tuning.trials import DATA, Scores, Trial

# What the published reference chose, where it says that it tried others.
REFERENCE: Mapping[str, Any] = {"layers": 3, "kernel_size": 3, "optimizer": "adam", "dropout": 0.4}


@dataclass(frozen=True)
class Row:
    """Trials that differ in their seed alone: means over them, and from the least to the most by line."""

    name: str
    trials: tuple[Trial, ...]
    by_line: float
    spread: float
    by_crop: float
    loss: float
    seconds: float | None

    @property
    def values(self) -> dict[str, Any]:
        """Parameters by dotted name, as in its first trial's params.yaml."""
        return flat(self.trials[0].params)


@dataclass(frozen=True)
class Comparison:
    """The rows, best first; the keys in which they differ, those of the grid first; and what was left out, and why."""

    rows: tuple[Row, ...]
    keys: tuple[str, ...]
    grid: tuple[str, ...]
    factorial: tuple[Trial, ...]  # those that differ in keys of the grid, and the seed, alone
    left_out: Mapping[str, int]


@dataclass(frozen=True)
class Effect:
    """One parameter: the share of the spread it explains, and by value the mean accuracies and the number of trials.

    The share is by how much the squared error of a linear model of all parameters' main effects grows without this
    one, over the total: in a full grid, the eta squared of an analysis of variance.
    """

    key: str
    by_line: float
    by_crop: float
    means: Mapping[str, tuple[float, float, int]]


def scored(trial: Trial) -> Scores:
    """The scores of a trial that has them."""
    assert trial.scores is not None
    return trial.scores


def compare(trials: Sequence[Trial], params: Mapping[str, Any], code: str | None, data: str | None) -> Comparison:
    """Put together the trials that share data and split with `params`, best by validation accuracy by line.

    `code` and `data` are digests that they must have, or None where any will do.
    """
    left_out: dict[str, int] = {}
    kept: dict[str, Trial] = {}
    wanted = _of(DATA, flat(params))
    for trial in trials:
        if trial.state != "done":
            reason = trial.state
        elif trial.scores is None:
            reason = "stopped before the fit"
        elif _of(DATA, trial.flat) != wanted or (data is not None and trial.data != data):
            reason = "on other data or another split"
        elif code is not None and trial.code != code:
            reason = "by other code than the present (--any-code)"
        else:
            kept[trial.key] = trial  # of two that are the same, the later
            continue
        left_out[reason] = left_out.get(reason, 0) + 1

    groups: dict[str, list[Trial]] = {}
    for trial in kept.values():
        groups.setdefault(without_seed(trial.params), []).append(trial)
    rows = [_row(sorted(group, key=lambda trial: trial.params["seed"])) for group in groups.values()]
    rows.sort(key=lambda row: (-row.by_line, -row.by_crop, row.loss, row.name))

    grid = tuple(params["grid"])
    others = sorted({key for row in rows for key in row.values} - {*grid, "seed"})
    base = flat(params)
    differing = [key for key in others if any(flat(row.trials[0].params).get(key) != base.get(key) for row in rows)]
    plain = {key: value for key, value in base.items() if key not in (*grid, "seed")}
    factorial = tuple(
        trial for trial in kept.values() if all(trial.flat.get(key) == value for key, value in plain.items())
    )
    return Comparison(tuple(rows), (*grid, *differing), grid, factorial, left_out)


def effects(comparison: Comparison) -> tuple[list[Effect], tuple[float, float]]:
    """How much each parameter of the grid, and the seed, matters, the most first; and what is left by line and by crop.

    Values are compared at equal values of the other parameters, also where some combinations are missing (means are
    least-squares means). What is left is due to combinations of parameters, and to chance. Empty where the trials
    are too few to tell the parameters apart.
    """
    trials = comparison.factorial
    tried = {key: levels(trials, key) for key in (*comparison.grid, "seed")}
    factors = {key: values for key, values in tried.items() if len(values) > 1}
    design, columns = _design(trials, factors)
    if not factors or len(trials) <= design.shape[1] or np.linalg.matrix_rank(design) < design.shape[1]:
        return [], (math.nan, math.nan)
    figures = np.array([[scored(trial).by_line, scored(trial).by_crop] for trial in trials])
    total = ((figures - figures.mean(axis=0)) ** 2).sum(axis=0)
    total[total == 0] = np.inf  # all the same: nothing to explain
    coefficients, left = _fit(design, figures)
    found = []
    for key, values in factors.items():
        without = np.delete(design, columns[key], axis=1)
        share = np.maximum(_fit(without, figures)[1] - left, 0) / total
        own = np.vstack([np.zeros(2), coefficients[columns[key]]])
        # The mean over equally many of each value of each other parameter.
        rest = coefficients[0] + sum(
            coefficients[columns[other]].sum(axis=0) / len(factors[other]) for other in factors if other != key
        )
        counts = [sum(_value(trial, key) == value for trial in trials) for value in values]
        means = {
            show(value): (float(rest[0] + o[0]), float(rest[1] + o[1]), count)
            for value, o, count in zip(values, own, counts, strict=True)
        }
        found.append(Effect(key, float(share[0]), float(share[1]), means))
    found.sort(key=lambda effect: (-effect.by_line, -effect.by_crop))
    rest_share = left / total
    return found, (float(rest_share[0]), float(rest_share[1]))


def against_reference(comparison: Comparison) -> list[tuple[str, str, str, float, float, int]]:
    """Each other value against the reference's: key, reference's value, other value, mean difference, error, pairs.

    A pair is of two trials that differ in that parameter alone; the difference is that of the accuracy by line (other
    minus reference), with its standard error (NaN for a single pair).
    """
    found = []
    for key, chosen in REFERENCE.items():
        if key not in comparison.grid:
            continue
        by_rest: dict[str, dict[Any, float]] = {}
        for trial in comparison.factorial:
            rest = identity({**trial.params, key: None})
            by_rest.setdefault(rest, {})[_value(trial, key)] = scored(trial).by_line
        for other in levels(comparison.factorial, key):
            pairs = [by[other] - by[chosen] for by in by_rest.values() if other in by and chosen in by]
            if other != chosen and pairs:
                error = float(np.std(pairs, ddof=1) / math.sqrt(len(pairs))) if len(pairs) > 1 else math.nan
                found.append((key, show(chosen), show(other), fmean(pairs), error, len(pairs)))
    return found


def dropout_pair(comparison: Comparison) -> list[Trial]:
    """Two trials that differ in dropout alone, one without any; of several pairs the one with the best trial in it."""
    best: list[Trial] = []
    by_rest: dict[str, list[Trial]] = {}
    for row in comparison.rows:  # best first
        trial = row.trials[0]
        by_rest.setdefault(identity({**trial.params, "dropout": None}), []).append(trial)
    for group in by_rest.values():
        without = next((trial for trial in group if trial.params["dropout"] == 0), None)
        with_some = next((trial for trial in group if trial.params["dropout"] > 0), None)
        if without and with_some and not best:
            best = [with_some, without]
    return best


def _row(trials: list[Trial]) -> Row:
    scores = [scored(trial) for trial in trials]
    seconds = [score.seconds for score in scores if score.seconds is not None]
    lines = [score.by_line for score in scores]
    return Row(
        name=trials[0].name,
        trials=tuple(trials),
        by_line=fmean(lines),
        spread=max(lines) - min(lines),
        by_crop=fmean(score.by_crop for score in scores),
        loss=fmean(score.loss for score in scores),
        seconds=fmean(seconds) if seconds else None,
    )


def _of(groups: Sequence[str], params: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in params.items() if key.partition(".")[0] in groups}


def _value(trial: Trial, key: str) -> Any:
    return trial.params.get(key)


def levels(trials: Sequence[Trial], key: str) -> list[Any]:
    """The values of a parameter that occur, in order."""
    values = list(dict.fromkeys(_value(trial, key) for trial in trials))
    return sorted(values, key=lambda value: (isinstance(value, str), value is None, value if value is not None else 0))


def _design(trials: Sequence[Trial], factors: Mapping[str, list[Any]]) -> tuple[np.ndarray, dict[str, list[int]]]:
    """A column of ones, and for each value of each factor but its first a column of 0 and 1."""
    columns: dict[str, list[int]] = {}
    parts = [np.ones(len(trials))]
    for key, values in factors.items():
        columns[key] = list(range(len(parts), len(parts) + len(values) - 1))
        parts += [np.array([float(_value(trial, key) == value) for trial in trials]) for value in values[1:]]
    return np.column_stack(parts), columns


def _fit(design: np.ndarray, figures: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    coefficients = np.linalg.lstsq(design, figures, rcond=None)[0]
    return coefficients, ((figures - design @ coefficients) ** 2).sum(axis=0)
