"""Test figures of the recommended recipe over folds, so that every line is tested once: the table of docs/results.md.

    python -m benchmarks.accuracy ARCHIVE [--seeds 1] [--folds 5] [-S KEY=VALUE ...]        or: make folds DATA=ARCHIVE

Each fold of each seed is a DVC experiment, run in a folder of DVC's own: params.yaml's recipe under RECOMMENDED's
budget, with FOLDS's shares, all writers known, and what -S changes. An experiment is not run again where there is one
with the same parameters, code, packages and archive; so an interrupted benchmark goes on after its last finished fold.

A second table has what else stands in metrics/test/scores.json of the first seed's folds: means over the folds, by
their number of lines (or crops, or forms), and the least and the most of a fold.

The test decisions of a seed's folds are pooled. Intervals are over forms; for several seeds their spread stands beside.
Fold 0 of seed 0 stands apart, too: choices are made on its validation side, so its test lines alone are of forms that
no choice has seen.
"""

import csv
import hashlib
import io
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from benchmarks import scratch, tables
from writerid.base import declaration
from writerid.base.dotted import flat
from writerid.base.folds import folds
from writerid.base.params import changed, check
from writerid.base.schema import Params
from writerid.repository.dvc import override
from writerid.repository.git import git
from writerid.scores.intervals import Interval, share

RECOMMENDED = {"epochs": 8, "steps_per_epoch": 600, "warmup_steps": 200}
FOLDS = {"split.train": 0.65, "split.validation": 0.15, "split.test": 0.2, "split.unseen_writers": 0}
STAGES = ("map_writers", "split", "crop", "train", "evaluate")
FOUND = 5  # seconds; a fold that takes fewer was there already
ALSO = {  # what else is told of the folds: where it stands in metrics/test/scores.json, and by what folds count
    **{
        f"by {level}, {words}": (f"{level}.{key}", f"{level}.items")
        for level in ("crop", "line", "form")
        for words, key in (
            ("each writer counts alike", "balanced_accuracy"),
            ("expected calibration error", "ece"),
            ("the same, calibrated", "calibrated_ece"),
        )
    },
    "by line, under 500 pixels wide": ("short_lines.accuracy", "short_lines.items"),
    "by line, the rest": ("long_lines.accuracy", "long_lines.items"),
    **{f"by form, {count} lines of it read": (f"lines_read.{count}", "form.items") for count in ("1", "2", "4", "8")},
}
COUNTED = ("rank", "crops", "crops_right")


class Fold(NamedTuple):
    """What one experiment left: its test decisions, rows of metrics/predictions.csv, the seconds of its fit, and its
    metrics/test/scores.json by dotted key.
    """

    rows: list[dict[str, str]]
    seconds: float
    scores: Mapping[str, float]


def recommended() -> Params:
    """Return params.yaml's parameters under the recommended budget."""
    return check(changed(scratch.ROOT / "params.yaml", [f"{key}={value}" for key, value in RECOMMENDED.items()]))


def name_of(changes: Mapping[str, Any], archive: str) -> str:
    """Return the name of the experiment with these parameters, an archive of this digest, and the code as it stands."""
    params = flat(YAML(typ="safe").load((scratch.ROOT / "params.yaml").read_text(encoding="utf-8")))
    parameters = {key: str(value) for key, value in {**params, **changes, "dataset": archive}.items()}
    identity = json.dumps([parameters, [declaration.digest(stage) for stage in STAGES]], sort_keys=True)
    digest = hashlib.blake2b(identity.encode(), digest_size=4).hexdigest()
    return f"fold-{changes['split.fold']}-seed-{changes['seed']}-{digest}"


def experiment(changes: Mapping[str, Any], archive: str, place: str) -> Fold:
    """Return what the experiment with these parameters left; it is run where there is none yet.

    `place` says which it is of how many, and how long they may take.
    """
    name = name_of(changes, archive)
    if not _revision(name):
        settings = [override(key, value) for key, value in changes.items()]
        print(f"{place}: {name}: {', '.join(settings)}", file=sys.stderr, flush=True)
        changed = [part for each in settings for part in ("-S", each)]
        done = subprocess.run(["dvc", "exp", "run", "--temp", "--name", name, *changed, "evaluate"], stdout=sys.stderr)
        if done.returncode:
            sys.exit(
                f"{name} ended with {done.returncode}; your params.yaml is as it was. If a value was refused, correct "
                "it; if not, run the same command again: what is done stays"
            )
    files = "predictions.csv", "runtime.json", "test/scores.json"
    rows, runtime, scores = (git("cat-file", "blob", f"{_revision(name)}:metrics/{file}") for file in files)
    seconds = float(json.loads(runtime)["seconds"])
    return Fold(list(csv.DictReader(io.StringIO(rows))), seconds, flat(json.loads(scores)))


class Clock:
    """Says which of so many folds comes next, and how long all that are left may take, by those that were run."""

    def __init__(self, folds: int, now: Callable[[], float] = time.monotonic) -> None:
        self._folds, self._now = folds, now
        self._begun: list[float] = []

    def next(self) -> str:
        """Return "fold 2 of 5, about 20 min left"; to be called before each fold, which may be there already."""
        self._begun.append(self._now())
        number = len(self._begun)
        took = [end - begin for begin, end in pairwise(self._begun) if end - begin > FOUND]
        left = (self._folds - number + 1) * sum(took) / len(took) if took else None
        return f"fold {number} of {self._folds}" + (f", about {left / 60:.0f} min left" if left is not None else "")


