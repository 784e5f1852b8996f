"""How every stage ends: done, or with one clear line and an exit status that is not 0."""

import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from stages import INTERRUPTED
from writerid.base.errors import InputError


def run(main: Callable[[], None], *, reads_only: bool = False) -> NoReturn:
    """Run a stage's main; what people can mend is shown as `error: ...`, anything else keeps its traceback.

    `reads_only`: it changes nothing that a stage reads or writes, so that stages may be at work beside it.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _raise_interrupt)  # from here on there may be something to tidy up
    try:
        if not reads_only:
            _alone()
        main()
    except InputError as error:
        status, message = 1, "\n".join(f"error: {line}" for line in str(error).splitlines())
    except KeyboardInterrupt:
        status, message = 130, INTERRUPTED
    except MemoryError:
        status, message = 1, "error: out of memory; close other programs, or take a smaller batch_size"
    except OSError as error:
        if error.errno is None:
            raise
        where = f" ({error.filename})" if error.filename else ""
        status, message = 1, f"error: {error.strerror}{where}; make room or mend the path, then run again"
    else:
        sys.exit(0)
    print(message, file=sys.stderr)
    sys.exit(status)


def _alone() -> None:
    """Let one stage at a time work in a folder; the system drops the lock when the process ends, however it ends."""
    import fcntl

    try:
        fcntl.flock(os.open(".", os.O_RDONLY), fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise InputError("another stage is at work in this folder; wait until it is done, or stop it") from None
    except OSError:
        pass  # a file system without locks


def _raise_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
