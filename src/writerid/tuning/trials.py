"""The experiments that DVC knows, whoever started them: what they ran with and what came of it."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.repo.experiments.utils import exp_refs
from dvc.utils.serialize import ParseError, parse_yaml
from scmrepo.exceptions import SCMError

from writerid.base.dotted import flat
from writerid.base.errors import InputError, brief
from writerid.tuning.grid import identity

FITTED_BY = ("synthesize", "map_writers", "split", "crop", "train")  # the stages that validation figures follow from
# What decides which lines are validated on: figures of two runs that differ in these cannot be compared.
DATA = ("dataset", "synthesis", "top_writers", "min_forms", "min_size", "split")
CURVES = {
    "train loss": "train/loss",
    "validation loss": "validation/loss",
    "train accuracy": "train/accuracy",
    "validation accuracy": "validation/accuracy",
    "validation accuracy by line": "validation/line_accuracy",
}
_LIVE = "metrics/train/plots/metrics"


@dataclass(frozen=True)
class Scores:
    """Of the best epoch, on the validation side; seconds of the train stage, None where they were not measured."""

    by_line: float
    by_crop: float
    loss: float
    epoch: int
    seconds: float | None
    device: str | None


@dataclass(frozen=True)
class Trial:
    """An experiment: done, queued, running or failed."""

    name: str
    rev: str
    state: str
    params: Mapping[str, Any]
    code: str  # a digest of the code that the figures follow from
    data: str | None  # the hash of the dataset, as DVC recorded it
    scores: Scores | None = None
    log: str | None = None

    @property
    def key(self) -> str:
        """The same for two trials that differ at most in grid, code and data."""
        return identity(self.params)

    @property
    def flat(self) -> dict[str, Any]:
        """Parameters by dotted name."""
        return flat(self.params)


def read(root: Path = Path()) -> list[Trial]:
    """All experiments of all commits, those that are queued, running or failed among them, the oldest first.

    Raises InputError where DVC cannot read them.
    """
    try:
        return _read(root)
    except (DvcException, SCMError) as error:
        raise InputError(f"DVC cannot read its experiments here: {brief(error)}") from None


def _read(root: Path) -> list[Trial]:
    with Repo(str(root)) as repo:
        queue = repo.experiments.celery_queue
        waiting = [*queue.iter_queued(), *queue.iter_active(), *(result.entry for result in queue.iter_failed())]
        baselines = {ref.baseline_sha for ref in exp_refs(repo.scm)} | {entry.baseline_rev for entry in waiting}
        if not baselines:
            return []
        shown = repo.experiments.show(revs=sorted(baselines), hide_workspace=True)
        trials = []
        seen: set[float] = set()  # a measured time belongs to one run; see _seconds
        for state in shown:
            if state.data:
                seen.add(_runtime(repo, state.rev).get("seconds", -1.0))
        found = [each for state in shown for each in state.experiments or []]
        for each in sorted(found, key=lambda each: _time(each.revs[0])):
            tip = each.revs[0]
            if tip.data is None or "params.yaml" not in tip.data.params:
                continue
            params = tip.data.params["params.yaml"].get("data")
            if not isinstance(params, Mapping):
                continue
            kind = each.executor.state if each.executor else "success"
            log = each.executor.local.log if each.executor and each.executor.local else None
            lock = _lock(repo, tip.rev) if kind == "success" else {}
            trials.append(
                Trial(
                    name=each.name or tip.name or tip.rev[:7],
                    rev=tip.rev,
                    state={"success": "done"}.get(kind, kind),
                    params=params,
                    code=_locked_code(lock),
                    data=_locked_data(lock, str(params.get("dataset"))),
                    scores=_scores(tip.data, lock, params, _runtime(repo, tip.rev), seen),
                    log=log,
                )
            )
        return trials


def curves(root: Path, trial: Trial) -> dict[str, list[float]]:
    """The curves of a trial, a value an epoch, by the names in CURVES; without those it has not logged."""
    found = {}
    with Repo(str(root)) as repo:
        fs = repo.scm.get_fs(trial.rev)
        for name, metric in CURVES.items():
            path = f"{_LIVE}/{metric}.tsv"
            if fs.exists(path):
                with fs.open(path, "r", encoding="utf-8") as file:
                    rows = [line.rstrip("\n").split("\t") for line in file][1:]
                found[name] = [float(row[1]) for row in rows]
    return found


def code_now(root: Path = Path()) -> str:
    """The digest of Trial.code for the code as it stands."""
    stages = parse_yaml((root / "dvc.yaml").read_text(encoding="utf-8"), "dvc.yaml")["stages"]
    deps = {dep for stage in FITTED_BY for dep in stages[stage]["deps"] if dep.endswith(".py")}
    hashes = {dep: hashlib.md5((root / dep).read_bytes()).hexdigest() for dep in deps if (root / dep).is_file()}
    return _digest(hashes)


def data_now(dataset: str, root: Path = Path()) -> str | None:
    """The hash of a dataset that DVC tracks by a .dvc file, None where a stage makes it."""
    tracked = root / f"{dataset}.dvc"
    if not tracked.is_file():
        return None
    outs = parse_yaml(tracked.read_text(encoding="utf-8"), str(tracked)).get("outs") or [{}]
    return outs[0].get("md5")


def _digest(hashes: Mapping[str, str]) -> str:
    return hashlib.blake2b(json.dumps(dict(hashes), sort_keys=True).encode(), digest_size=8).hexdigest()


def _lock(repo: Repo, rev: str) -> dict[str, Any]:
    """The stages of an experiment's dvc.lock; {} where it has none that can be read."""
    try:
        with repo.scm.get_fs(rev).open("dvc.lock", "r", encoding="utf-8") as file:
            return dict(parse_yaml(file.read(), "dvc.lock").get("stages") or {})
    except (OSError, ParseError, AttributeError):
        return {}


