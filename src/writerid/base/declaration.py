"""The code that a stage depends on, as dvc.yaml declares it: DVC watches it, and keys of our own hash it."""

import hashlib
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[3]
CODE = ("src/", "stages/", "requirements.lock")


def code(stage: str, root: Path = ROOT) -> list[Path]:
    """Return the code among a stage's deps, sorted: single files, all Python files in folders, and the lock file."""
    stages = YAML(typ="safe", pure=True).load((root / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    files: set[Path] = set()
    for dep in stages[stage]["deps"]:
        if dep.startswith(CODE):
            path = root / dep
            files |= set(path.rglob("*.py")) if path.is_dir() else {path}
    return sorted(files)


def digest(stage: str, root: Path = ROOT) -> str:
    """Return a hash of a stage's code and of the versions of the packages it runs with."""
    hashed = hashlib.blake2b(digest_size=16)
    for path in code(stage, root):
        hashed.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return hashed.hexdigest()
