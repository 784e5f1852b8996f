"""Running combinations: into DVC's queue, past the workers, with progress, and nothing twice."""

import contextlib
import hashlib
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

from dvc.utils.serialize import parse_yaml
from tqdm import tqdm

from writerid.base.dotted import flat
from writerid.base.errors import InputError
from writerid.tuning.grid import Combination, overrides, show
from writerid.tuning.queue import Done, Queue
from writerid.tuning.workers import Place, Worker, environment, kill_tree
from writerid.tuning.workspace import kept

DATA_STAGES = ("synthesize", "map_writers", "split", "crop")
_ATTEMPTS = 3  # at one experiment, where DVC itself fails before or after the stages
_LOST = 60  # seconds after which an experiment that the queue does not know is queued again
_SHOWN = 6  # last lines of a log
_EPOCH = re.compile(rb"^epoch +(\d+)/(\d+)", re.MULTILINE)


class Run:
    """Combinations on their way through the queue."""

    def __init__(
        self,
        queue: Queue,
        places: Sequence[Place],
        set_params: Sequence[str],
        until: str | None,
        guess: float | None,
        varied: Sequence[str],
    ) -> None:
        """`set_params` holds what `-S` sets for all, `until` the last stage; `guess` the seconds one may take.

        `varied` are the parameters by which a combination is told from others.
        """
        self._queue, self._places, self._set = queue, places, set_params
        self._until, self._guess, self._varied = until, guess, varied
        self._open: dict[str, str] = {}  # stash commit: name
        self._wanted: dict[str, Combination] = {}
        self._started: dict[str, float] = {}
        self._durations: list[float] = []
        self._attempts: Counter[str] = Counter()
        self._missing: dict[str, float] = {}  # when first found nowhere
        self._workers: list[Worker] = []
        self.succeeded: list[str] = []
        self.failed: list[str] = []

    def __call__(self, pending: Sequence[Combination]) -> None:
        """Queue the combinations, and run all that is in the queue to its end.

        Raises KeyboardInterrupt where it is interrupted; what was finished stays, and nothing is left in the queue.
        """
        if len(self._places) > 1:
            with kept():
                prepare_data(pending, self._set)
        others = self._queue.waiting()
        try:
            with kept(), tqdm(pending, desc="queue", unit=" experiments", disable=None) as bar:
                taken = self._queue.names() | set(others.values())
                for combination in bar:
                    name = combination.name
                    if name in taken:  # by one with other parameters or of other code
                        name = f"{name}_{hash_of(combination, taken)}"
                    taken.add(name)
                    self._put(name, combination)
            self._open |= others
            self._workers = [Worker(number, place) for number, place in enumerate(self._places)]
            self._follow(len(self._open))
        except KeyboardInterrupt:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self._stop()
            self._queue.remove([stash_rev for stash_rev in self._queue.waiting() if stash_rev not in others])
            raise
        finally:
            self._stop()

    def _put(self, name: str, combination: Combination) -> None:
        stash_rev = self._queue.put(name, [*self._set, *overrides(combination.changes)], self._until)
        self._open[stash_rev] = name
        self._wanted[name] = combination

    def _stop(self) -> None:
        for worker in self._workers:
            worker.kill()
        if self._workers:
            self._queue.clear_interrupted()
        self._workers = []

    def _follow(self, total: int) -> None:
        with tqdm(total=total, unit=" experiments", bar_format="{desc} {bar} {elapsed}", disable=None) as bar:
            while self._open:
                time.sleep(1)
                running = self._queue.running()
                for stash_rev, name in running.items():
                    if stash_rev not in self._started:
                        self._started[stash_rev] = time.monotonic()
                        bar.write(f"started: {self._values(name)}", file=sys.stdout)
                done = self._queue.done()
                for stash_rev in [each for each in self._open if each in done]:
                    name = self._open.pop(stash_rev)
                    bar.write(self._conclude(stash_rev, name, done[stash_rev], total), file=sys.stdout)
                self._tend(running)
                self._find_lost({*running, *done, *self._queue.waiting()})
                share = sum(self._progress(stash_rev) for stash_rev in running)
                bar.n = min(total, total - len(self._open) + share)
                now = ", ".join(sorted(running.values()))
                bar.set_description_str(f"{total - len(self._open)}/{total}{self._left(share)} {now}")

    def _values(self, name: str) -> str:
        """What an experiment tries; its name where it was queued by hand."""
        if name not in self._wanted:
            return name
        changes = self._wanted[name].changes
        return " ".join(f"{key}={show(changes[key])}" for key in self._varied)

    def _conclude(self, stash_rev: str, name: str, done: Done, total: int) -> str:
        """Note how an experiment ended; returns the line to show."""
        seconds = time.monotonic() - self._started.get(stash_rev, time.monotonic())
        if done.rev is None and (done.log is None or not _says_failed(done.log)):
            # DVC's workers get into one another's way at times, before or after the stages: dvc#10673.
            self._attempts[name] += 1
            if name in self._wanted and self._attempts[name] < _ATTEMPTS:
                self._queue.remove([stash_rev])
                with kept():
                    self._put(name, self._wanted[name])
                return f"{name}: DVC could not run it; queued again"
        count = f"[{total - len(self._open)}/{total}]"
        if done.rev is None:
            self.failed.append(name)
            return f"{count} {name}: failed; `dvc queue logs {name}` shows its log, which ends\n{tail(done.log)}"
        self.succeeded.append(name)
        self._durations.append(seconds)
        found = self._queue.score(done.rev)
        figures = f"by line {found['line_accuracy']:.4f}, by crop {found['accuracy']:.4f}, " if found else ""
        return f"{count} {name}: {figures}{seconds:.0f} s{self._left(0.0)}"

    def _tend(self, running: Mapping[str, str]) -> None:
        """Start workers anew that have ended too early, or, where one was killed, all."""
        if any(worker.died for worker in self._workers):
            for worker in self._workers:
                worker.kill()
            interrupted = set(self._queue.clear_interrupted())
            for stash_rev, name in list(self._open.items()):
                if name in interrupted and stash_rev in running:
                    del self._open[stash_rev]
                    self._attempts[name] += 1
                    if name not in self._wanted or self._attempts[name] >= _ATTEMPTS:
                        self.failed.append(name)
                        tqdm.write(f"{name}: its worker was killed {self._attempts[name]} times; left out")
                    else:
                        with kept():
                            self._put(name, self._wanted[name])
                        tqdm.write(f"{name}: its worker was killed; queued again")
            self._workers = [Worker(number, place) for number, place in enumerate(self._places)]
        for number, worker in enumerate(self._workers):
            if not worker.is_alive and self._queue.waiting():
                self._workers[number] = Worker(number, self._places[number])

    def _find_lost(self, known: set[str]) -> None:
        """Queue those again that DVC's queue has lost: two workers that reach for one at once can do that."""
        now = time.monotonic()
        self._missing = {each: self._missing.get(each, now) for each in self._open if each not in known}
        for stash_rev in [each for each, since in self._missing.items() if now - since > _LOST]:
            name = self._open.pop(stash_rev)
            self._attempts[name] += 1
            if name in self._wanted and self._attempts[name] < _ATTEMPTS:
                with kept():
                    self._put(name, self._wanted[name])
                tqdm.write(f"{name}: DVC's queue lost it; queued again")
            else:
                self.failed.append(name)
                tqdm.write(f"{name}: DVC's queue lost it")

    def _progress(self, stash_rev: str) -> float:
        """The share of an experiment that is done, by its epochs."""
        log = self._queue.log(stash_rev)
        found = _EPOCH.findall(log.read_bytes()) if log else []
        return 0.95 * int(found[-1][0]) / int(found[-1][1]) if found else 0.0

    def _left(self, share: float) -> str:
        each = sum(self._durations) / len(self._durations) if self._durations else self._guess
        if each is None or not self._open:
            return ""
        return f", about {in_words(each * max(0.0, len(self._open) - share) / len(self._places))} left"


