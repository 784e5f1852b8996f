"""Ray runs the trials: on this machine, or on a cluster."""

import contextlib
import hashlib
import logging
import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from writerid.base.errors import InputError, brief
from writerid.base.parallel import cores
from writerid.tuning import trial as trials
from writerid.tuning.trial import Outcome, Trial

_ATTEMPTS = 3  # at one trial whose process, machine or connection was lost


@dataclass(frozen=True)
class Share:
    """What one trial gets, how many have room at once, and how many of these share cores with no other."""

    cores: int
    gpus: int
    places: int
    apart: int


@contextlib.contextmanager
def started(address: str | None) -> Iterator[list[dict[str, float]]]:
    """Start Ray on this machine alone, or join the cluster at an address; yields what each machine has.

    Raises InputError where there is no cluster at the address.
    """
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    options: dict[str, Any] = {"address": address, "log_to_driver": False, "logging_level": logging.ERROR}
    temporary = Path(tempfile.gettempdir(), "tune-" + hashlib.md5(os.fsencode(Path.cwd())).hexdigest()[:8])
    if address is None:
        # Ray's own switch for a machine that is no part of a cluster: it then listens on 127.0.0.1 and nowhere else.
        os.environ |= {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_TMPDIR": str(temporary)}
        shutil.rmtree(temporary, ignore_errors=True)  # of a call that was killed
        temporary.mkdir()
        # Results are texts; Ray would else claim a third of the memory for them.
        options |= {"address": "local", "num_cpus": cores(), "include_dashboard": False}
        options |= {"object_store_memory": 100 * 2**20}
    import ray

    ours = signal.getsignal(signal.SIGTERM)  # Ray puts its own in place
    try:
        ray.init(**options)
    except (ConnectionError, ValueError, RuntimeError) as error:
        raise InputError(f"--address {address}: no Ray cluster answers there ({brief(error)})") from None
    signal.signal(signal.SIGTERM, ours)
    ray.cloudpickle.register_pickle_by_value(trials)
    try:
        yield [node["Resources"] for node in ray.nodes() if node["Alive"]]
    finally:
        ray.shutdown()
        if address is None:
            shutil.rmtree(temporary, ignore_errors=True)


def share(machines: Sequence[dict[str, float]], workers: int) -> Share:
    """Return what each trial gets where so many run at once on each machine.

    Raises InputError where a machine has not as many GPUs, or cores.
    """
    with_gpus = [machine for machine in machines if machine.get("GPU")]
    kind, what = ("GPU", "a GPU") if with_gpus else ("CPU", "a core")
    counts = [int(machine[kind]) for machine in machines if machine.get(kind)]  # a head may only lead
    most = min(counts, default=0)
    if workers > most:
        which = "this machine" if len(machines) == 1 else "the smallest machine"
        raise InputError(f"--workers {workers}: each needs {what} of its own; {which} has {most}, so take up to {most}")
    if with_gpus:
        each = min(int(machine.get("CPU", 1)) // int(machine["GPU"]) for machine in with_gpus)
        return Share(max(1, each), 1, workers * len(counts), workers * len(counts))
    return Share(most // workers, 0, sum(count // (most // workers) for count in counts), len(counts))


class Pool:
    """Trials on their way through Ray; more can be added at any time."""

    def __init__(self, share: Share) -> None:
        import ray

        self._run = ray.remote(trials.run).options(num_cpus=share.cores, num_gpus=share.gpus, max_retries=0)
        self._open: dict[Any, Trial] = {}
        self._attempts: Counter[str] = Counter()

    def add(self, trial: Trial) -> None:
        """Run a trial as soon as there is room."""
        self._open[self._run.remote(trial)] = trial

    def events(self) -> Iterator[tuple[Trial, Outcome | None]]:
        """Yield each trial with None as it starts, and with its outcome as it ends; one that is lost starts again."""
        import ray

        while self._open:
            stream: Any
            for stream in ray.wait(list(self._open), timeout=1, fetch_local=False)[0]:
                trial = self._open[stream]
                outcome: Outcome | None
                try:
                    outcome = ray.get(next(stream))
                except ray.exceptions.RayTaskError as error:  # such as a full disk
                    outcome = Outcome("failed", str(error))
                except (ray.exceptions.RayError, StopIteration) as error:
                    outcome = Outcome("lost", brief(error))
                if outcome is not None:
                    del self._open[stream]
                    self._attempts[trial.name] += 1
                    if outcome.state == "lost" and self._attempts[trial.name] < _ATTEMPTS:
                        self.add(trial)
                    elif outcome.state == "lost":
                        outcome = Outcome("failed", f"{outcome.log}\nerror: lost {_ATTEMPTS} times")
                yield trial, outcome
