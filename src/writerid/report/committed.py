"""Code and data of a commit, by hashes as DVC makes them, so that a run's dvc.lock can be held against them."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from typing import Any

from writerid.base.declaration import CODE
from writerid.repository.git import asked, content


def others(commit: str, lock: Mapping[str, Any]) -> list[str]:
    """Return what of a run's code and data is otherwise in a commit than by the run's `dvc.lock`, sorted.

    Of code that is files and folders, of which DVC notes one hash of all in each; of data, DVC's notes of it. dvc.yaml
    is among them where it runs a stage by another command.
    """
    files, defined = _files(commit), content(commit, "dvc.yaml").get("stages", {})
    made = {str(out["path"]) for stage in lock["stages"].values() for out in stage.get("outs", [])}
    other = set()
    for name, stage in lock["stages"].items():
        if name not in defined:  # left in the lock by a stage that there was once
            continue
        for path, md5 in ((str(dep["path"]), dep.get("md5")) for dep in stage.get("deps", [])):
            if path.startswith(CODE):
                other |= {path} if _hash(path, files) != md5 else set()
            elif path not in made and _noted(path, commit) not in ("", md5):
                other.add(f"{path}.dvc")
        if defined[name].get("cmd") != stage.get("cmd"):
            other.add("dvc.yaml")
    return sorted(other)


def _files(commit: str) -> dict[str, str]:
    """Return the MD5 of each file of code in a commit by its path."""
    there = asked("ls-tree", "--name-only", commit, "--", *(path.rstrip("/") for path in CODE)).splitlines()
    if not there:
        return {}
    packed = asked("archive", "--format=tar", commit, "--", *there).encode("utf-8", "surrogateescape")
    with tarfile.open(fileobj=io.BytesIO(packed)) as tar:
        files = {member.name: tar.extractfile(member) for member in tar}
        return {name: _md5(file.read()) for name, file in files.items() if file}


def _hash(path: str, files: Mapping[str, str]) -> str:
    """Return what dvc.lock would hold of a file or folder, empty where there is none."""
    inside = sorted((name.removeprefix(f"{path}/"), md5) for name, md5 in files.items() if name.startswith(f"{path}/"))
    if not inside:
        return files.get(path, "")
    return _md5(json.dumps([{"md5": md5, "relpath": name} for name, md5 in inside]).encode()) + ".dir"


def _noted(path: str, commit: str) -> str:
    """Return the hash in DVC's note of a file or folder, empty where there is none."""
    return next((str(out.get("md5")) for out in content(commit, f"{path}.dvc").get("outs", [])), "")


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
