"""One trial: a clone, an experiment in it, the experiment brought home, the clone removed.

Ray sends this module by value to machines that have no copy of it, so it imports nothing of this library
but `lifetime`, which is sent like it.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from writerid.base.lifetime import guarded

ROOM = "WRITERID_ROOM"  # the environment variable that names a machine's folder for its DVC cache and its clones
_MOST_LOG = 200_000  # bytes of a log's end that are brought home
_KILLED = re.compile(rb"exited with (-\d+|137|143)\b")  # how DVC says that a signal ended a stage
_HIDDEN = ("GIT_DIR", "GIT_WORK_TREE", "DVC_ROOT", "PYTHONPATH")  # variables that would lead out of the clone


@dataclass(frozen=True)
class Trial:
    """What a trial needs to know; all of it can be sent to another machine."""

    name: str
    key: str  # of its results: see experiments.key
    overrides: tuple[str, ...]  # as `dvc exp run -S` takes them
    home: str  # the git repository that it is cloned from and brought back to: a path or a URL
    commit: str
    patch: str  # what differs from the commit, as `git diff-tree -p --binary` writes it
    data: tuple[str, ...]  # DVC's notes of what must be there before any stage runs
    targets: tuple[str, ...]  # stages; none: all
    threads: int
    room: str | None  # the folder for clones; None: the machine's
    cache: str | None  # the DVC cache to share; None: the machine's, filled from the DVC remote
    links: str  # how files of the cache are put into the clone: DVC's cache.type
    prepares: bool = False  # run the targets for what they leave in the cache, and bring no experiment home


@dataclass(frozen=True)
class Outcome:
    """How a trial ended (`done`, `failed`, or `lost` where another try may succeed), and what it printed.

    `patch` is what a trial that prepares leaves for others: the differences from the commit, dvc.lock among them.
    """

    state: str
    log: str
    patch: str = ""


class _Ended(Exception):
    """The trial cannot go on; holds its state."""


def run(trial: Trial) -> Iterator[Outcome | None]:
    """Yield None as the trial starts, and its outcome as it ends."""
    yield None
    room = Path(trial.room or os.environ.get(ROOM) or Path(tempfile.gettempdir(), f"writerid-{os.getuid()}")).resolve()
    for other in (room / "trials").glob("*"):
        if int(other.name) == os.getpid() or not psutil.pid_exists(int(other.name)):  # killed before it tidied up
            shutil.rmtree(other, ignore_errors=True)
    folder = room / "trials" / str(os.getpid())
    folder.mkdir(parents=True)
    patch, state = "", "done"
    try:
        patch = _experiment(trial, folder, trial.cache or str(room / "cache"))
    except _Ended as ended:
        state = str(ended)
    text = (folder / "log").read_bytes()[-_MOST_LOG:].decode("utf-8", "replace")
    shutil.rmtree(folder, ignore_errors=True)
    yield Outcome(state, text, patch)


def _experiment(trial: Trial, folder: Path, cache: str) -> str:
    """Run the experiment in a new clone, and bring it home; returns what differs from the commit afterwards."""
    clone, log, elsewhere = folder / "clone", folder / "log", trial.cache is None
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    count = {"OMP_NUM_THREADS": str(trial.threads), "TF_NUM_INTRAOP_THREADS": str(trial.threads)}
    plain = {name: value for name, value in os.environ.items() if name not in _HIDDEN}
    environment = {**plain, **count, "PATH": path, "GIT_TERMINAL_PROMPT": "0", "PYTHONUTF8": "1"}  # UTF-8 for paths

    def call(*command: str, otherwise: str = "failed") -> None:
        status = guarded(command, clone if clone.is_dir() else folder, environment, log)
        if status:  # 255 is DVC's own; of a signal that ended it, or its stage, a second try will not meet another
            raise _Ended("lost" if 128 < status < 255 or _KILLED.search(log.read_bytes()) else otherwise)

    # Of git only what a person's settings do not change: `git diff` may leave out a/ and b/, or call a program.
    shared = ["--shared"] * (not elsewhere)
    call("git", "clone", "--quiet", "--origin", "origin", *shared, trial.home, str(clone), otherwise="lost")
    call("git", "checkout", "--quiet", "--detach", trial.commit)
    if trial.patch:
        (folder / "patch").write_text(trial.patch + "\n", encoding="utf-8", errors="surrogateescape", newline="")
        call("git", "apply", "--index", "--whitespace=nowarn", str(folder / "patch"))
    # `dvc cache dir --local` fails where the path is not ASCII; DVC reads such a path well.
    settings = f'[cache]\n    dir = "{cache}"\n    type = "{trial.links}"\n'
    (clone / ".dvc/config.local").write_text(settings, encoding="utf-8")

    if trial.data:
        call("dvc", "pull" if elsewhere else "checkout", *trial.data)
    flags = ["--pull"] * elsewhere + ["--allow-missing"] * (elsewhere and not trial.prepares)
    flags += [part for each in trial.overrides for part in ("-S", each)]
    call("dvc", "exp", "run", "--name", trial.name, *flags, *trial.targets)
    if not trial.prepares:
        call("dvc", "exp", "push", "--force", *["--no-cache"] * (not elsewhere), "origin", trial.name, otherwise="lost")
        return ""
    if elsewhere:
        call("dvc", "push", *trial.targets, otherwise="lost")
    call("git", "add", "--update")
    difference = ["git", "diff-index", "-p", "--binary", "--cached", "HEAD"]
    made = subprocess.run(difference, cwd=clone, env=environment, capture_output=True, check=True).stdout
    return made.decode("utf-8", "surrogateescape").removesuffix("\n")
