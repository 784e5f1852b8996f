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

from writerid.base import lifetime
from writerid.base.errors import InputError, brief
from writerid.base.machine import resources
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

    Raises InputError where there is no cluster at the address, or Ray does not start.
    """
    os.environ |= {"RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}
    options: dict[str, Any] = {"address": address, "log_to_driver": False, "logging_level": logging.ERROR}
    temporary = Path(tempfile.gettempdir(), "tune-" + hashlib.md5(os.fsencode(Path.cwd())).hexdigest()[:8])
    if address is None:
        # Ray's own switch for a machine that is no part of a cluster: it then listens on 127.0.0.1 and nowhere else.
        os.environ |= {"RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0", "RAY_TMPDIR": str(temporary)}
        os.environ |= {"RAY_prestart_worker_first_driver": "0"}  # it would wait for ever for one that was killed
        shutil.rmtree(temporary, ignore_errors=True)  # of a call that was killed
        temporary.mkdir()
        # Results are texts; Ray would else claim a third of the memory for them.
        options |= {"address": "local", "object_store_memory": 100 * 2**20, "include_dashboard": False}
        options |= {"num_cpus": resources()["CPU"], "num_gpus": resources()["GPU"]}
    import ray

    ours = signal.getsignal(signal.SIGTERM)  # Ray puts its own in place
    try:
        ray.init(**options)
    except SystemError:  # an interruption
        raise
    except Exception as error:
        what = f"answer at {address}" if address else "start here; run the same command again"
        raise InputError(f"Ray does not {what} ({brief(error)})") from None
    signal.signal(signal.SIGTERM, ours)
    for module in (trials, lifetime):
        ray.cloudpickle.register_pickle_by_value(module)
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
    kind, what = ("GPU", "GPU") if any(machine.get("GPU") for machine in machines) else ("CPU", "core")
    used = [machine for machine in machines if machine.get(kind)]  # a head may only lead
    most = int(min((machine[kind] for machine in used), default=0))
    if workers > most:
        which = "this machine" if len(machines) == 1 else "the smallest machine"
        raise InputError(f"--workers {workers}: each needs a {what} of its own; {which} has {most}, so take up to that")
    if kind == "GPU":
        each = min(int(machine.get("CPU", 1)) // int(machine["GPU"]) for machine in used)
        return Share(max(1, each), 1, workers * len(used), workers * len(used))
    each = most // workers
    return Share(each, 0, sum(int(machine["CPU"]) // each for machine in used), len(used))


def events(share: Share, todo: Sequence[Trial]) -> Iterator[tuple[Trial, Outcome | None]]:
    """Yield each trial with None as it starts, and with its outcome as it ends; one that is lost starts again.

    Raises InputError where Ray is lost on all machines.
    """
    import ray

    remote = ray.remote(trials.run).options(num_cpus=share.cores, num_gpus=share.gpus, max_retries=0)
    open_: dict[Any, Trial] = {remote.remote(trial): trial for trial in todo}
    attempts: Counter[str] = Counter()
    while open_:
        stream: Any
        for stream in ray.wait(list(open_), timeout=1, fetch_local=False)[0]:
            try:
                outcome = ray.get(next(stream))
            except ray.exceptions.RayTaskError as error:  # such as a full disk
                outcome = Outcome("failed", str(error))
            except (ray.exceptions.RayError, StopIteration) as error:
                outcome = Outcome("lost", brief(error))
            trial = open_.pop(stream) if outcome else open_[stream]
            if outcome and outcome.state == "lost":
                if not any(node["Alive"] for node in ray.nodes()):
                    raise InputError("Ray was lost on the last machine; the same command goes on")
                attempts[trial.name] += 1
                if attempts[trial.name] < _ATTEMPTS:
                    open_[remote.remote(trial)] = trial
                else:
                    outcome = Outcome("failed", f"{outcome.log}\nerror: lost {_ATTEMPTS} times")
            yield trial, outcome
