"""What git says of this repository; nothing here changes its files, index or branches."""

import json
import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from writerid.base.errors import InputError


def git(*arguments: str, **environment: str) -> str:
    """Return what a git command writes, its last line break left out; raises InputError where it fails."""
    settings = {**os.environ, "GIT_OPTIONAL_LOCKS": "0", **environment}
    done = subprocess.run(["git", *arguments], capture_output=True, env=settings, check=False)
    if done.returncode:
        raise InputError(f"git {arguments[0]}: {done.stderr.decode('utf-8', 'replace').strip() or done.returncode}")
    return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")


def asked(*arguments: str) -> str:
    """Return what a git command writes, empty where it fails."""
    try:
        return git(*arguments)
    except InputError:
        return ""


def present_tree() -> str:
    """Return the tree of the tracked files as they are in the workspace, committed or not."""
    with tempfile.TemporaryDirectory() as folder:
        index = Path(folder, "index")
        index.write_bytes(Path(git("rev-parse", "--git-path", "index")).read_bytes())
        git("add", "--update", GIT_INDEX_FILE=str(index))
        return git("write-tree", GIT_INDEX_FILE=str(index))


def patch(tree: str) -> str:
    """Return what a tree changes in HEAD, as `git apply` takes it, whatever a person has set for `git diff`."""
    return git("diff-tree", "-p", "--binary", "HEAD", tree)


def content(rev: str, path: str) -> dict[str, Any]:
    """Return what a file of JSON or YAML holds in a commit, {} where it is missing or cannot be read."""
    try:
        text = git("cat-file", "blob", f"{rev}:{path}")
        found = json.loads(text) if path.endswith(".json") else YAML(typ="safe", pure=True).load(text)
    except Exception:  # whatever a damaged file of an old commit makes the parsers say
        return {}
    return found if isinstance(found, dict) else {}
