"""What DVC says of this repository, by its command line, and where it keeps experiments."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from writerid.base.errors import InputError
from writerid.base.schema import SYNTHETIC
from writerid.repository.git import git


def dvc(*arguments: str) -> str:
    """Return what a DVC command writes, empty where it fails."""
    done = subprocess.run([sys.executable, "-m", "dvc", *arguments], capture_output=True, text=True, check=False)
    return "" if done.returncode else done.stdout.strip()


def override(name: str, value: Any) -> str:
    """Return NAME=VALUE as `dvc exp run -S` takes it: it reads a value by Hydra's grammar, and then by OmegaConf's.

    `value` is text, a number, true, false, null, or a list of these; all but the text `???` comes to be as it is here.
    """
    return f"{name}={_written(value)}"


def references(baseline: str) -> str:
    """Return the folder of git references in which DVC keeps the experiments of a commit."""
    return f"refs/exps/{baseline[:2]}/{baseline[2:]}"


def fetch(commit: str, name: str = "*") -> list[str]:
    """Take over the experiments that origin has of a commit, or the one of this name; what is here is not touched.

    Returns the names of those that were left there, as there are other experiments of these names here.
    """
    wanted = f"{references(commit)}/{name}"
    there = (line.split() for line in git("ls-remote", "--refs", "origin", wanted).splitlines())
    here = dict(map(str.split, git("for-each-ref", "--format=%(refname) %(objectname)", wanted).splitlines()))
    others = [ref for rev, ref in there if here.get(ref, rev) != rev]
    # With `fetch.prune` set, git would remove what origin does not have.
    options = ("--quiet", "--no-tags", "--no-prune", "--no-write-fetch-head")
    git("fetch", *options, "origin", f"{wanted}:{wanted}", *(f"^{ref}" for ref in others))
    return [ref.rpartition("/")[2] for ref in others]


def check_dataset(dataset: str, *, elsewhere: bool) -> None:
    """Refuse a dataset that a clone would not find as it is here; `elsewhere`: it comes from the DVC remote."""
    note, here = Path(f"{dataset}.dvc"), Path(dataset).exists()  # an archive, or a folder
    if dataset == SYNTHETIC:
        return
    add, missed = f"run `dvc add {dataset}`", "so trials would not find it"
    status = dvc("status", "--json", str(note)) if note.is_file() else ""
    if not note.is_file() and not here:
        problem = f"there is no such file; put the archive there, and {add}"
    elif not note.is_file():
        problem = f"DVC does not track it, {missed}; {add}"
    elif not git("ls-files", "--", str(note)):
        problem = f"{note} is not in git, {missed}; run `git add {note}`"
    elif "modified" in status:
        problem = f"changed since `dvc add`, so trials would read it as it was; {add}"
    elif "not in cache" in status and not elsewhere:
        problem = f"not in DVC's cache, {missed}; {add if here else f'run `dvc pull {dataset}`'}"
    else:
        return
    raise InputError(f"dataset: {dataset}: {problem}")


def _written(value: Any) -> str:
    if isinstance(value, list):
        return f"[{','.join(map(_written, value))}]"
    if not isinstance(value, str):
        return json.dumps(value)  # a float stays one: 0 for 0.0 would be another hash to DVC
    # Backslashes stand for themselves, but before what they would quote: `${` to OmegaConf, a quote to Hydra.
    text = re.sub(r"(\\*)\$\{", r"\1\1\\${", value)
    return "'" + re.sub(r"(\\*)('|\Z)", lambda found: 2 * found[1] + (r"\'" if found[2] else ""), text) + "'"
