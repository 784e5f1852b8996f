"""The code that a stage depends on, as dvc.yaml declares it: DVC watches it, and keys of our own hash it."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[3]
CODE = ("src/", "stages/", "requirements.lock")


def code(stage: str, root: Path = ROOT) -> list[Path]:
    """Return the code among a stage's deps, sorted: single files, all Python files in folders, and the lock file."""
    files: set[Path] = set()
    for dep in _declared(stage, root)["deps"]:
        if dep.startswith(CODE):
            path = root / dep
            files |= set(path.rglob("*.py")) if path.is_dir() else {path}
    return sorted(files)


def parameters(stage: str) -> list[str]:
    """Return the parameters, and groups of them, that a stage reads."""
    return [_name(each) for each in _declared(stage, ROOT).get("params", [])]


def digest(stage: str, root: Path = ROOT) -> str:
    """Return a hash of a stage's code and of the versions of the packages it runs with."""
    hashed = hashlib.blake2b(digest_size=16)
    for path in code(stage, root):
        hashed.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return hashed.hexdigest()


def providers(stages: Mapping[str, Any], stage: str, dataset: str) -> list[str]:
    """Return the stages whose outputs a stage reads, as dvc.yaml declares them."""
    deps = {dep.replace("${dataset}", dataset) for dep in stages[stage]["deps"]}
    return [
        name for name, each in stages.items() if deps & {*map(_name, each.get("outs", []) + each.get("metrics", []))}
    ]


def upstream(stages: Mapping[str, Any], last: str, dataset: str) -> list[str]:
    """Return a stage, and the stages that it needs."""
    needed = [last]
    for stage in needed:
        needed += [each for each in providers(stages, stage, dataset) if each not in needed]
    return needed


def read_by(stages: Mapping[str, Any], last: str, dataset: str) -> set[str]:
    """Return the parameters that a stage, and those that it needs, read."""
    return {_name(each) for stage in upstream(stages, last, dataset) for each in stages[stage].get("params", [])}


def _declared(stage: str, root: Path) -> dict[str, Any]:
    stages = YAML(typ="safe", pure=True).load((root / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    return dict(stages[stage])


def _name(entry: Any) -> str:
    return str(entry if isinstance(entry, str) else next(iter(entry)))
