"""What is left to run of what is asked for, how long that may take, and running it."""

import shutil
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from writerid.base.declaration import providers
from writerid.base.dotted import flat
from writerid.base.errors import InputError, tail
from writerid.base.files import atomic
from writerid.repository.dvc import dvc, fetch, override, references
from writerid.repository.git import content, git, patch
from writerid.tuning.engine import Share, events
from writerid.tuning.experiments import FOLDER, METRICS, crops, declared, key, source
from writerid.tuning.grid import Combination, identity
from writerid.tuning.trial import Outcome, Trial

LOGS = FOLDER / "logs"


@dataclass(frozen=True)
class Plan:
    """What is asked for and what is left of it, by key; logs of what failed earlier; seconds that one fit may take."""

    asked: Mapping[str, Combination]
    left: Mapping[str, Combination]
    failed: Sequence[Path]
    seconds: float | None


def shared_home(commit: str) -> str:
    """Return the URL by which the machines of a cluster reach the repository, and take over what they have brought.

    Raises InputError where they would not find the commit there, or have no DVC remote to exchange data by.
    """
    home = git("remote", "get-url", "origin")
    if not git("for-each-ref", "--contains", commit, "refs/remotes/origin"):
        raise InputError(f"--address: the machines would not find commit {commit[:7]} on origin; run `git push`")
    if not dvc("config", "--project", "core.remote"):
        raise InputError("--address: the machines want a DVC remote; run `dvc remote add --default NAME URL`")
    _take_over(commit)
    return home


def plan(asked: Sequence[Combination], known: pd.DataFrame, tree: str, params: Mapping[str, Any], retry: bool) -> Plan:
    """Return the plan for the combinations asked for, of the code in `tree`.

    Those whose names are taken, by one another or by experiments of this commit but of other code or parameters, get
    others.
    """
    sources = {dataset: source(tree, {"dataset": dataset}) for dataset in {each.params["dataset"] for each in asked}}
    keys = {key(each.params, sources[each.params["dataset"]]): each for each in asked}
    ended = known.dropna(subset="by_line")
    done = {key(each.params, (each.code, each.data)) for each in ended.itertuples()}
    failed = {failure: log for failure, log in failures().items() if failure in keys and failure not in done}
    names = Counter(each.name for each in keys.values())  # letters that git refuses are missing in them
    taken = {name for name, count in names.items() if count > 1} | set(
        known.loc[known["baseline"] == git("rev-parse", "HEAD"), "name"]
    )
    left = {
        each: replace(combination, name=f"{combination.name}_{each[:4]}") if combination.name in taken else combination
        for each, combination in keys.items()
        if each not in done and (retry or each not in failed)
    }
    timed = ended.dropna(subset="seconds")
    rate = float(timed["seconds"].sum() / sum(map(crops, timed["params"]))) if len(timed) else None
    return Plan(keys, left, list(failed.values()), rate and rate * crops(params))


