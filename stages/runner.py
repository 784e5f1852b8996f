"""How every stage ends: done, or with one clear line and an exit status that is not 0."""

import errno
import signal
import sys
from collections.abc import Callable
from types import FrameType
from typing import NoReturn

from writerid.errors import InputError


def run(main: Callable[[], None]) -> NoReturn:
    """Run a stage's main; what people can mend is shown as `error: ...`, anything else keeps its traceback."""
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        main()
    except InputError as error:
        status, message = 1, "\n".join(f"error: {line}" for line in str(error).splitlines())
    except KeyboardInterrupt:
        status, message = 130, "error: interrupted; `dvc repro` goes on (a fit: after its last finished epoch)"
    except MemoryError:
        status, message = 1, "error: out of memory; close other programs, or take a smaller batch_size"
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EACCES, errno.EROFS, errno.EDQUOT):
            raise
        where = f" ({error.filename})" if error.filename else ""
        status, message = (
            1,
            f"error: {error.strerror}{where}; make room or mend the permissions, then run again",
        )
    else:
        sys.exit(0)
    sys.exit(_say(status, message))


def _say(status: int, message: str) -> int:
    print(message, file=sys.stderr)
    return status


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
