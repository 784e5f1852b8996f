"""The command `python -m stages.tune`: what is asked for, and what is told about it."""

import argparse
import contextlib
import fcntl
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from writerid.base.errors import InputError, brief
from writerid.tuning import compare, report, trials
from writerid.tuning.grid import Combination, combinations, only, random_subset, without_seed
from writerid.tuning.queue import Queue
from writerid.tuning.running import Run, in_words, tail
from writerid.tuning.trials import Trial
from writerid.tuning.workers import places
from writerid.tuning.workspace import put_back

Load = Callable[[Path], Mapping[str, Any]]
Check = Callable[[Mapping[str, Any]], object]
_LAST = ("train", "evaluate")  # stages without which there is still something to compare
_LOCK = Path(".dvc/tmp/tune/lock")


def parser() -> argparse.ArgumentParser:
    """The options; their help is the manual."""
    parser = argparse.ArgumentParser(
        prog="python -m stages.tune",
        description="Try the combinations of params.yaml's grid as DVC experiments, and compare what came of them. "
        "What is done already is not done again; interrupted, the same command goes on.",
    )
    add = parser.add_argument
    add("--show", action="store_true", help="only compare what was tried: tables, and pictures under metrics/tuning/")
    add("--dry-run", action="store_true", help="only say what would be run")
    add(
        "-S", "--set-param", action="append", default=[], metavar="KEY=VALUE", help="set a parameter for all, as in DVC"
    )
    add("--only", action="append", default=[], metavar="KEY=V,...", help="only combinations with these values")
    add("--random", type=_natural, metavar="N", help="only N combinations, drawn at random")
    add("--seed", type=int, default=0, help="of that draw (default 0)")
    add("--seeds", type=_natural, default=1, metavar="N", help="run each with N seeds, from that of params.yaml on")
    add("--workers", type=_natural, default=1, metavar="N", help="at once, each with a GPU, or its share of the cores")
    add("--until", choices=_LAST, metavar="STAGE", help=f"stop after this stage: {', '.join(_LAST)} (default: all)")
    add("--strict", action="store_true", help="end where a combination is impossible, before any is run")
    add("--retry", action="store_true", help="run those again that failed")
    add("--curves", nargs="+", default=[], metavar="EXP", help="with --show: draw the curves of these experiments")
    add("--any-code", action="store_true", help="with --show: compare runs of other code than the present, too")
    add("--page", type=Path, default=report.PAGE, metavar="FILE.md", help=f"with --show: default {report.PAGE}")
    return parser


def main(load: Load, check: Check, arguments: Sequence[str]) -> int:
    """Do what the arguments ask for; returns the exit status, 1 if a combination failed.

    `load` reads and checks a params.yaml, `check` the content of one.

    Raises InputError for everything that a person can mend, and KeyboardInterrupt.
    """
    options = parser().parse_args(arguments)
    if not Path("dvc.yaml").is_file():
        raise InputError("dvc.yaml: there is no such file; run from the repository's root")
    if options.page.suffix != ".md":
        raise InputError(f"--page {options.page}: wants a name that ends in .md")
    params = with_changes(load, options.set_param)
    for change in options.set_param:
        if (key := change.lstrip("+~").partition("=")[0]) in params["grid"]:
            raise InputError(
                f"-S {change}: the grid holds values of {key}, which come first; choose with --only {key}=..."
            )
    if options.show:
        show(params, options)
        return 0
    found, impossible = combinations(params, check, options.seeds)
    every = found
    found = only(found, options.only, params["grid"])
    left_out = [
        (reason, named) for reason, each in impossible.items() if (named := only(each, options.only, params["grid"]))
    ]
    for reason, named in left_out:
        print(f"impossible, left out: {', '.join(each.name for each in named)}: {reason}")
    if left_out and options.strict:
        raise InputError(f"{sum(len(named) for _, named in left_out)} impossible (--strict); nothing was run")
    if not found:
        raise InputError("no combination is left to try")
    if options.random:
        if options.random > (count := _count(found)):
            print(f"--random {options.random}: there are only {count} combinations to draw from; all are taken")
        found = random_subset(found, options.random, options.seed)
    if options.dry_run:
        plan(found, params, options.retry, options.workers, names=True)
        return 0
    with _alone():
        return _run(every, found, params, options)


def with_changes(load: Load, changes: Sequence[str]) -> Mapping[str, Any]:
    """The content of params.yaml, with changes as `dvc exp run -S` takes them.

    Raises InputError where it, or a change, is wrong.
    """
    params = load(Path("params.yaml"))
    if not changes:
        return params
    from dvc.exceptions import DvcException
    from dvc.utils.hydra import apply_overrides

    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "params.yaml"
        shutil.copyfile("params.yaml", copy)
        try:
            apply_overrides(copy, list(changes))
        except DvcException as error:
            reason = brief(error.__cause__) if isinstance(error.__cause__, Exception) else brief(error)
            raise InputError(f"-S {' -S '.join(changes)}: {reason}") from None
        try:
            return load(copy)
        except InputError as error:
            raise InputError(str(error).replace(f"{copy}: ", "-S: ")) from None


