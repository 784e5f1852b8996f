"""Where a run came from: the commit, what differs from it, the machine, and the commands that make it again."""

import re
import shlex
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from writerid.base.declaration import CODE
from writerid.base.dotted import flat
from writerid.base.errors import InputError
from writerid.report.committed import others
from writerid.report.compared import differ_in_dropout, dropout_pair
from writerid.report.runs import MODEL, Run, load
from writerid.repository.dvc import override
from writerid.repository.git import asked, content

_EXPERIMENT = re.compile(r"refs/exps/([0-9a-f]{2})/([0-9a-f]{38})/([^/]+)")  # the commit it started from, its name


@dataclass(frozen=True)
class Origin:
    """What a run started from: a commit, the parameters that differ from it, and the files that do.

    commit: its full name, empty where there is none. params: values by dotted key. files: paths of code, files and
    folders, of dvc.yaml and of DVC's note of the data, that the commit holds otherwise or not at all.
    """

    commit: str
    params: dict[str, Any]
    files: tuple[str, ...]


def origin(run: Run) -> Origin:
    """Find out what a run of the workspace, an experiment, a branch, tag or commit started from."""
    commit = _baseline(run.rev, run.name) or run.rev or asked("rev-parse", "--verify", "--quiet", "HEAD")
    before = flat(content(commit, "params.yaml")) or run.params
    params = {key: value for key, value in run.params.items() if key not in before or before[key] != value}
    return Origin(commit, params, tuple(others(commit, run.lock) if commit and run.lock else _changed(commit, run)))


def provenance(run: Run, source: Origin) -> list[tuple[str, str]]:
    """Return what identifies a run, name and value: its commit, data, seed, machine, time and versions."""
    other = [name for name, there in (("parameters", source.params), ("files", source.files)) if there]
    told = [
        ("run", run.name),
        ("commit", (source.commit or "none") + (f", with other {' and '.join(other)}" if other else "")),
    ]
    told += [("dataset", str(run.params.get("dataset"))), ("seed", str(run.params.get("seed")))]
    wanted = {str(run.params.get("dataset")): "data", MODEL: "model"}
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
    """Return the commands that make a run again in a clone; with other files than the commit's they do not suffice."""
    changes = [_quoted(override(key, value)) for key, value in source.params.items()]
    again = "dvc exp run" + "".join(f" -S {change}" for change in changes) if changes else "make repro"
    return [f"git checkout {source.commit or 'COMMIT'}", again, "make report"]


def dropout_experiment(run: Run) -> tuple[Run, Run] | None:
    """Return a run and an experiment that differ in nothing but dropout, the one without it second; None without one.

    Experiments that have not come to their end, or are of another version, are passed over.
    """
    for name, commit in _experiments():
        if differ_in_dropout(run.params, flat(content(commit, "params.yaml"))):
            with suppress(InputError):
                if pair := dropout_pair([run, replace(load(commit), name=name)]):
                    return pair
    return None


def _experiments() -> list[tuple[str, str]]:
    """Return name and commit of DVC's experiments, by name; among its references are others, of work in hand."""
    refs = (
        line.split() for line in asked("for-each-ref", "--format=%(refname) %(objectname)", "refs/exps").splitlines()
    )
    return sorted((ref.split("/")[-1], commit) for ref, commit in refs if _EXPERIMENT.fullmatch(ref))


def _baseline(rev: str, name: str) -> str:
    """Return the commit that an experiment's commit started from, which is in its reference; empty for what is none.

    Of several references to one commit that of the run's name is meant.
    """
    refs = asked("for-each-ref", "--format=%(refname)", f"--points-at={rev}", "refs/exps") if rev else ""
    named = sorted(refs.splitlines(), key=lambda ref: ref.rpartition("/")[2] != name)
    return next((found[1] + found[2] for found in map(_EXPERIMENT.fullmatch, named) if found), "")


def _changed(commit: str, run: Run) -> list[str]:
    """Return the code that git has otherwise than in a commit; without dvc.lock nobody knows what the stages ran."""
    changed = asked("diff", "--name-only", commit, *([run.rev] if run.rev else []), "--") if commit else ""
    new = "" if run.rev else asked("ls-files", "--others", "--exclude-standard")
    return sorted(path for path in f"{changed}\n{new}".splitlines() if path == "dvc.yaml" or path.startswith(CODE))


def _quoted(text: str) -> str:
    """Return a word for the shell, the readable way if there is one: it may hold the quotes of a value."""
    return f'"{text}"' if "'" in text and not set(text) & set('"$`\\!') else shlex.quote(text)
