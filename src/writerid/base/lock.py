"""One stage at a time works in a folder."""

from pathlib import Path

from filelock import FileLock, Timeout

from writerid.base.errors import InputError

LOCK = Path(".dvc/tmp/stage.lock")
_lock_file = FileLock(LOCK)


def lock_folder() -> None:
    """Keep the folder to this process until it ends, however it ends; raises InputError where another one has it."""
    LOCK.parent.mkdir(parents=True, exist_ok=True)
    try:
        _lock_file.acquire(blocking=False)
    except Timeout:
        raise InputError("another stage is at work in this folder; wait until it is done, or stop it") from None
