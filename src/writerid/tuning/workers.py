"""Workers: processes that take experiments from DVC's queue, each on a GPU or on cores of its own."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import psutil

from writerid.base.errors import InputError
from writerid.base.lifetime import end_with
from writerid.base.parallel import cores

CONFIG = Path(".dvc/tmp/tune/config")  # a folder for DVC's lowest level of settings; whatever is set elsewhere wins
LOGS = Path(".dvc/tmp/exps/celery")  # where DVC keeps those of its own workers


@dataclass(frozen=True)
class Place:
    """Where one worker computes: on a GPU, by its UUID or number, or on some of the cores."""

    gpu: str | None
    cores: tuple[int, ...]

    def environment(self) -> dict[str, str]:
        """What is set for everything the worker starts."""
        if self.gpu is not None:
            return {"CUDA_VISIBLE_DEVICES": self.gpu}
        threads = str(len(self.cores))
        return {"OMP_NUM_THREADS": threads, "TF_NUM_INTRAOP_THREADS": threads}


def places(workers: int) -> list[Place]:
    """Give each worker a GPU of its own, or, where there is none, its share of the cores.

    Raises InputError where there are more workers than GPUs, or than cores.
    """
    found = gpus()
    if found:
        if workers > len(found):
            raise InputError(
                f"--workers {workers}: each needs a GPU of its own, and there {_are(len(found), 'GPU')}; "
                f"take up to {len(found)}, or set CUDA_VISIBLE_DEVICES= to compute on the CPU"
            )
        return [Place(gpu, ()) for gpu in found[:workers]]
    own = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else list(range(cores()))
    if workers > len(own):
        raise InputError(f"--workers {workers}: there {_are(len(own), 'core')}; take up to {len(own)}")
    bounds = [len(own) * i // workers for i in range(workers + 1)]
    return [Place(None, tuple(own[a:b])) for a, b in pairwise(bounds)]


def gpus() -> list[str]:
    """The GPUs that may be used: those of CUDA_VISIBLE_DEVICES if it is set, else all, by UUID."""
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is not None:
        named = [part.strip() for part in visible.split(",")]
        return list(dict.fromkeys(part for part in named if part and not part.startswith("-")))
    import pynvml

    try:
        pynvml.nvmlInit()
        handles = [pynvml.nvmlDeviceGetHandleByIndex(i) for i in range(pynvml.nvmlDeviceGetCount())]
        return [str(pynvml.nvmlDeviceGetUUID(handle)) for handle in handles]
    except pynvml.NVMLError:
        return []


class Worker:
    """One worker, which ends with the process that started it, and with it all that it started."""

    def __init__(self, number: int, place: Place) -> None:
        name = f"tune-{os.getpid()}-{number}@localhost"
        LOGS.mkdir(parents=True, exist_ok=True)
        code = (
            "import stages; from writerid.tuning.workers import serve; "
            f"serve({name!r}, {os.getpid()}, {place.cores if place.gpu is None else ()!r})"
        )
        with (LOGS / f"tune-worker-{number}.out").open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-c", code],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(place.environment()),
                start_new_session=True,  # Ctrl-C is for the one process that started them all
            )

    @property
    def is_alive(self) -> bool:
        """Whether it still takes experiments; it ends by itself once the queue was empty for some seconds."""
        return self._process.poll() is None

    @property
    def died(self) -> bool:
        """Whether it ended in another way than by itself."""
        return self._process.poll() not in (None, 0)

    def kill(self) -> None:
        """End it and all it started, at once."""
        kill_tree(self._process.pid)
        self._process.wait()


def environment(changes: Mapping[str, str]) -> dict[str, str]:
    """This process's environment with changes, with this Python's programs first, and outputs that are linked.

    An experiment runs in a copy of the repository, in which DVC would copy the strips and all else that it has in its
    cache; what an experiment finds there it only reads, so links do.
    """
    CONFIG.mkdir(parents=True, exist_ok=True)
    system = _system_settings()
    link = "" if "cache" in system else '[cache]\n    type = "reflink,hardlink,symlink,copy"\n'
    (CONFIG / "config").write_text(system + link, encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    return {**os.environ, "PATH": path, "DVC_SYSTEM_CONFIG_DIR": str(CONFIG.resolve()), **changes}


def serve(name: str, parent: int, own_cores: Sequence[int]) -> None:
    """Take experiments from DVC's queue until it is empty, or until the process `parent` ends."""
    end_with(parent, _end)
    if own_cores and hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, own_cores)
    from dvc.cli import main

    sys.exit(main(["exp", "queue-worker", name]))


def kill_tree(number: int) -> None:
    """Kill a process and all that it started; first itself, so that it starts nothing else."""
    try:
        process = psutil.Process(number)
        below = process.children(recursive=True)
        process.kill()
    except psutil.NoSuchProcess:
        return
    for child in below:
        try:
            child.kill()
        except psutil.NoSuchProcess:
            continue


def _end() -> None:
    for child in psutil.Process().children(recursive=True):
        child.kill()
    os._exit(1)


def _system_settings() -> str:
    """DVC's own system-wide settings, which those in CONFIG stand in for."""
    from dvc.dirs import system_config_dir

    path = Path(system_config_dir()) / "config"
    if path.parent.resolve() == CONFIG.resolve() or not path.is_file():
        return ""
    return path.read_text(encoding="utf-8") + "\n"


def _are(count: int, noun: str) -> str:
    return f"is 1 {noun}" if count == 1 else f"are {count} {noun}s"