def prepare_data(pending: Sequence[Combination], set_params: Sequence[str]) -> None:
    """Run the stages up to crop once for each set of parameters they read, so that no two workers run them at once.

    What they make is in DVC's cache then. Raises InputError where a stage fails.
    """
    stages = parse_yaml(Path("dvc.yaml").read_text(encoding="utf-8"), "dvc.yaml")["stages"]
    keys = {key for stage in DATA_STAGES for key in stages[stage].get("params", [])}
    once: dict[str, Combination] = {}
    for combination in pending:
        params = flat(combination.params)
        read = sorted((key, value) for key, value in params.items() if any(_within(key, each) for each in keys))
        once.setdefault(repr(read), combination)
    for combination in tqdm(once.values(), desc="data", unit=" sets", disable=None):
        _run_data_stages([*set_params, *overrides(combination.changes)])


def _run_data_stages(set_params: Sequence[str]) -> None:
    name = "tune-data"  # of an experiment without a fit, which is removed again
    command = [sys.executable, "-m", "dvc", "exp"]
    given = [part for each in set_params for part in ("-S", each)]
    remove = [*command, "remove", name]
    subprocess.run(remove, capture_output=True, check=False)  # of a call that was killed
    process = subprocess.Popen(
        [*command, "run", "--temp", "--name", name, *given, DATA_STAGES[0], DATA_STAGES[-1]],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        env=environment({}),
        start_new_session=True,
        text=True,
    )
    try:
        output = process.communicate()[0]
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGINT)  # as a terminal does; DVC then removes its copy of the repository
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        raise
    finally:
        kill_tree(process.pid)
    if process.returncode:
        raise InputError(f"the stages up to crop failed:\n{_last(output)}")
    subprocess.run(remove, capture_output=True, check=False)


def hash_of(combination: Combination, taken: set[str]) -> str:
    """A short suffix that follows from the parameters and is not yet taken."""
    digest = hashlib.blake2b(combination.key.encode(), digest_size=16).hexdigest()
    start = next(i for i in range(len(digest) - 4) if f"{combination.name}_{digest[i : i + 4]}" not in taken)
    return digest[start : start + 4]


def tail(log: Path | None) -> str:
    """The end of a log, indented; what a stage itself reported as an error, if it did."""
    return _last(log.read_text(encoding="utf-8", errors="replace")) if log else "    (it has printed nothing)"


def in_words(seconds: float) -> str:
    """A time that a person can plan by: 40 s, 12 min, 3.5 h."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def _last(text: str) -> str:
    lines = [line.rstrip() for line in re.split(r"[\r\n]+", text) if line.strip()]
    own = [line for line in lines if line.startswith("error: ")]
    return "\n".join(f"    {line}" for line in (own or lines)[-_SHOWN:])


def _says_failed(log: Path) -> bool:
    """Whether a stage failed, rather than DVC around it."""
    return b"failed to reproduce" in log.read_bytes()


def _within(key: str, group: str) -> bool:
    return key == group or key.startswith(f"{group}.")
