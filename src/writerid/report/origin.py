"""Where a run came from: the commit, the machine, and the commands that make it again."""

import re
import shlex
import subprocess
from typing import Any

from ruamel.yaml import YAML

from writerid.dotted import flat
from writerid.report.runs import WORKSPACE, Run
from writerid.report.words import differ_in_dropout, shown

_EXPERIMENT = re.compile(r"refs/exps/[0-9a-f]{2}/[0-9a-f]{38}/[^/]+")


def provenance(run: Run) -> list[tuple[str, str]]:
    """Return what identifies a run, name and value: its commit, data, seed, machine, time and versions."""
    revision = "HEAD" if run.name == WORKSPACE else run.name
    commit = _git("rev-parse", revision) if run.name == WORKSPACE else _commit(run.name)
    edited = ", with changes that are not committed" if run.name == WORKSPACE and _git("status", "--porcelain") else ""
    found = [("run", run.name), ("commit", (commit or "none") + edited)]
    found += [("dataset", str(run.params.get("dataset"))), ("seed", str(run.params.get("seed")))]
    wanted = {str(run.params.get("dataset")): "data", "models/model.keras": "model"}
    found += [(f"MD5 of the {wanted[path]}", md5) for _, path, md5 in run.hashes() if path in wanted]
    versions: dict[str, Any] = run.runtime.get("versions", {})
    if run.runtime:
        found += [
            ("trained in", f"{run.runtime['seconds']:.0f} s on {run.runtime['device']}, {run.runtime['precision']}"),
            ("Python, backend", f"{run.runtime['python']}, {run.runtime['backend']}"),
            ("packages", ", ".join(f"{package} {version}" for package, version in versions.items())),
        ]
    return found


def commands(run: Run) -> list[str]:
    """Return the commands that make a run again in a clone."""
    if run.name != WORKSPACE:
        return [f"dvc exp apply {shlex.quote(run.name)}", "dvc repro", f"make report EXP={shlex.quote(run.name)}"]
    committed = _git("show", "HEAD:params.yaml")
    before = flat(YAML(typ="safe", pure=True).load(committed)) if committed else {}
    changed = [f"{key}={shown(value)}" for key, value in run.params.items() if before.get(key, value) != value]
    again = "dvc exp run" + "".join(f" -S {shlex.quote(change)}" for change in changed) if changed else "make repro"
    return [f"git checkout {_git('rev-parse', 'HEAD') or 'COMMIT'}", again, "make report"]


def dropout_counterpart(run: Run) -> str | None:
    """Return the name of an experiment that differs from a run in nothing but having, or not having, dropout."""
    for name, commit in _experiments():
        params = _git("show", f"{commit}:params.yaml")
        if (
            name != run.name
            and params
            and differ_in_dropout(run.params, flat(YAML(typ="safe", pure=True).load(params)))
        ):
            return name
    return None


def _experiments() -> list[tuple[str, str]]:
    """Return name and commit of DVC's experiments, by name; among its references are others, of work in hand."""
    refs = (
        line.split() for line in _git("for-each-ref", "--format=%(refname) %(objectname)", "refs/exps").splitlines()
    )
    return sorted((ref.split("/")[-1], commit) for ref, commit in refs if _EXPERIMENT.fullmatch(ref))


def _commit(name: str) -> str:
    found = _git("rev-parse", "--verify", "--quiet", f"{name}^{{commit}}")
    if found:
        return found
    return dict(_experiments()).get(name, "")


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