def _locked_code(lock: Mapping[str, Any]) -> str:
    deps = [dep for stage in FITTED_BY for dep in lock.get(stage, {}).get("deps", [])]
    return _digest({dep["path"]: dep.get("md5", "") for dep in deps if dep["path"].endswith(".py")})


def _locked_data(lock: Mapping[str, Any], dataset: str) -> str | None:
    deps = lock.get("map_writers", {}).get("deps", [])
    return next((dep.get("md5") for dep in deps if dep["path"] == dataset), None)


def _scores(
    data: Any, lock: Mapping[str, Any], params: Mapping[str, Any], runtime: Mapping[str, Any], seen: set[float]
) -> Scores | None:
    """The figures of a run, None where it stopped before its fit, so that those in its commit are of another run."""
    fitted = flat(lock.get("train", {}).get("params", {}).get("params.yaml", {}))
    mine = flat(params)
    best = (data.metrics.get("metrics/validation.json") or {}).get("data")
    if not fitted or not best or any(mine.get(key) != value for key, value in fitted.items()):
        return None
    return Scores(
        by_line=best["line_accuracy"],
        by_crop=best["accuracy"],
        loss=best["loss"],
        epoch=best["epoch"],
        seconds=_seconds(runtime, seen),
        device=runtime.get("device"),
    )


def _runtime(repo: Repo, rev: str) -> dict[str, Any]:
    try:
        with repo.scm.get_fs(rev).open("metrics/runtime.json", "r", encoding="utf-8") as file:
            return dict(json.load(file))
    except (OSError, ValueError, SCMError):
        return {}


def _seconds(runtime: Mapping[str, Any], seen: set[float]) -> float | None:
    """The time of a fit. Where DVC had the fit's result in its run cache, the file still holds that of another run."""
    seconds = runtime.get("seconds")
    if seconds is None or seconds in seen or runtime.get("epochs_resumed"):
        return None
    seen.add(seconds)
    return float(seconds)


def _time(state: Any) -> float:
    return state.data.timestamp.timestamp() if state.data and state.data.timestamp else 0.0
