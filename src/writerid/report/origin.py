"""Where a run came from: the commit, what differs from it, the machine, and the commands that make it again."""

import re
import shlex
from dataclasses import dataclass
from typing import Any

from ruamel.yaml import YAML

from writerid.base.declaration import CODE
from writerid.base.dotted import flat
from writerid.report.compared import differ_in_dropout
from writerid.report.runs import WORKSPACE, Run
from writerid.report.words import shown
from writerid.repository.git import asked

_EXPERIMENT = re.compile(r"refs/exps/([0-9a-f]{2})/([0-9a-f]{38})/([^/]+)")  # the commit it started from, its name


@dataclass(frozen=True)
class Origin:
    """What a run started from: a commit, the parameters that differ from it, and the files that do.

    commit: its full name, empty where there is none. params: values by dotted key. files: paths of code, the pipeline's
    definition among it, that the commit holds otherwise or not at all.
    """

    commit: str
    params: dict[str, Any]
    files: tuple[str, ...]


def origin(run: Run) -> Origin:
    """Find out what a run of the workspace, an experiment, a branch, tag or commit started from."""
    if run.name == WORKSPACE:
        commit = asked("rev-parse", "--verify", "--quiet", "HEAD")
        changed = (
            asked("diff", "--name-only", "HEAD", "--") + "\n" + asked("ls-files", "--others", "--exclude-standard")
        )
    else:
        result, commit = _commit(run.name), _baseline(run.name) or _commit(run.name)
        changed = asked("diff", "--name-only", commit, result, "--") if commit and result else ""
    committed = asked("show", f"{commit}:params.yaml") if commit else ""
    before = _params(committed) if committed else run.params
    params = {key: value for key, value in run.params.items() if key not in before or before[key] != value}
    return Origin(commit, params, tuple(path for path in sorted(set(changed.splitlines())) if _matters(path, run)))


def provenance(run: Run, source: Origin) -> list[tuple[str, str]]:
    """Return what identifies a run, name and value: its commit, data, seed, machine, time and versions."""
    other = [name for name, there in (("parameters", source.params), ("code", source.files)) if there]
    told = [
        ("run", run.name),
        ("commit", (source.commit or "none") + (f", with other {' and '.join(other)}" if other else "")),
    ]
    told += [("dataset", str(run.params.get("dataset"))), ("seed", str(run.params.get("seed")))]
    wanted = {str(run.params.get("dataset")): "data", "models/model.keras": "model"}
    told += [(f"MD5 of the {wanted[path]}", md5) for _, path, md5 in run.hashes() if path in wanted]
    versions: dict[str, Any] = run.runtime.get("versions", {})
    if run.runtime:
        told += [
            ("training time", f"{run.runtime['seconds']:.0f} s"),
            ("processor", str(run.runtime["device"])),
            ("precision", str(run.runtime["precision"])),
            ("Python, backend", f"{run.runtime['python']}, {run.runtime['backend']}"),
            ("packages", ", ".join(f"{package} {version}" for package, version in versions.items())),
        ]
    return told


def commands(source: Origin) -> list[str]:
    """Return the commands that make a run again in a clone; with other code than the commit's they do not suffice."""
    changes = [shlex.quote(f"{key}={shown(value)}") for key, value in source.params.items()]
    again = "dvc exp run" + "".join(f" -S {change}" for change in changes) if changes else "make repro"
    return [f"git checkout {source.commit or 'COMMIT'}", again, "make report"]


def dropout_counterpart(run: Run) -> str | None:
    """Return the name of an experiment that differs from a run in nothing but having, or not having, dropout."""
    for name, commit in _experiments():
        params = asked("show", f"{commit}:params.yaml")
        if name != run.name and params and differ_in_dropout(run.params, _params(params)):
            return name
    return None


def _experiments() -> list[tuple[str, str]]:
    """Return name and commit of DVC's experiments, by name; among its references are others, of work in hand."""
    refs = (
        line.split() for line in asked("for-each-ref", "--format=%(refname) %(objectname)", "refs/exps").splitlines()
    )
    return sorted((ref.split("/")[-1], commit) for ref, commit in refs if _EXPERIMENT.fullmatch(ref))


def _baseline(name: str) -> str:
    """Return the commit that an experiment started from, which is in its reference; empty for what is none."""
    for ref in asked("for-each-ref", "--format=%(refname)", "refs/exps").splitlines():
        experiment = _EXPERIMENT.fullmatch(ref)
        if experiment and experiment[3] == name:
            return experiment[1] + experiment[2]
    return ""


def _matters(path: str, run: Run) -> bool:
    """Whether what a run does depends on a file that git knows, parameters aside."""
    if path in ("dvc.yaml", "requirements.lock"):
        return True
    stages = run.lock.get("stages", {}).values()
    deps, outs = ({str(item["path"]) for stage in stages for item in stage.get(kind, [])} for kind in ("deps", "outs"))
    if not deps:
        return path.startswith(CODE)
    return any(path == dep or path.startswith(f"{dep}/") for dep in deps - outs)


def _params(text: str) -> dict[str, Any]:
    return flat(YAML(typ="safe", pure=True).load(text))


def _commit(name: str) -> str:
    return asked("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}") or dict(_experiments()).get(name, "")