def pooled(parts: Sequence[Sequence[Mapping[str, str]]]) -> dict[str, Interval]:
    """Return accuracy by crop, line and form over each fold's test decisions, rows of metrics/predictions.csv.

    Intervals are over forms. Where lines are split at random, several folds decide about a form, each by its own lines,
    and all their decisions count. Raises ValueError where a line was tested twice.
    """
    rows = [row for part in parts for row in part]
    lines = [row["line"] for row in rows]
    if len(set(lines)) < len(lines):
        raise ValueError(f"line {max(lines, key=lines.count)} was tested twice")
    form = np.unique([row["form"] for row in rows], return_inverse=True)[1]
    rank, crops, crops_right = (np.array([int(row[name]) for row in rows]) for name in COUNTED)
    by_form = {(number, row["form"]): int(row["form_rank"]) for number, part in enumerate(parts) for row in part}
    decided = np.unique([name for _, name in by_form], return_inverse=True)[1]
    return {
        "crop": share(np.bincount(form, crops_right), np.bincount(form, crops)),
        "line": share(np.bincount(form, rank == 1), np.bincount(form)),
        "form": share(np.bincount(decided, np.array(list(by_form.values())) == 1), np.bincount(decided)),
    }


def table(results: Mapping[str, Sequence[Fold]]) -> Iterator[tables.Row]:
    """Yield a row a seed or fold, and, for several seeds, their mean and standard deviation."""
    values: list[list[float]] = []
    for title, parts in results.items():
        found = pooled([part.rows for part in parts])
        cells = [tables.bounded(f"by_{level}", one) for level, one in found.items()]
        least, most = (f"{each([part.seconds for part in parts]):.0f}" for each in (min, max))
        seconds = {"seconds": least if least == most else f"{least}-{most}"}
        yield {
            "test_lines": title,
            "lines": sum(len(part.rows) for part in parts),
            **cells[0],
            **cells[1],
            **cells[2],
            **seconds,
        }
        if title.endswith("pooled"):
            values.append([one.value for one in found.values()])
    if len(values) > 1:
        spread = zip(found, np.mean(values, axis=0), np.std(values, axis=0, ddof=1), strict=True)
        means = {f"by_{level}": f"{mean:.4f} +- {deviation:.4f}" for level, mean, deviation in spread}
        yield {"test_lines": f"{len(values)} seeds, mean +- standard deviation", **means}


def also(parts: Sequence[Fold]) -> Iterator[tables.Row]:
    """Yield what else is told of these folds, a row a figure."""
    for words, (key, items) in ALSO.items():
        having = [part.scores for part in parts if part.scores[items]]  # some data have no short lines
        cells = dict.fromkeys(("mean", "least", "most"), "")
        if having:
            values = [scores[key] for scores in having]
            mean = np.average(values, weights=[scores[items] for scores in having])
            cells = {"mean": f"{mean:.4f}", "least": f"{min(values):.4f}", "most": f"{max(values):.4f}"}
        yield {"figure": words, **cells}


def main() -> None:
    """Run what is missing, and print the tables."""
    parser = tables.parser(__doc__)
    parser.add_argument("archive", type=Path, metavar="ARCHIVE", help="an archive of lines")
    parser.add_argument("--seeds", type=tables.positive, default=1, help="from 0 on, each over all folds (%(default)s)")
    parser.add_argument("--folds", type=int, help="only the first so many; their lines alone are pooled (all)")
    change = "a parameter that is another, as in `dvc exp run`"
    parser.add_argument("-S", dest="changes", action="append", default=[], metavar="KEY=VALUE", help=change)
    options = parser.parse_args()
    if not options.archive.is_file():
        parser.error(f"{options.archive}: there is no such archive")
    if wrong := [change for change in options.changes if "=" not in change]:
        parser.error(f"-S {wrong[0]}: not KEY=VALUE")
    asked = {key: _read(text) for key, _, text in (change.partition("=") for change in options.changes)}
    if own := [key for key in ("seed", "split.fold", "dataset") if key in asked]:
        parser.error(f"-S {own[0]}: that is for --seeds, --folds and ARCHIVE to say")
    changes = {**RECOMMENDED, **FOLDS, **asked}
    changes["dataset"] = str(options.archive.resolve())
    with options.archive.open("rb") as file:
        archive = hashlib.file_digest(file, "md5").hexdigest()
    try:
        count = folds(float(str(changes["split.test"])))
    except (ValueError, ArithmeticError):
        parser.error(f"-S split.test={changes['split.test']}: a share of the lines, such as 0.2")
    if options.folds is not None and not 1 <= options.folds <= count:
        parser.error(f"--folds {options.folds}: there are {count}")
    results: dict[str, list[Fold]] = {}
    each = options.folds or count
    clock = Clock(options.seeds * each)
    for seed in range(options.seeds):
        parts = []
        for fold in range(each):
            parts.append(experiment({**changes, "seed": seed, "split.fold": fold}, archive, clock.next()))
            results[f"seed {seed}, fold {fold}"] = parts[-1:]
        results[f"seed {seed}, folds 0 to {len(parts) - 1} pooled"] = parts
    tables.show(table(results), options.csv)
    print()
    tables.show(also(results[f"seed 0, folds 0 to {each - 1} pooled"]))


def _read(text: str) -> str | float | None:
    """A value on the command line, as params.yaml would hold it; text where it is none that a parameter has."""
    try:
        value = YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, IndexError, RecursionError):
        return text
    return value if isinstance(value, str | int | float | None) else text


def _revision(name: str) -> str:
    """The commit of an experiment, empty where there is none of that name."""
    refs = git("for-each-ref", "--format=%(refname) %(objectname)", "refs/exps").splitlines()
    return next((commit for ref, commit in map(str.split, refs) if ref.split("/")[-1] == name), "")


if __name__ == "__main__":
    main()
