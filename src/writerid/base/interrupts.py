"""What SIGINT and SIGTERM do to a process: once a KeyboardInterrupt, so that it can tidy up, later its end."""

import os
import signal
import sys
import time
from types import FrameType

from writerid.base.lifetime import SIGNALS

TIDYING = 30  # seconds that an interrupted process has for removing what is half done


def exit_at_once(number: int, frame: FrameType | None) -> None:
    """End without tidying up: as a handler of signals, for when there is nothing to tidy, or it takes too long."""
    print("error: interrupted; the same command goes on", file=sys.stderr, flush=True)
    os._exit(130)


def raise_interrupt(number: int, frame: FrameType | None) -> None:
    """Once: `dvc` and the terminal may both send one; the second must not disturb the tidying up after the first."""
    begun = time.monotonic()

    def later(number: int, frame: FrameType | None) -> None:
        if time.monotonic() > begun + TIDYING:
            exit_at_once(number, frame)

    for each in SIGNALS:
        signal.signal(each, later)
    raise KeyboardInterrupt
