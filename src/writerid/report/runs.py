"""What a run left, of the workspace or of an experiment, as far as the page tells of it."""

import csv
import hashlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dvc.api import DVCFileSystem
from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.scm import RevError, resolve_rev
from dvc_data.index import DataIndexError
from ruamel.yaml import YAML

from writerid.base.declaration import CODE
from writerid.base.dotted import flat
from writerid.base.errors import InputError, brief
from writerid.repository.git import asked

WORKSPACE = "workspace"
MAKE = "`dvc repro` makes it, or says what stops it"
MODEL = "models/model.keras"
TEST = "metrics/test/scores.json"
EXPLAINED = "metrics/explain.json"
MEASURED = ("metrics/train/metrics.json", TEST, EXPLAINED)
GONE = "gone"  # what is said of a parameter that params.yaml lacks
UNSEEN = "metrics/test/unseen.json"
OF_UNSEEN = ("tippett", "cross_entropy", "enrolment", "coverage")  # tables in metrics/unseen/ that charts are drawn of
NUMBERS = {
    "share", "accuracy", "confidence", "low", "high", "probability", "x", "y", "line_accuracy", "crop_accuracy",
    "log10_ratio", "log10_odds", "bits", "eer", "answered", "right", "ratio", "likeness",
}  # fmt: skip
Read = Callable[[str], bytes | None]  # the content of a file by its path in the repository, None where it is not there


@dataclass(frozen=True)
class Run:
    """One run: its name, parameters by dotted key, measures, curves `[side][name]`, tables by name, and its files.

    rev: the full name of its commit, which an experiment has as well; empty for the workspace's. lock: what dvc.lock
    holds, empty where it is not of this run. edited: the values in params.yaml, by dotted key, that are not what the
    stages ran with; `params` holds what they ran with. mixed: what train, evaluate and explain wrote that is not of the
    run that dvc.lock holds, where some of it is and some is not.
    """

    name: str
    rev: str
    params: dict[str, Any]
    edited: dict[str, Any]
    mixed: list[str]
    test: dict[str, Any]
    unseen: dict[str, Any]
    explain: dict[str, Any]
    train: dict[str, Any]
    dataset: dict[str, Any]
    split: dict[str, Any]
    runtime: dict[str, Any]
    curves: dict[str, dict[str, list[float]]]
    tables: dict[str, list[dict[str, str]]]
    lock: dict[str, Any]
    read: Read = field(repr=False)

    def hashes(self) -> list[tuple[str, str, str]]:
        """Return (stage, file, md5) of the dataset and of what the stages made, from dvc.lock."""
        stages = self.lock.get("stages", {})
        items = [item for stage in stages.values() for key in ("outs", "deps") for item in stage.get(key, [])]
        files = {(str(item["path"]), str(item.get("md5", ""))) for item in items}
        made = {str(item["path"]): stage for stage, parts in stages.items() for item in parts.get("outs", [])}
        return sorted((made.get(path, "given"), path, md5) for path, md5 in files if not path.startswith(CODE))


