"""Processes that do not outlive the one that started them."""

import os
import threading
import time
from collections.abc import Callable


def end_with(parent: int, end: Callable[[], None]) -> None:
    """Call `end`, from a thread that watches, once `parent` is no longer the parent of this process."""

    def watch() -> None:
        while os.getppid() == parent:
            time.sleep(0.5)
        end()

    threading.Thread(target=watch, daemon=True).start()
