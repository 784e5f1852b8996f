"""How every stage ends: done, or with one clear line and an exit status that is not 0."""

import errno
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from writerid.errors import InputError

INTERRUPTED = "error: interrupted; `dvc repro` goes on (a fit: after its last finished epoch)"


def run(main: Callable[[], None]) -> NoReturn:
    """Run a stage's main; what people can mend is shown as `error: ...`, anything else keeps its traceback."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _raise_interrupt)  # from here on there may be something to tidy up
    try:
        main()
    except InputError as error:
        status, message = 1, "\n".join(f"error: {line}" for line in str(error).splitlines())
    except KeyboardInterrupt:
        status, message = 130, INTERRUPTED
    except MemoryError:
        status, message = 1, "error: out of memory; close other programs, or take a smaller batch_size"
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT):
            raise
        where = f" ({error.filename})" if error.filename else ""
        status, message = 1, f"error: {error.strerror}{where}; make room or mend the permissions, then run again"
    else:
        sys.exit(0)
    print(message, file=sys.stderr)
    sys.exit(status)


def _raise_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _exit_at_once(number: int, frame: FrameType | None) -> None:
    print(INTERRUPTED, file=sys.stderr, flush=True)
    os._exit(130)


# Importing TensorFlow takes seconds, in which an interrupt would show the inside of some import. Worker processes,
# which import this too, leave the keyboard to the process that started them.
if multiprocessing.current_process().name == "MainProcess":
    for _number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(_number, _exit_at_once)
else:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
