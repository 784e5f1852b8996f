"""Processes that do not outlive the one that started them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from multiprocessing import resource_tracker
from pathlib import Path
from typing import Any

import psutil

SIGNALS = (signal.SIGINT, signal.SIGTERM)
STAGE = "DVC_STAGE"  # the environment variable by which DVC tells a stage its name
# Runs a command. A process beside it ends both once the one that holds our standard input has ended: this one cannot,
# as Ray kills what a worker has started itself when it ends the worker.
_GUARD = """import os, signal, subprocess, sys
if os.fork() == 0:
    sys.stdin.buffer.read()
    os.killpg(0, signal.SIGKILL)
os._exit(subprocess.call(sys.argv[1:], stdin=subprocess.DEVNULL) % 256)"""


def started_by() -> int:
    """The process of DVC's that started this one by way of a shell; some shells become the command, some stay.

    -1, which is no process, where it is dead already and this one an orphan in the hands of init.
    """
    shell = os.environ.get("SHELL") or "/bin/sh"  # as DVC chooses it
    try:
        parents = psutil.Process().parents()[:2]
        parent = parents[-1] if parents[0].cmdline()[:1] == [shell] else parents[0]
        command = " ".join(parent.cmdline())
        return parent.pid if "dvc" in command or "python" in command else -1
    except psutil.NoSuchProcess:  # it has ended just now
        return -1
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


@contextmanager
def held() -> Iterator[None]:
    """Let SIGINT and SIGTERM wait until the block is done, in which processes can be started that never see them.

    Those inherit the signals as held, from their first moment on: what goes to the whole group is the parent's to
    handle. Only a main thread can be interrupted; elsewhere, and on Windows for the processes, nothing is held.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    caught: list[int] = []
    handlers = {number: signal.signal(number, lambda caught_now, _: caught.append(caught_now)) for number in SIGNALS}
    if hasattr(signal, "pthread_sigmask"):
        resource_tracker.ensure_running()  # which multiprocessing starts beside the first process, and which lets go
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
    try:
        yield
    finally:
        if hasattr(signal, "pthread_sigmask"):
            signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        if caught:
            signal.raise_signal(caught[0])


def guarded(command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path) -> int:
    """Run a command that ends with this process, however that ends; returns its exit status, 128 and more for signals.

    What it prints is added to `log`.
    """
    call = [sys.executable, "-I", "-S", "-c", _GUARD, *command]
    options: dict[str, Any] = {"cwd": folder, "env": environment, "stdin": subprocess.PIPE, "start_new_session": True}
    with log.open("ab") as out, subprocess.Popen(call, stdout=out, stderr=out, **options) as process:
        try:
            return process.wait() % 256
        finally:  # where the guard was killed, or this process was interrupted, what it started is left
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)


def _runs(process: psutil.Process | None) -> bool:
    try:
        return process is not None and process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
