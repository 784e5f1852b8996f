"""How a stage or a tool runs: its options, its errors as lines of text, signals, one stage at a time in a folder."""

import argparse
import signal
import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import NoReturn

from stages import INTERRUPTED
from writerid.base.errors import InputError, of_system
from writerid.base.interrupts import raise_interrupt
from writerid.base.lifetime import SIGNALS
from writerid.base.lock import lock_folder
from writerid.base.steady import steady


def run(main: Callable[..., None], parser: argparse.ArgumentParser | None = None, *, alone: bool = True) -> NoReturn:
    """Run a main; what people can mend is shown as `error: ...`, anything else keeps its traceback.

    `parser` is of the options that main takes by name; without one there are none, and all are refused. `alone`: only
    one stage at a time works in a folder; not for what only reads, or leaves the stages' outputs alone.
    """
    for number in SIGNALS:
        signal.signal(number, raise_interrupt)  # from here on there may be something to tidy up
    parser = parser or argparse.ArgumentParser(prog=f"python -m {_module(main)}", description=main.__doc__)
    options = parser.parse_args()
    try:
        if alone:
            lock_folder()
        with steady() if alone else nullcontext():
            main(**vars(options))
    except (KeyboardInterrupt, Exception) as error:
        status, message = _ending(error, alone)
    else:
        status, message = 0, ""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # it is done, and only leaves
    if message:
        print(message, file=sys.stderr)
    sys.exit(status)


def _ending(error: BaseException, alone: bool) -> tuple[int, str]:
    """The exit status, and what is said; raises again what no person can mend."""
    # Imports and TensorFlow's tracing turn an interrupt into an error of their own.
    interrupted = signal.getsignal(signal.SIGINT) is not raise_interrupt  # which works once
    if interrupted or isinstance(error, KeyboardInterrupt):
        return 130, INTERRUPTED if alone else "error: interrupted"
    if isinstance(error, InputError):
        return 1, "\n".join(f"error: {line}" for line in str(error).splitlines())
    if isinstance(error, MemoryError):
        return 1, "error: out of memory; close other programs, or take a smaller batch_size"
    if isinstance(error, OSError):
        return 1, f"error: {of_system(error)}"
    raise error


def _module(main: Callable[..., None]) -> str:
    spec = sys.modules[main.__module__].__spec__
    return spec.name if spec else main.__module__
