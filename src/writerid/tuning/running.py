"""What is left to run of what is asked for, how long that may take, and running it."""

import json
import re
import shutil
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from writerid.base.declaration import providers
from writerid.base.errors import InputError
from writerid.base.files import atomic
from writerid.repository.dvc import dvc, references
from writerid.repository.git import content, git
from writerid.tuning.engine import Share, events
from writerid.tuning.experiments import FOLDER, METRICS, crops, key, source
from writerid.tuning.grid import Combination, identity, show
from writerid.tuning.trial import Outcome, Trial

LOGS = FOLDER / "logs"
_SHOWN = 6  # last lines of a log


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
    if not git("branch", "--remotes", "--contains", commit):
        raise InputError(f"--address: the machines would not find commit {commit[:7]} on origin; run `git push`")
    if not dvc("config", "--project", "core.remote"):
        raise InputError("--address: the machines want a DVC remote; run `dvc remote add --default NAME URL`")
    fetch(commit)
    return home


def fetch(commit: str) -> None:
    """Take over the experiments that origin has of a commit."""
    folder = references(commit)
    git("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "origin", f"+{folder}/*:{folder}/*")


def plan(asked: Sequence[Combination], known: pd.DataFrame, tree: str, params: Mapping[str, Any], retry: bool) -> Plan:
    """Return the plan for the combinations asked for, of the code in `tree`.

    Those whose names are taken, by experiments of this commit but of other code or parameters, get others.
    """
    sources = {dataset: source(tree, {"dataset": dataset}) for dataset in {each.params["dataset"] for each in asked}}
    keys = {key(each.params, sources[each.params["dataset"]]): each for each in asked}
    ended = known.dropna(subset="by_line")
    done = {key(each.params, (each.code, each.data)) for each in ended.itertuples()}
    failed = {failure: log for failure, log in failures().items() if failure in keys and failure not in done}
    taken = set(known.loc[known["baseline"] == git("rev-parse", "HEAD"), "name"])
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


@dataclass
class Run:
    """The trials of a plan, on their way.

    `tree` is the code that they run, `varied` are the parameters that tell one combination from others. `elsewhere` is
    the repository's URL where the machines do not share this one's disk.
    """

    plan: Plan
    share: Share
    tree: str
    varied: Sequence[str]
    elsewhere: str | None
    done: int = 0
    failed: int = 0

    def __call__(self, set_params: Sequence[str], until: str | None) -> None:
        """Run all to their ends, with what `-S` sets for all, and up to the stage `until`."""
        self._commit, self._start = git("rev-parse", "HEAD"), time.monotonic()
        shared: dict[str, Any] = {
            "home": self.elsewhere or str(Path.cwd()),
            "commit": self._commit,
            "patch": git("diff", "--binary", "HEAD", self.tree),
            "targets": (until,) if until else (),
            "threads": self.share.cores,
            "room": None if self.elsewhere else str(FOLDER.resolve()),
            "cache": None if self.elsewhere else dvc("cache", "dir"),
            "links": dvc("config", "cache.type") or "reflink,hardlink,symlink,copy",  # a trial only reads what it finds
        }
        trials = []
        for each, combination in self.plan.left.items():
            data = [note for note in [f"{combination.params['dataset']}.dvc"] if Path(note).is_file()]
            # A float stays one: 0 for 0.0 would be another hash to DVC, and the stages would run again.
            changes = (*set_params, *(f"{name}={json.dumps(value)}" for name, value in combination.changes.items()))
            trials.append(Trial(combination.name, each, overrides=changes, data=tuple(data), **shared))
        try:
            for trial, outcome in events(self.share, self._prepared(trials)):
                print(self._event(trial, outcome), flush=True)
        finally:
            if not self.elsewhere:
                shutil.rmtree(FOLDER / "trials", ignore_errors=True)

    def _prepared(self, trials: Sequence[Trial]) -> Sequence[Trial]:
        """Make the crops that the first trial reads; return the trials, which find them.

        What fails here fails in the trials, too, and is told of there. Trials that share a cache and run one after
        another need no such start, nor do those of other crops gain by it.
        """
        if not self.elsewhere and (self.share.places == 1 or len(trials) == 1):
            return trials
        dataset = self.plan.left[trials[0].key].params["dataset"]
        makers = providers(content(self.tree, "dvc.yaml")["stages"], "train", dataset)
        first = replace(trials[0], name="tune-data", targets=tuple(makers), prepares=True)
        *_, (_, made) = events(self.share, [first])
        return [replace(each, patch=made.patch) for each in trials] if made and made.patch else trials

    def _event(self, trial: Trial, outcome: Outcome | None) -> str:
        """Note what happened to a trial; returns the line to show."""
        if outcome is None:
            changes = self.plan.left[trial.key].changes
            return "started: " + " ".join(f"{each}={show(changes[each])}" for each in self.varied)
        if outcome.state == "lost":
            return f"{trial.name}: its process or its machine was lost; it starts again"
        log = LOGS / f"{trial.name}.log"
        with atomic(log) as temporary:
            temporary.write_text(f"{outcome.state} {trial.key}\n{outcome.log}", encoding="utf-8")
        self.done += outcome.state == "done"
        self.failed += outcome.state == "failed"
        ended, total = self.done + self.failed, len(self.plan.left)
        if outcome.state == "failed":
            return f"[{ended}/{total}] {trial.name}: failed; {log} ends\n{tail(outcome.log)}"
        if self.elsewhere:
            fetch(self._commit)
        best = content(f"{references(self._commit)}/{trial.name}", METRICS).get("best")
        figures = "by line {line_accuracy:.4f}, by crop {accuracy:.4f}".format(**best["validation"]) if best else "done"
        left = tqdm.format_interval((time.monotonic() - self._start) / ended * (total - ended))
        return f"[{ended}/{total}] {trial.name}: {figures}" + (f", about {left} left" if ended < total else "")


def failures() -> dict[str, Path]:
    """Return the logs of trials that failed, by the key of what failed: the first line of a log holds both."""
    first = {log: log.read_text(encoding="utf-8").partition("\n")[0].split() for log in sorted(LOGS.glob("*.log"))}
    return {words[1]: log for log, words in first.items() if words[:1] == ["failed"]}


def tail(text: str) -> str:
    """Return the end of a log, indented; what a stage itself reported as an error, if it did."""
    lines = [line.rstrip() for line in re.split(r"[\r\n]+", text) if line.strip()]
    reported = [line for line in lines if line.startswith("error: ")]
    return "\n".join(f"    {line}" for line in (reported or lines)[-_SHOWN:])
