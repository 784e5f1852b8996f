"""The workspace while experiments are queued.

For each experiment DVC puts away what is not committed, detaches HEAD, sets the parameters, saves that as a stash and
puts everything back. A kill in between leaves HEAD detached, the parameters of one experiment in params.yaml, and
the rest in git's stash. So how things stood is noted before, and put back by the next call.
"""

import contextlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

from writerid.base.errors import InputError
from writerid.base.files import write_json

_NOTE = Path(".dvc/tmp/tune/workspace.json")


@contextlib.contextmanager
def kept() -> Iterator[None]:
    """See that the workspace is afterwards as it was before, or after a kill by the next `put_back`."""
    write_json(_NOTE, {"branch": _branch(), "head": _git("rev-parse", "HEAD"), "changes": _changes()})
    try:
        yield
    finally:
        put_back()


def put_back() -> None:
    """Put branch and uncommitted changes back as they were noted, if a call of `kept` did not come to its end.

    Raises InputError where git cannot.
    """
    try:
        noted = json.loads(_NOTE.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return
    if _git("rev-parse", "HEAD") == noted["head"]:  # else the person has gone on from another commit
        present = _changes()
        if noted["branch"] != _branch() or _tree(noted["changes"]) != _tree(present):
            left = _git("rev-parse", "--quiet", "--verify", "refs/stash", check=False)
            _git("reset", "--hard", "--quiet")
            if noted["branch"]:
                _git("symbolic-ref", "HEAD", noted["branch"])
            if noted["changes"]:
                _git("stash", "apply", "--quiet", noted["changes"])
                if left and _tree(left) == _tree(noted["changes"]):  # DVC's own copy of them
                    _git("stash", "drop", "--quiet")
            kept_as = f"; what was found instead is kept in commit {present[:7]}" if present else ""
            print(f"an interrupt while experiments were queued: the workspace was put back{kept_as}")
    _NOTE.unlink(missing_ok=True)


def _branch() -> str:
    """The branch that HEAD is on, empty where it is on none."""
    return _git("symbolic-ref", "--quiet", "HEAD", check=False)


def _changes() -> str:
    """A commit, on no branch, that holds what is not committed; empty where nothing is."""
    return _git("stash", "create")


def _tree(commit: str) -> str:
    return _git("rev-parse", f"{commit}^{{tree}}") if commit else ""


def _git(*arguments: str, check: bool = True) -> str:
    done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=False)
    if check and done.returncode:
        raise InputError(f"git {' '.join(arguments)}: {done.stderr.strip() or done.returncode}")
    return done.stdout.strip()