def load(name: str) -> Run:
    """Load the workspace's run, or that of an experiment, branch, tag or commit.

    Raises InputError where there is no such run, or it has not come to its end.
    """
    rev, read = ("", _workspace) if name == WORKSPACE else _revision(name)

    def document(path: str, *, needed: bool = True) -> dict[str, Any]:
        content = read(path)
        if content is None and not needed:
            return {}
        if content is None:
            raise InputError(f"{name}: has no {path}; {MAKE}")
        try:
            mapping = json.loads(content) if path.endswith(".json") else YAML(typ="safe", pure=True).load(content)
        except Exception as error:  # two libraries' many kinds
            raise InputError(f"{name}: {path} cannot be read ({brief(error)}); {MAKE}") from None
        if not isinstance(mapping, dict):
            raise InputError(f"{name}: {path} holds no mapping; {MAKE}")
        return mapping

    def rows(path: str, delimiter: str = ",", count: int | None = None) -> list[dict[str, str]]:
        content = read(path)
        if content is None:
            raise InputError(f"{name}: has no {path}; {MAKE}")
        table = list(csv.DictReader(io.StringIO(content.decode("utf-8", "replace"), newline=""), delimiter=delimiter))
        cut = any(None in row or None in row.values() for row in table)  # cells without a name, names without a cell
        if cut or not content.endswith(b"\n") or (not table if count is None else len(table) != count):
            raise InputError(f"{name}: {path} is cut off or damaged; bring it back, or run `dvc repro --force`")
        for row in table:
            _ = [float(row[column]) for column in row.keys() & NUMBERS]
        return table

    def curve(side: str, measure: str) -> list[float]:
        return [float(row[measure]) for row in rows(f"metrics/train/plots/metrics/{side}/{measure}.tsv", "\t")]

    params, lock = document("params.yaml"), document("dvc.lock", needed=False)
    try:
        written = flat(params)
        counts = {table: int(count) for table, count in document("metrics/explain/rows.json").items()}
        if _of_other_model(lock, "evaluate"):
            raise InputError(
                f"{name}: evaluate has not run since its model was trained (`--until train`); "
                "run it without that, or `dvc exp apply` it and `dvc repro`"
            )
        mixed = [path for path in MEASURED if not _of(lock, path, read(path))] if lock else []
        if _of_other_model(lock, "explain"):
            mixed = list(dict.fromkeys([*mixed, EXPLAINED]))
        mixed = mixed if len(mixed) < len(MEASURED) else []
        lock = lock if _of(lock, TEST, read(TEST)) else {}
        used = _used(lock)
        return Run(
            name=name,
            rev=rev,
            params=written | used,
            mixed=mixed,
            edited={key: written.get(key, GONE) for key, value in used.items() if written.get(key, GONE) != value},
            test=document(TEST),
            unseen=(unseen := document(UNSEEN)),
            explain=document(EXPLAINED),
            train=document("metrics/train/metrics.json"),
            dataset=document("metrics/dataset.json"),
            split=document("metrics/split.json"),
            runtime=document("metrics/runtime.json", needed=False),
            curves={
                "train": {measure: curve("train", measure) for measure in ("loss", "accuracy")},
                "validation": {each: curve("validation", each) for each in ("loss", "accuracy", "line_accuracy")},
            },
            tables={
                "writers": rows("metrics/writers.csv"),
                **{table: rows(f"metrics/explain/{table}.csv", count=count) for table, count in counts.items()},
                **{name: rows(f"metrics/unseen/{name}.csv", count=unseen["rows"][name]) for name in OF_UNSEEN},
            },
            lock=lock,
            read=read,
        )
    except (AttributeError, KeyError, TypeError, ValueError, csv.Error) as error:
        raise InputError(
            f"{name}: its files in metrics/ are damaged or of another version ({brief(error)}); "
            "`dvc repro` makes them anew"
        ) from None


def _of(lock: dict[str, Any], path: str, content: bytes | None) -> bool:
    """Whether dvc.lock holds a file as it is; stages that were run without DVC leave the lock as it was."""
    outs = [out for stage in lock.get("stages", {}).values() for out in stage.get("outs", []) if out["path"] == path]
    return bool(outs) and hashlib.md5(content or b"", usedforsecurity=False).hexdigest() == outs[0].get("md5")


def _of_other_model(lock: dict[str, Any], reporter: str) -> bool:
    """Whether what a stage reports is of another model than train made, as after a run that ended before the stage."""
    stages = lock.get("stages", {})
    made, judged = (
        {item["md5"] for item in stages.get(stage, {}).get(key, []) if item["path"] == MODEL}
        for stage, key in (("train", "outs"), (reporter, "deps"))
    )
    return bool(made and judged) and made != judged


def _used(lock: dict[str, Any]) -> dict[str, Any]:
    """Return the parameters, by dotted key, that dvc.lock says the stages ran with."""
    stages = lock.get("stages", {}).values()
    return {
        key: value for stage in stages for key, value in flat(stage.get("params", {}).get("params.yaml", {})).items()
    }


def _workspace(path: str) -> bytes | None:
    return Path(path).read_bytes() if Path(path).is_file() else None


def _revision(name: str) -> tuple[str, Read]:
    """Return the commit that DVC takes a name for, and what reads its files."""
    try:
        with Repo() as repo:
            rev = resolve_rev(repo.scm, name)
        files = DVCFileSystem(rev=rev)
    except (RevError, DvcException) as error:
        named = asked("for-each-ref", "--format=%(objectname:short)", f"refs/exps/*/*/{name}").split()
        if len(named) > 1:
            told = f"experiments of {len(named)} commits have this name, and none is of the present one"
            raise InputError(f"{name}: {told}; give one by its hash: {', '.join(named)}") from None
        raise InputError(f"{name}: no experiment, branch, tag or commit ({brief(error)}); see `dvc exp list`") from None

    def read(path: str) -> bytes | None:
        try:
            with files.open(path, "rb") as file:
                return bytes(file.read())
        except (FileNotFoundError, DvcException, DataIndexError):  # the last: pictures that this machine has never had
            return None

    return rev, read