def plan(
    found: Sequence[Combination], params: Mapping[str, Any], retry: bool, workers: int, *, names: bool = False
) -> tuple[list[Combination], list[Trial], float | None]:
    """Say how much there is to do; returns what is left, what failed before, and the seconds that one may take."""
    known = trials.read()
    code, data = trials.code_now(), trials.data_now(str(params["dataset"]))
    done = {
        trial.key
        for trial in known
        if trial.scores and trial.code == code and (data is None or trial.data == data) and trial.state == "done"
    }
    failed = {trial.key: trial for trial in known if trial.state == "failed"}
    left = [each for each in found if each.key not in done and (retry or each.key not in failed)]
    skipped = [failed[each.key] for each in found if each.key in failed and each.key not in done]
    each_seconds = guess(known, params)
    count = _count(found)
    seeds = f" with {len(found) // count} seeds each" if len(found) > count else ""
    parts = [f"{count} combinations{seeds}: {sum(each.key in done for each in found)} of {len(found)} done"]
    if skipped:
        parts.append(f"{len(skipped)} failed earlier" + (", to be tried again" if retry else ""))
    parts.append(f"{len(left)} to run")
    if left:
        parts.append(
            "how long cannot be told yet, as no run has been timed"
            if each_seconds is None
            else f"about {in_words(each_seconds * len(left) / workers)} of training, by the runs so far"
        )
    print(", ".join(parts))
    if names:
        for each in left:
            print(f"  {each.name}")
    if not retry:
        for trial in skipped:
            print(f"failed earlier: {trial.name} (`dvc queue logs {trial.name}`; --retry runs it again); its log ends")
            print(tail(Path(trial.log) if trial.log and Path(trial.log).is_file() else None))
    return left, [failed[each.key] for each in left if each.key in failed], each_seconds


def guess(known: Sequence[Trial], params: Mapping[str, Any]) -> float | None:
    """Seconds that a fit may take: the mean of those with the same number of crops, or else by crops."""
    wanted = _crops(params)
    timed = [(_crops(each.params), each.scores.seconds) for each in known if each.scores and each.scores.seconds]
    same = [seconds for crops, seconds in timed if crops == wanted]
    if same:
        return sum(same) / len(same)
    if timed:
        return wanted * sum(seconds for _, seconds in timed) / sum(crops for crops, _ in timed)
    return None


def show(params: Mapping[str, Any], options: argparse.Namespace) -> None:
    """Print the tables of all that was tried, and write them, the pictures and their data."""
    known = trials.read()
    code = None if options.any_code else trials.code_now()
    comparison = compare.compare(known, params, code, trials.data_now(str(params["dataset"])))
    if not comparison.rows:
        hint = report.omissions(comparison) or "`python -m stages.tune` runs the grid."
        raise InputError(f"there is nothing to compare yet. {hint}")
    chosen = report.chosen(comparison, options.curves)
    print(report.table(comparison), "", report.importance(*compare.effects(comparison)), sep="\n")
    print("", report.reference(comparison), "", report.omissions(comparison), sep="\n")
    arguments = [part for change in options.set_param for part in ("-S", change)]
    arguments += ["--seeds", str(options.seeds)] if options.seeds > 1 else []
    arguments += ["--until", options.until] if options.until else []
    written = report.write(comparison, params, chosen, options.page, arguments)
    print("written:", ", ".join(map(str, written)))


def _run(
    every: Sequence[Combination], found: Sequence[Combination], params: Mapping[str, Any], options: argparse.Namespace
) -> int:
    where = places(options.workers)
    check_dataset(str(params["dataset"]))
    put_back()
    queue = Queue()
    for _ in range(10):  # workers of a call that was killed end within seconds
        if not queue.is_served():
            break
        time.sleep(1)
    else:
        raise InputError("workers of DVC's queue are at work (`dvc queue status`); wait, or end them: dvc queue stop")
    interrupted = queue.clear_interrupted()
    own = {each.name for each in every}
    stale = {rev: name for rev, name in queue.waiting().items() if name.rpartition("_")[0] in own or name in own}
    queue.remove(list(stale))  # of an earlier call; queued anew, as parameters and code now stand
    if interrupted or stale:
        print(f"an earlier call left {len(interrupted)} unfinished and {len(stale)} queued")
    left, failed, each_seconds = plan(found, params, options.retry, options.workers)
    if options.retry:
        queue.remove([trial.rev for trial in failed])
    if others := queue.waiting():
        print(f"in the queue besides, and run as well: {', '.join(others.values())}")
    if not left and not others:
        print("nothing to run; `python -m stages.tune --show` compares them")
        return 0
    varied = [*params["grid"], *(["seed"] if options.seeds > 1 else [])]
    run = Run(queue, where, options.set_param, options.until, each_seconds, varied)
    run(left)
    print(f"{len(run.succeeded)} done, {len(run.failed)} failed; `python -m stages.tune --show` compares them")
    return 1 if run.failed else 0


def check_dataset(dataset: str) -> None:
    """Refuse a dataset that is in no commit: an experiment runs in a copy that would not have it."""
    made = "data/synthetic.zip"  # by the pipeline itself
    if dataset == made:
        return
    if not Path(f"{dataset}.dvc").is_file():
        raise InputError(f"{dataset}: DVC does not track it, so experiments would not find it; run `dvc add {dataset}`")
    known = subprocess.run(["git", "ls-files", "--error-unmatch", f"{dataset}.dvc"], capture_output=True, check=False)
    if known.returncode:
        raise InputError(f"{dataset}.dvc: not in git, so experiments would not find it; run `git add {dataset}.dvc`")


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """One call runs experiments at a time; the system drops the lock when the process ends, however it ends."""
    _LOCK.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(_LOCK, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError("another `python -m stages.tune` is at work here; --show shows what it has done") from None
    try:
        yield
    finally:
        os.close(handle)


def _count(found: Sequence[Combination]) -> int:
    """How many there are, each counted once whatever its seeds."""
    return len({without_seed(each.params) for each in found})


def _crops(params: Mapping[str, Any]) -> int:
    return int(params["epochs"] * params["steps_per_epoch"] * params["batch_size"])


def _natural(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a number from 1")
    return number
