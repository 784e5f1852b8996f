"""From the grid of params.yaml to the combinations to try: their names, and what is chosen of them."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from writerid.base.dotted import flat
from writerid.base.errors import InputError


@dataclass(frozen=True)
class Combination:
    """One point of the grid: its name, what it sets (the seed, too), and all parameters it runs with."""

    name: str
    changes: Mapping[str, Any]
    params: Mapping[str, Any]


def identity(params: Mapping[str, Any], **same: object) -> str:
    """Return a text that is the same for two that differ at most in their grids, and in what `same` sets for both."""
    values = flat({**params, **same})
    numbers = {name: float(value) for name, value in values.items() if type(value) is int}  # 0 and 0.0 are one value
    return json.dumps(values | numbers, sort_keys=True)


def combinations(
    params: Mapping[str, Any], check: Callable[[Mapping[str, Any]], object], seeds: int = 1
) -> tuple[list[Combination], dict[str, list[Combination]]]:
    """Return all combinations of a grid in its order, seed after seed, and by reason those that are impossible.

    Each is checked as a whole by `check`, which raises InputError where its values do not fit one another.
    Repetition number i of a combination has the seed of `params` plus i. Raises InputError where the grid is empty.
    """
    grid: Mapping[str, Sequence[Any]] = params["grid"]
    if not grid:
        raise InputError("params.yaml: grid: holds no parameter; name at least one with the values to try")
    if "seed" in grid and seeds > 1:
        raise InputError("--seeds: the grid names seeds of its own; remove `seed` from it, or --seeds")
    found: list[Combination] = []
    impossible: dict[str, list[Combination]] = {}
    for repetition, values in product(range(seeds), product(*(dict.fromkeys(values) for values in grid.values()))):
        changes = dict(zip(grid, values, strict=True))
        name = "_".join(_part(key, value) for key, value in changes.items())
        changes = {"seed": params["seed"] + repetition, **changes}
        name += f"_seed-{changes['seed']}" if repetition else ""
        combination = Combination(name, changes, {**params, **changes})
        try:
            check(combination.params)
        except InputError as error:
            reason = "; ".join(line.removeprefix("params.yaml: ") for line in str(error).splitlines())
            impossible.setdefault(reason, []).append(combination)
        else:
            found.append(combination)
    return found, impossible


def only(found: Sequence[Combination], wanted: Sequence[str], grid: Mapping[str, Sequence[Any]]) -> list[Combination]:
    """Return those combinations whose values are among the wanted, each `key=value,value` with values of the grid.

    Raises InputError where a key or a value is not in the grid.
    """
    kept = list(found)
    for text in wanted:
        key, _, listed = text.partition("=")
        if key not in grid:
            raise InputError(f"--only {text}: wants KEY=VALUE,... with a key of the grid ({', '.join(grid)})")
        values = {text: value for value in grid[key] for text in (show(value), repr(value))}
        if unknown := {*listed.split(",")} - values.keys():
            held = ",".join(map(show, grid[key]))
            raise InputError(f"--only {text}: the grid has no {min(unknown)!r}, but {key}={held}")
        kept = [each for each in kept if each.changes[key] in [values[value] for value in listed.split(",")]]
    return kept


def random_subset(found: Sequence[Combination], count: int, seed: int) -> list[Combination]:
    """Return so many combinations drawn at random, with their repetitions; a larger count keeps what a smaller drew."""
    groups = list(dict.fromkeys(identity(each.params, seed=0) for each in found))
    drawn = {groups[i] for i in np.random.default_rng(seed).permutation(len(groups))[:count]}
    return [each for each in found if identity(each.params, seed=0) in drawn]


def show(value: object) -> str:
    """Return a value as params.yaml and `-S` write it."""
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def order(text: str) -> tuple[bool, float, str]:
    """Return what sorts values that `show` has written: numbers by size, then words."""
    try:
        return False, float(text), ""
    except ValueError:
        return True, 0.0, text


def _part(key: str, value: object) -> str:
    """`layers-4`, `kernel-5`, `adam`: a value that is a word speaks for itself."""
    text = re.sub(r"[^A-Za-z0-9.+-]+", "-", show(value)).strip("-.")
    return text if isinstance(value, str) else f"{key.removesuffix('_size')}-{text}"
