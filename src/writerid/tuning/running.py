"""What is left to run of what is asked for, how long that may take, and running it."""

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd
from tqdm import tqdm

from writerid.base.declaration import providers, read_by
from writerid.base.errors import InputError
from writerid.base.files import atomic
from writerid.tuning.engine import Pool, Share
from writerid.tuning.experiments import FOLDER, content, crops, git, key, references, source
from writerid.tuning.grid import Combination, overrides, show, without_seed
from writerid.tuning.trial import Outcome, Trial

LOGS = FOLDER / "logs"
_MADE = "data/synthetic.zip"  # the dataset that the pipeline makes itself
_SHOWN = 6  # last lines of a log


@dataclass(frozen=True)
class Plan:
    """What is asked for and what is left of it, by key; logs of what failed earlier; seconds that one fit may take."""

    asked: Mapping[str, Combination]
    left: Mapping[str, Combination]
    failed: Sequence[Path]
    seconds: float | None


def check_dataset(dataset: str, *, elsewhere: bool) -> None:
    """Refuse a dataset that a trial would not find as it is here; `elsewhere`: it comes from the DVC remote."""
    note, here = Path(f"{dataset}.dvc"), Path(dataset).is_file()
    if dataset == _MADE:
        return
    status = dvc("status", "--json", str(note)) if note.is_file() else ""
    if not note.is_file() and not here:
        problem = f"there is no such file; put the archive there, and run `dvc add {dataset}`"
    elif not note.is_file():
        problem = f"DVC does not track it, so trials would not find it; run `dvc add {dataset}`"
    elif not git("ls-files", "--", str(note)):
        problem = f"{note} is not in git, so trials would not find it; run `git add {note}`"
    elif "modified" in status:
        problem = f"changed since `dvc add`, so trials would read it as it was; run `dvc add {dataset}`"
    elif "not in cache" in status and not elsewhere:
        problem = f"not in DVC's cache, so trials would not find it; run `dvc {'add' if here else 'pull'} {dataset}`"
    else:
        return
    raise InputError(f"dataset: {dataset}: {problem}")


def shared_home(commit: str) -> str:
    """Return the URL by which the machines of a cluster reach the repository, and take over what they have brought.

    Raises InputError where they would not find the commit there, or have no DVC remote to exchange data by.
    """
    if "origin" not in git("remote").split():
        raise InputError("--address: the machines clone from the git remote 'origin', and there is none; add it")
    if not git("branch", "--remotes", "--contains", commit):
        raise InputError(f"--address: the machines would not find commit {commit[:7]} on origin; run `git push`")
    if not dvc("config", "--project", "core.remote"):
        raise InputError(
            "--address: the machines exchange data by a DVC remote; run `dvc remote add --default NAME URL`"
        )
    fetch(commit)
    return git("remote", "get-url", "origin")


def fetch(commit: str) -> None:
    """Take over the experiments that origin has of a commit."""
    git(
        "fetch",
        "--quiet",
        "--no-tags",
        "--no-write-fetch-head",
        "origin",
        f"+{references(commit)}/*:{references(commit)}/*",
    )


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
    # By fits that saw as many crops, or else by crops.
    timed = ended.dropna(subset="seconds").assign(crops=lambda table: [crops(each) for each in table["params"]])
    same = timed[timed["crops"] == crops(params)]
    rate = (same if len(same) else timed)[["seconds", "crops"]].sum()
    seconds = float(rate["seconds"] / rate["crops"] * crops(params)) if len(timed) else None
    return Plan(keys, left, list(failed.values()), seconds)


