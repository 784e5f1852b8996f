"""Work on all cores, in order and within bounded memory, with a progress bar."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from tqdm import tqdm

Item = TypeVar("Item")
Result = TypeVar("Result")


def cores() -> int:
    """The cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def ordered_map(
    function: Callable[[Item], Result], items: Sequence[Item], description: str, unit: str
) -> Iterator[Result]:
    """Yield function(item) for each item, in order; only a few results a core exist at any time.

    Threads, since decoding, scaling and hashing images all release the interpreter's lock.
    """
    waiting: deque[Future[Result]] = deque()
    with (
        ThreadPoolExecutor(cores()) as pool,
        tqdm(total=len(items), desc=description, unit=unit, disable=None) as bar,
    ):
        try:
            for item in items:
                if len(waiting) >= 4 * cores():
                    yield waiting.popleft().result()
                    bar.update()
                waiting.append(pool.submit(function, item))
            while waiting:
                yield waiting.popleft().result()
                bar.update()
        finally:
            for future in waiting:
                future.cancel()
