"""The code of a commit, hashed as DVC hashes it, so that what a run's dvc.lock holds can be held against it."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from typing import Any

from writerid.base.declaration import CODE
from writerid.repository.git import asked, content


def other_code(commit: str, lock: Mapping[str, Any]) -> list[str]:
    """Return the files and folders of code that are otherwise in a commit than by the `dvc.lock` of a run, sorted.

    Of a folder, DVC notes one hash of all in it. dvc.yaml is among them where it runs a stage by another command.
    """
    files, defined = _files(commit), content(commit, "dvc.yaml").get("stages", {})
    other = set()
    for name, stage in lock["stages"].items():
        if name not in defined:  # left in the lock by a stage that there was once
            continue
        deps = {str(dep["path"]): dep.get("md5") for dep in stage.get("deps", [])}
        other |= {path for path, md5 in deps.items() if path.startswith(CODE) and _hash(path, files) != md5}
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


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