def told(plan: Plan, retry: bool, at_once: int = 1) -> str:
    """Return the plan in words; `at_once` is how many fits go on without sharing cores with one another."""
    count = len({without_seed(each.params) for each in plan.asked.values()})
    seeds = f" with {len(plan.asked) // count} seeds each" if len(plan.asked) > count else ""
    failed = 0 if retry else len(plan.failed)
    parts = [f"{count} combinations{seeds}: {len(plan.asked) - len(plan.left) - failed} of {len(plan.asked)} done"]
    parts += [f"{len(plan.failed)} failed earlier" + ", to be tried again" * retry] if plan.failed else []
    parts += [f"{len(plan.left)} to run"]
    if plan.left and plan.seconds is None:
        parts += ["how long cannot be told yet, as no run has been timed"]
    elif plan.left:
        rounds = -(-len(plan.left) // at_once)
        alone = " one after another" if at_once == 1 else ""
        parts += [f"about {tqdm.format_interval((plan.seconds or 0) * rounds)} of training{alone}, by the runs so far"]
    lines = [", ".join(parts)]
    for log in plan.failed if not retry else ():
        lines += [f"failed earlier: {log.stem} (--retry runs it again); {log} ends", tail(log.read_text("utf-8"))]
    return "\n".join(lines)


class Run:
    """The trials of a plan, on their way."""

    def __init__(self, plan: Plan, share: Share, tree: str, varied: Sequence[str], elsewhere: str | None) -> None:
        """`tree` is the code that trials run, `varied` are the parameters that tell one combination from others.

        `elsewhere` is the repository's URL where the machines do not share this one's disk.
        """
        self._plan, self._share, self._tree, self._varied, self._elsewhere = plan, share, tree, varied, elsewhere
        self._commit, self._start = git("rev-parse", "HEAD"), time.monotonic()
        self.done = self.failed = 0

    def __call__(self, set_params: Sequence[str], until: str | None) -> None:
        """Run all to their ends, with what `-S` sets for all, and up to the stage `until`."""
        common: dict[str, Any] = {
            "home": self._elsewhere or str(Path.cwd()),
            "commit": self._commit,
            "patch": git("diff", "--binary", "HEAD", self._tree),
            "targets": (until,) if until else (),
            "threads": self._share.cores,
            "room": None if self._elsewhere else str(FOLDER.resolve()),
            "cache": None if self._elsewhere else dvc("cache", "dir"),
            "links": dvc("config", "cache.type") or "reflink,hardlink,symlink,copy",  # a trial only reads what it finds
        }
        trials = {
            each: Trial(
                name=combination.name,
                overrides=(*set_params, *overrides(combination.changes)),
                data=tuple(note for note in [f"{combination.params['dataset']}.dvc"] if Path(note).is_file()),
                **common,
            )
            for each, combination in self._plan.left.items()
        }
        keys = {trial.name: each for each, trial in trials.items()}
        pool, waiting = Pool(self._share), self._prepare(trials)
        for first, group in waiting.items():
            for trial in [first] if first.prepares else group:
                pool.add(trial)
        try:
            with tqdm(total=len(trials), unit=" trials", disable=None) as bar:
                for trial, outcome in pool.events():
                    for each in waiting[trial] if trial.prepares else [trial]:
                        if outcome and outcome.state == "done" and trial.prepares:
                            pool.add(replace(each, patch=outcome.patch))
                        elif not trial.prepares or (outcome and outcome.state == "failed"):
                            bar.write(self._event(each.name, keys[each.name], outcome), file=sys.stdout)
                    bar.update(self.done + self.failed - bar.n)
        finally:
            if not self._elsewhere:
                shutil.rmtree(FOLDER / "trials", ignore_errors=True)

    def _prepare(self, trials: Mapping[str, Trial]) -> dict[Trial, list[Trial]]:
        """Return groups of trials that read the same crops, by the one that makes these first for all of a group.

        Where trials share a cache and run one after another, no such one is needed.
        """
        stages = content(self._tree, "dvc.yaml")["stages"]
        groups: dict[str, list[Trial]] = {}
        direct: dict[str, tuple[str, ...]] = {}
        for each, trial in trials.items():
            params = self._plan.left[each].params
            dataset = str(params["dataset"])
            made_by = providers(stages, "train", dataset)
            read = {name.partition(".")[0] for stage in made_by for name in read_by(stages, stage, dataset)}
            group = repr([params[name] for name in sorted(read)])
            groups.setdefault(group, []).append(trial)
            direct[group] = tuple(made_by)
        needed = bool(self._elsewhere) or self._share.places > 1
        return {
            replace(group[0], name=f"tune-data-{number}", targets=direct[each], prepares=True)
            if needed and (self._elsewhere or len(group) > 1)
            else group[0]: group
            for number, (each, group) in enumerate(groups.items())
        }

    def _event(self, name: str, key: str, outcome: Outcome | None) -> str:
        """Note what happened to a trial; returns the line to show."""
        if outcome is None:
            changes = self._plan.left[key].changes
            return "started: " + " ".join(f"{each}={show(changes[each])}" for each in self._varied)
        if outcome.state == "lost":
            return f"{name}: its process or its machine was lost; it starts again"
        log = LOGS / f"{name}.log"
        with atomic(log) as temporary:
            temporary.write_text(f"{outcome.state} {key}\n{outcome.log}", encoding="utf-8")
        self.done += outcome.state == "done"
        self.failed += outcome.state == "failed"
        ended, total = self.done + self.failed, len(self._plan.left)
        if outcome.state == "failed":
            return f"[{ended}/{total}] {name}: failed; {log} ends\n{tail(outcome.log)}"
        if self._elsewhere:
            fetch(self._commit)
        best = content(f"{references(self._commit)}/{name}", "metrics/train/metrics.json").get("best")
        figures = "by line {line_accuracy:.4f}, by crop {accuracy:.4f}".format(**best["validation"]) if best else "done"
        left = tqdm.format_interval((time.monotonic() - self._start) / ended * (total - ended))
        return f"[{ended}/{total}] {name}: {figures}" + (f", about {left} left" if ended < total else "")


def dvc(*arguments: str) -> str:
    """Return what a DVC command writes, empty where it fails."""
    done = subprocess.run([sys.executable, "-m", "dvc", *arguments], capture_output=True, text=True, check=False)
    return "" if done.returncode else done.stdout.strip()


def failures() -> dict[str, Path]:
    """Return the logs of trials that failed, by the key of what failed: the first line of a log holds both."""
    first = {log: log.read_text(encoding="utf-8").partition("\n")[0].split() for log in sorted(LOGS.glob("*.log"))}
    return {words[1]: log for log, words in first.items() if words[:1] == ["failed"]}


def tail(text: str) -> str:
    """Return the end of a log, indented; what a stage itself reported as an error, if it did."""
    lines = [line.rstrip() for line in re.split(r"[\r\n]+", text) if line.strip()]
    reported = [line for line in lines if line.startswith("error: ")]
    return "\n".join(f"    {line}" for line in (reported or lines)[-_SHOWN:])
