"""Work on all cores, in order and within bounded memory, with a progress bar."""

import multiprocessing
import os
import signal
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from typing import TypeVar

from tqdm import tqdm

from writerid.base.lifetime import end_with

Item = TypeVar("Item")
Result = TypeVar("Result")


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
    lock. `processes` are for functions, of a module's own, that do not; one worker is then this process itself.
    """
    workers = min(workers or cores(), max(1, len(items)))
    waiting: deque[Future[Result]] = deque()
    with tqdm(total=len(items), desc=description, unit=unit, disable=None) as bar:
        if processes and workers == 1:
            for item in items:
                yield function(item)
                bar.update()
            return
        pool = _processes(workers) if processes else ThreadPoolExecutor(workers)
        try:
            for item in items:
                if len(waiting) >= 4 * workers:
                    yield waiting.popleft().result()
                    bar.update()
                waiting.append(pool.submit(function, item))
            while waiting:
                yield waiting.popleft().result()
                bar.update()
        finally:
            pool.shutdown(cancel_futures=True)


def _processes(workers: int) -> Executor:
    context = multiprocessing.get_context("spawn")  # the same on every system, and safe beside threads
    return ProcessPoolExecutor(workers, context, _prepare_worker, (os.getpid(),))


def _prepare_worker(parent: int) -> None:
    # An interrupt is the parent's to handle, which tells its workers to stop; they cannot be told when it is killed.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    end_with(parent, lambda: os._exit(1))
