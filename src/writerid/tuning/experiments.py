"""What experiments ran with and what came of them, whoever ran them: read from git, where DVC keeps them."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pandas as pd
from joblib import Memory

from writerid.base.declaration import CODE, upstream
from writerid.base.dotted import flat
from writerid.base.errors import InputError
from writerid.repository.git import content, git
from writerid.tuning.grid import identity

FOLDER = Path(".dvc/tmp/tune")  # for all that tuning keeps; git and DVC leave it alone
SCORES = ("by_line", "by_crop", "loss", "epoch", "seconds", "device")
CURVES = ("train/loss", "validation/loss", "train/accuracy", "validation/accuracy", "validation/line_accuracy")
METRICS = "metrics/train/metrics.json"
_remembered = Memory(FOLDER, verbose=0).cache  # parsing the files of thousands of experiments takes minutes


def load() -> pd.DataFrame:
    """Return all experiments, the oldest first: name, rev, baseline, params (as in params.yaml), code, data, SCORES.

    `code` and `data` are as `source` has them. Figures are of the best epoch and the validation side, and missing where
    a run stopped before its fit; `seconds` are of the train stage, missing where they were not measured.
    """
    rows = []
    listed = git("for-each-ref", "--sort=committerdate", "--format=%(objectname) %(refname:lstrip=2)", "refs/exps")
    for line in listed.splitlines():
        rev, _, reference = line.partition(" ")
        first, second, name = (*reference.split("/"), "", "")[:3]
        if len(first + second) != len(rev) or not (record := _record(rev)):
            continue  # a reference of DVC's own, or another pipeline
        rows.append({"name": name, "rev": rev, "baseline": first + second, **record})
    return pd.DataFrame(rows, columns=["name", "rev", "baseline", "params", "code", "data", *SCORES])


def source(tree: str, params: Mapping[str, Any]) -> tuple[str, str]:
    """Return git's hashes of what a fit follows from beside parameters, as dvc.yaml declares it in a commit or tree.

    Of the code, with the packages' versions; and of DVC's note of the dataset, empty where the pipeline makes it.
    """
    stages = declared(tree)
    dataset = str(params["dataset"])
    deps = {dep for stage in upstream(stages, "train", dataset) for dep in stages[stage]["deps"]}
    code = git("ls-tree", tree, "--", *sorted(dep for dep in deps if dep.startswith(CODE)))
    note = git("ls-tree", "--object-only", tree, "--", f"{dataset}.dvc")
    return hashlib.blake2b(code.encode(), digest_size=8).hexdigest(), note


def declared(tree: str) -> dict[str, Any]:
    """Return the stages that dvc.yaml declares in a commit or tree; raises InputError where it declares no fit."""
    stages = content(tree, "dvc.yaml").get("stages")
    if not isinstance(stages, dict) or "train" not in stages:
        raise InputError("dvc.yaml: cannot be read, or declares no stage `train`; `dvc stage list` says more")
    return stages


def key(params: Mapping[str, Any], source: tuple[str, str]) -> str:
    """Return a hash that is the same for two runs whose figures must be the same."""
    return hashlib.blake2b(repr((source, identity(params))).encode(), digest_size=16).hexdigest()


def curves(rev: str) -> pd.DataFrame:
    """Return the curves that a fit logged: a row an epoch, a column for each of CURVES."""
    table = pd.DataFrame(columns=list(CURVES), dtype=float)
    for curve in CURVES:
        with suppress(InputError):
            rows = git("cat-file", "blob", f"{rev}:metrics/train/plots/metrics/{curve}.tsv").splitlines()[1:]
            table[curve] = [float(row.split("\t")[1]) for row in rows]
    return table


def crops(params: Mapping[str, Any]) -> int:
    """Return how many crops a fit with these parameters sees: its budget."""
    return int(params["epochs"] * params["steps_per_epoch"] * params["batch_size"])


@_remembered
def _record(rev: str) -> dict[str, Any]:
    """What an experiment's commit says, {} where it is of another pipeline."""
    params = content(rev, "params.yaml")
    try:
        code, data = source(rev, params)
        train = content(rev, "dvc.lock")["stages"]["train"]
        fitted, md5s = flat(train["params"]["params.yaml"]), {out.get("md5") for out in train["outs"]}
    except (KeyError, TypeError, InputError):
        return {}
    record = {"params": params, "code": code, "data": data, **dict.fromkeys(SCORES)}
    best, runtime, mine = content(rev, METRICS).get("best"), content(rev, "metrics/runtime.json"), flat(params)
    if not best or any(mine.get(name) != value for name, value in fitted.items()):
        return record  # stopped before its fit, so that the figures in its commit are of another run
    side = best["validation"]
    record |= {"by_line": side["line_accuracy"], "by_crop": side["accuracy"], "loss": side["loss"]}
    # DVC knows nothing of runtime.json, so a commit may hold one that is of another model.
    timed = runtime if runtime.get("md5") in md5s and not runtime.get("epochs_resumed") else {}
    return record | {"epoch": best["epoch"], "seconds": timed.get("seconds"), "device": timed.get("device")}
