"""Start a stage many times on busy cores, then interrupt it as often: none may hang, fail, or say more than a line.

    python -m tests.torture_stages [--starts 300] [--interrupts 300] [--at-once 6] [--stage synthesize] [--seed 0]

Works in copies of the checkout, one for each that runs at once, on tiny data, while a process without end keeps each
core busy. A stage that ends by itself must have made the same bytes each time. One that gets SIGINT or SIGTERM with all
its processes, once it listens to both, must end with one line of its own and leave nothing half written.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from statistics import median
from typing import NamedTuple

from tests.conftest import copy_checkout, environment, runner
from writerid.base.lifetime import SIGNALS
from writerid.base.parallel import cores

BEFORE = ("check", "synthesize", "map_writers", "split", "crop", "train")
LIMIT = 900  # seconds, for a hang: a busy machine may be slow


class End(NamedTuple):
    """How a stage ended."""

    seconds: float  # since it was started or, where it was, since it was interrupted
    interrupted: bool  # False where it was done before its moment came
    problem: str  # none if empty


@contextmanager
def busy_cores() -> Iterator[None]:
    """Give each core something else to do."""
    loops = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(cores())]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def listens(process: subprocess.Popen[str]) -> bool:
    """Whether a process has its own handler of SIGTERM: Python has one of SIGINT from the first, but none of this."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    caught = next((line for line in lines if line.startswith("SigCgt:")), "SigCgt: 0")
    return bool(int(caught.split()[1], 16) >> (signal.SIGTERM - 1) & 1)


def outputs(folder: Path) -> dict[str, bytes]:
    """All that stages have made, but for the times that they took."""
    paths = [path for top in ("data", "models", "metrics") for path in (folder / top).rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): path.read_bytes() for path in paths if path.name != "runtime.json"}


def start(folder: Path, stage: str) -> subprocess.Popen[str]:
    """Start a stage, in a process group of its own."""
    command = [sys.executable, "-m", f"stages.{stage}"]
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    return subprocess.Popen(command, cwd=folder, env=environment(), text=True, process_group=0, **pipes)  # type: ignore[call-overload]


def ended(process: subprocess.Popen[str]) -> str:
    """Wait until all processes of a group have ended; returns what they said, and kills those that do not end."""
    try:
        return str(process.communicate(timeout=LIMIT)[1])
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return f"hangs: not at an end after {LIMIT} seconds"


def let_run(folder: Path, stage: str, expected: dict[str, bytes]) -> End:
    """Let a stage run to its end."""
    begun = time.monotonic()
    process = start(folder, stage)
    said = ended(process)
    problem = said or "says nothing" if process.returncode else ""
    return End(time.monotonic() - begun, False, problem or ("" if outputs(folder) == expected else "other bytes"))


def interrupt(folder: Path, stage: str, expected: dict[str, bytes], number: signal.Signals, after: float) -> End:
    """Send a signal to all processes of a stage so many seconds after it first listened."""
    process = start(folder, stage)
    while process.poll() is None and not listens(process):
        time.sleep(0.001)
    with suppress(subprocess.TimeoutExpired):
        process.wait(after)
    begun, running = time.monotonic(), process.poll() is None
    if running:
        os.killpg(process.pid, number)
    said = ended(process)
    seconds = time.monotonic() - begun
    if process.returncode == 0:
        return End(seconds, False, "" if outputs(folder) == expected else "other bytes")
    own = [line for line in said.splitlines() if line.startswith("error: ")]  # TensorFlow has lines of its own
    one_line = len(own) == 1 and own[0].startswith("error: interrupted") and "Traceback" not in said
    as_a_shell_says = process.returncode in (130, -signal.SIGINT)
    problem = "" if running and one_line and as_a_shell_says else f"{process.returncode}: {said}"
    return End(seconds, True, problem or ", ".join(name for name in outputs(folder) if ".partial" in name))


def torture(place: Path, stage: str, starts: int, interrupts: int, at_once: int, seed: int) -> tuple[list[End], ...]:
    """Run a stage so many times, and interrupt it so many times; returns how each ended, in two lists."""
    free: SimpleQueue[Path] = SimpleQueue()
    for each in range(at_once):
        folder = copy_checkout(place / f"copy-{each}")
        for name in (*BEFORE[: BEFORE.index(stage)], stage):
            runner(folder)(sys.executable, "-m", f"stages.{name}")
        free.put(folder)
    expected = outputs(folder)
    moments = random.Random(seed)
    longest = 0.0

    def run(moment: tuple[signal.Signals, float] | None) -> End:
        folder = free.get()
        try:
            if moment is None:
                return let_run(folder, stage, expected)
            return interrupt(folder, stage, expected, moment[0], moment[1] * longest)
        finally:
            free.put(folder)

    with busy_cores(), ThreadPoolExecutor(at_once) as pool:
        whole = told("starts", pool.map(run, [None] * starts))
        longest = median(end.seconds for end in whole)
        drawn = [(moments.choice(SIGNALS), moments.random()) for _ in range(interrupts)]
        return whole, told("interrupts", pool.map(run, drawn))


def told(name: str, ends: Iterator[End]) -> list[End]:
    """Collect ends, and print each problem as it comes, and the counts."""
    found = []
    for end in ends:
        found.append(end)
        if end.problem or len(found) % 50 == 0:
            print(f"{name} {len(found)}: {end.problem or 'right'}, {end.seconds:.1f} s", flush=True)
    hang = sum(end.problem.startswith("hangs") for end in found)
    trace = sum("Traceback" in end.problem for end in found)
    print(
        f"{len(found)} {name}: {sum(end.interrupted for end in found)} interrupted before their end, "
        f"{sum(not end.problem for end in found)} right, {hang} hung, {trace} with a traceback; seconds: median "
        f"{median(end.seconds for end in found):.1f}, slowest {max(end.seconds for end in found):.1f}",
        flush=True,
    )
    return found


def main() -> None:
    """Print the counts; exit status 1 where one did not end as it should."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--starts", type=int, default=300)
    parser.add_argument("--interrupts", type=int, default=300)
    parser.add_argument("--at-once", type=int, default=6)
    parser.add_argument("--stage", choices=BEFORE, default="synthesize", help="synthesize starts worker processes")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        ends = torture(Path(place), options.stage, options.starts, options.interrupts, options.at_once, options.seed)
    sys.exit(any(end.problem for each in ends for end in each))


if __name__ == "__main__":
    main()
