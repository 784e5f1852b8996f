"""Processes that do not outlive the one that started them."""

import os
import threading
import time
from collections.abc import Callable

import psutil


def started_by() -> int:
    """The process that started this one by way of a shell, as `dvc` does; some shells become the command, some stay."""
    shell = os.environ.get("SHELL") or "/bin/sh"  # as DVC chooses it
    try:
        parents = psutil.Process().parents()[:2]
        return int(parents[-1].pid if parents[0].cmdline()[:1] == [shell] else parents[0].pid)
    except (psutil.Error, IndexError):
        return os.getppid()


def end_with(number: int, end: Callable[[], None]) -> None:
    """Call `end`, from a thread that watches, once process `number` has ended."""
    watched = psutil.Process(number) if psutil.pid_exists(number) else None

    def watch() -> None:
        while _runs(watched):
            time.sleep(0.5)
        end()

    threading.Thread(target=watch, daemon=True).start()


def _runs(process: psutil.Process | None) -> bool:
    try:
        return process is not None and process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