def told(plan: Plan, retry: bool, at_once: int) -> str:
    """Return the plan in words; `at_once` is how many fits go on without sharing cores with one another."""
    count = len({identity(each.params, seed=0) for each in plan.asked.values()})
    seeds = f" with {len(plan.asked) // count} seeds each" if len(plan.asked) > count else ""
    done = len(plan.asked) - len(plan.left) - (0 if retry else len(plan.failed))
    failed = f"{len(plan.failed)} failed earlier, " + "to be tried again, " * retry if plan.failed else ""
    text = f"{count} combinations{seeds}: {done} of {len(plan.asked)} done, {failed}{len(plan.left)} to run"
    if plan.left and plan.seconds is None:
        text += ", how long cannot be told yet, as no run has been timed"
    elif plan.left:
        interval = tqdm.format_interval((plan.seconds or 0) * -(-len(plan.left) // at_once))
        text += f", about {interval} of training{' one after another' * (at_once == 1)}, by the runs so far"
    for log in plan.failed if not retry else ():
        text += f"\nfailed earlier: {log.stem} (--retry runs it again); {log} ends\n{tail(log.read_text('utf-8'))}"
    return text


def run(
    plan: Plan, share: Share, tree: str, elsewhere: str | None, changes: Sequence[str], until: str | None
) -> Counter[str]:
    """Run what is left of a plan by the code in `tree`, up to a stage; returns how many are `done` and `failed`.

    `elsewhere` is the repository's URL where machines do not share this one's disk; `changes` are what `-S` sets.
    """
    start, counts = time.monotonic(), Counter[str]()
    shared: dict[str, Any] = {
        "home": elsewhere or str(Path.cwd()),
        "commit": git("rev-parse", "HEAD"),
        "patch": patch(tree),
        "targets": (until,) if until else (),
        "threads": share.cores,
        "room": None if elsewhere else str(FOLDER.resolve()),
        "cache": None if elsewhere else dvc("cache", "dir"),
        "links": dvc("config", "cache.type") or "reflink,hardlink,symlink,copy",  # a trial only reads what it finds
    }
    trials = []
    for each, combination in plan.left.items():
        data = [note for note in [f"{combination.params['dataset']}.dvc"] if Path(note).is_file()]
        trials.append(Trial(combination.name, each, overrides(combination, changes), data=tuple(data), **shared))
    try:
        if elsewhere or (share.places > 1 and len(trials) > 1):
            # The crops that the first reads are made first. What fails at it fails in the trials, and is told of there.
            dataset = plan.left[trials[0].key].params["dataset"]
            makers = providers(declared(tree), "train", dataset)
            first = replace(trials[0], name="tune-data", targets=tuple(makers), prepares=True)
            *_, (_, made) = events(share, [first])
            trials = [replace(each, patch=made.patch) for each in trials] if made and made.patch else trials
        for trial, outcome in events(share, trials):
            line = _event(trial, outcome, fetched=elsewhere is not None)
            if outcome and outcome.state != "lost":
                counts[outcome.state] += 1
                left = (time.monotonic() - start) / counts.total() * (len(trials) - counts.total())
                line = f"[{counts.total()}/{len(trials)}, about {tqdm.format_interval(left)} left] {line}"
            print(line, flush=True)
    finally:
        if not elsewhere:
            shutil.rmtree(FOLDER / "trials", ignore_errors=True)
    return counts


def overrides(combination: Combination, changes: Sequence[str]) -> tuple[str, ...]:
    """Return what `dvc exp run -S` is told: values that a combination sets, and those that `changes` name, of its own.

    The values are those that were checked, written anew: what YAML reads as text here, such as a path with brackets or
    an umlaut, is none to DVC, which reads by Hydra's grammar.
    """
    named = [change.partition("=")[0] for change in changes] + [*combination.changes]
    values = flat(combination.params).items()
    return tuple(override(key, value) for key, value in values if any(f"{key}.".startswith(f"{n}.") for n in named))


def _take_over(commit: str, name: str = "*") -> None:
    """Fetch what the machines have brought to origin, and tell of what must stay there."""
    if kept := ", ".join(fetch(commit, name)):
        print(f"left on origin, as you have other experiments of these names (`dvc exp rename` frees them): {kept}")


def _event(trial: Trial, outcome: Outcome | None, fetched: bool) -> str:
    """Note what happened to a trial; returns the line to show."""
    if outcome is None:
        return f"{trial.name}: started"
    if outcome.state == "lost":
        return f"{trial.name}: its process or its machine was lost; it starts again"
    log = LOGS / f"{trial.name}.log"
    with atomic(log) as temporary:
        temporary.write_text(f"{outcome.state} {trial.key}\n{outcome.log}", encoding="utf-8")
    if outcome.state == "failed":
        return f"{trial.name}: failed; {log} ends\n{tail(outcome.log)}"
    if fetched:
        _take_over(trial.commit, trial.name)
    best = content(f"{references(trial.commit)}/{trial.name}", METRICS).get("best")
    figures = "by line {line_accuracy:.4f}, by crop {accuracy:.4f}".format(**best["validation"]) if best else "done"
    return f"{trial.name}: {figures}"


def failures() -> dict[str, Path]:
    """Return the logs of trials that failed, by the key of what failed: the first line of a log holds both."""
    first = {log: log.read_text(encoding="utf-8").partition("\n")[0].split() for log in sorted(LOGS.glob("*.log"))}
    return {words[1]: log for log, words in first.items() if words[:1] == ["failed"]}
