"""Work on all cores, in order and within bounded memory, with a progress bar."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, TypeVar, cast

from tqdm import tqdm

from writerid.base.errors import InputError
from writerid.base.lifetime import SIGNALS, held

Item = TypeVar("Item")
Result = TypeVar("Result")
AHEAD = 4  # results a worker that may wait for their turn


def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ordered_map(
    function: Callable[[Item], Result],
    items: Sequence[Item],
    description: str,
    unit: str,
    *,
    processes: bool = False,
    workers: int | None = None,
) -> Generator[Result, None, None]:
    """Yield function(item) for each item, in order; only a few results a worker exist at any time.

    The workers, by default one a core, are threads: decoding, scaling and hashing images all release the interpreter's
    lock. `processes` are for functions, of a module's own, that do not; a single worker is this process itself.

    Raises what the function raises, and InputError where a worker process is killed.
    """
    workers = min(workers or cores(), max(1, len(items)))
    if not processes:
        results = _by_threads(function, items, workers)
    elif workers > 1:
        results = _by_processes(function, items, workers)
    else:
        results = (function(item) for item in items)
    with tqdm(total=len(items), desc=description, unit=unit, disable=None) as bar, closing(results):
        for result in results:
            yield result
            bar.update()


def _by_threads(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int
) -> Generator[Result, None, None]:
    waiting: deque[Future[Result]] = deque()
    pool = ThreadPoolExecutor(workers)
    try:
        for item in items:
            if len(waiting) >= AHEAD * workers:
                yield waiting.popleft().result()
            waiting.append(pool.submit(function, item))
        while waiting:
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def _by_processes(
    function: Callable[[Item], Result], items: Sequence[Item], workers: int
) -> Generator[Result, None, None]:
    """A pipe to each worker and no thread or lock between them: a worker that dies at any moment is seen at once.

    concurrent.futures waits for ever where one dies while its pool feeds it (CPython 3.11).
    """
    context = multiprocessing.get_context("spawn")  # the same on every system, and safe beside threads
    started: dict[Connection, BaseProcess] = {}
    done: dict[int, Any] = {}
    sent = 0
    try:
        with held():
            for _ in range(workers):
                ours, theirs = context.Pipe()
                process: BaseProcess = context.Process(target=_work, args=(theirs, function), daemon=True)
                process.start()
                theirs.close()
                started[ours] = process
        idle = list(started)
        for wanted in range(len(items)):
            while True:
                while idle and sent < min(len(items), wanted + AHEAD * workers):
                    worker = idle.pop()
                    with _alive(started[worker]):
                        worker.send((sent, items[sent]))
                    sent += 1
                if wanted in done:
                    break
                for ready in wait(list(started)):
                    worker = cast(Connection, ready)
                    with _alive(started[worker]):
                        number, result, failure = worker.recv()
                    if failure:
                        raise failure
                    done[number] = result
                    idle.append(worker)
            yield done.pop(wanted)
    finally:
        for connection, process in started.items():
            process.kill()
            process.join()
            connection.close()


@contextmanager
def _alive(process: BaseProcess) -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError):
        process.join()
        raise InputError(
            f"a worker process ended before its work was done (exit code {process.exitcode}; "
            "-9 is often a system short of memory); close other programs, then run again"
        ) from None


def _work(connection: Connection, function: Callable[[Any], Any]) -> None:
    for number in SIGNALS:  # the parent's to handle, which ends its workers (on Windows; elsewhere they are held)
        signal.signal(number, signal.SIG_IGN)
    with suppress(EOFError, OSError):  # the parent has ended, however it did
        while True:
            number, item = connection.recv()
            answer: tuple[int, Any, Exception | None]
            try:
                answer = (number, function(item), None)
            except Exception as error:
                answer = (number, None, error)
            connection.send(answer)
