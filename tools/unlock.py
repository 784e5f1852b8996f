"""Mend DVC's own files where a kill in the middle of writing left them empty or cut off, and `dvc repro` refuses them.

    python -m tools.unlock

dvc.lock becomes that of the last commit, if there is one; what had finished since then is done again, with the same
result. One that holds a merge conflict is a person's to settle, and stays as it is.
"""

import re
from pathlib import Path

from dvc.schema import COMPILED_LOCKFILE_SCHEMA
from ruamel.yaml import YAML

from stages.runner import run
from writerid.base.errors import InputError
from writerid.repository.git import asked

HASH = r"[0-9a-f]{32}(\.dir)?"
KEPT = Path(".dvc/tmp/dvc.lock.damaged")


def is_whole(path: Path) -> bool:
    """Whether a file can be read as YAML, of which JSON is a part, and, if it is a lock file, says what DVC wants."""
    try:
        text = path.read_text(encoding="utf-8")
        content = YAML(typ="safe", pure=True).load(text)
        if path.name == "dvc.lock":
            COMPILED_LOCKFILE_SCHEMA(content)
            items = [
                item for stage in content["stages"].values() for key in ("deps", "outs") for item in stage.get(key, [])
            ]
            # What DVC's schema lets pass, and DVC then fails on: half a word at the end, a file without its hash.
            return text.endswith("\n") and all(re.fullmatch(HASH, str(item.get("md5"))) for item in items)
    except Exception:  # two libraries' many kinds; whichever it is, DVC would refuse the file too
        return False
    return isinstance(content, dict)


def in_conflict(path: Path) -> bool:
    """Whether a merge, rebase or stash left a file with both sides in it, or git waits for it to be settled."""
    marked = re.search(rb"^(<{7}|>{7}) ", path.read_bytes(), re.MULTILINE)
    return bool(marked) or bool(asked("ls-files", "--unmerged", "--", str(path)))


def main() -> None:
    """Mend DVC's own files (.dvc/tmp/rwlock, dvc.lock) where a kill left them cut off."""
    lock, running = Path("dvc.lock"), Path(".dvc/tmp/rwlock")
    if running.is_file() and not is_whole(running):
        running.unlink()
        print(f"{running}: an interrupted `dvc` left it cut off; removed")
    if not lock.is_file() or is_whole(lock):
        return
    if in_conflict(lock):
        raise InputError(
            "dvc.lock: holds a merge conflict, and is left as it is; take one side "
            "(`git checkout --ours dvc.lock` or `--theirs`), then run again: `dvc repro` does what differs"
        )
    KEPT.parent.mkdir(parents=True, exist_ok=True)
    lock.replace(KEPT)
    asked("checkout", "--quiet", "HEAD", "--", str(lock))
    what = "as committed" if lock.is_file() else "removed"
    print(f"{lock}: an interrupted `dvc` left it cut off; {what} (what it held is in {KEPT})")


if __name__ == "__main__":
    run(main)
