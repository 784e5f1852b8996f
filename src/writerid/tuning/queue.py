"""DVC's queue of experiments: what waits in it, putting in and taking out, and what an interrupted run left in it."""

import contextlib
import json
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
from dvc.exceptions import DvcException
from dvc.repo import Repo, lock_repo
from dvc.repo.experiments.queue.remove import remove_tasks
from dvc.repo.experiments.utils import exp_refs
from scmrepo.exceptions import SCMError

from writerid.base.errors import InputError, brief
from writerid.tuning.workers import kill_tree

TEMPORARY = Path(".dvc/tmp/exps")


@dataclass(frozen=True)
class Done:
    """An experiment that the queue is done with: its commit if it succeeded, and what it printed."""

    rev: str | None
    log: Path | None


class Queue:
    """DVC's queue in the repository of the current folder."""

    def __init__(self) -> None:
        logging.getLogger("dvc").setLevel(logging.ERROR)
        _mend_lock()
        try:
            self._repo = Repo(".")
            self._queue = self._repo.experiments.celery_queue
            self._repo.scm.get_rev()
        except (DvcException, SCMError) as error:
            raise InputError(f"DVC cannot be used here: {brief(error)}") from None

    def put(self, name: str, overrides: Sequence[str], until: str | None = None) -> str:
        """Queue an experiment with parameters as `dvc exp run -S` takes them; returns what the queue knows it by.

        It runs the stages that `until` needs and that one, by default all.
        """
        with lock_repo(self._repo), _quiet():
            params = {"params.yaml": list(overrides)}
            targets = [until] if until else None
            try:
                entry = self._repo.experiments.queue_one(self._queue, params=params, name=name, targets=targets)
            except (DvcException, SCMError) as error:
                raise InputError(f"DVC does not queue {name}: {brief(error)}") from None
        return str(entry.stash_rev)

    def waiting(self) -> dict[str, str]:
        """Those that nobody has started: name by stash commit."""
        return {entry.stash_rev: entry.name for entry in self._queue.iter_queued()}

    def running(self) -> dict[str, str]:
        """Those that a worker has started: name by stash commit."""
        return {entry.stash_rev: entry.name for entry in self._queue.iter_active()}

    def done(self) -> dict[str, Done]:
        """Those that have ended, by stash commit."""
        found = {}
        for entry, result in self._queue.iter_done():
            ref = result.ref_info if result and result.exp_hash else None
            rev = self._repo.scm.get_ref(str(ref)) if ref else None
            found[entry.stash_rev] = Done(rev, self.log(entry.stash_rev))
        return found

    def log(self, stash_rev: str) -> Path | None:
        """What an experiment has printed so far."""
        info = self._queue.proc.get(stash_rev)
        path = Path(info.stdout) if info and info.stdout else None
        return path if path and path.is_file() else None

    def remove(self, stash_revs: Sequence[str]) -> None:
        """Take experiments out of the queue, those that have ended with it too."""
        wanted = set(stash_revs)
        entries = [*self._queue.iter_queued(), *(done.entry for done in self._queue.iter_done())]
        remove_tasks(self._queue, [entry for entry in entries if entry.stash_rev in wanted])

    def names(self) -> set[str]:
        """The names of all experiments on the present commit."""
        present = self._repo.scm.get_rev()
        return {ref.name for ref in exp_refs(self._repo.scm) if ref.baseline_sha == present}

    def is_served(self) -> bool:
        """Whether workers, such as those of `dvc queue start`, are at work."""
        return bool(self._queue.worker_status())

    def clear_interrupted(self) -> list[str]:
        """Take out those that a worker had started before it was killed, with what it left; returns their names.

        Only for when no worker is at work.
        """
        entries = list(self._queue.iter_active())
        for entry in entries:
            info = self._queue.proc.get(entry.stash_rev)
            if info and _runs(info.pid, entry.stash_rev):
                kill_tree(info.pid)
            notes = Path(self._queue.get_infofile_path(entry.stash_rev))
            with contextlib.suppress(OSError, ValueError, TypeError, KeyError):
                root = Path(json.loads(notes.read_text(encoding="utf-8"))["root_dir"])
                if root.resolve().is_relative_to(TEMPORARY.resolve()):
                    shutil.rmtree(root, ignore_errors=True)
        for message, entry in list(self._queue._iter_processed()):
            if any(entry.stash_rev == each.stash_rev for each in entries):
                self._queue.celery.backend.mark_as_failure(message.headers["id"], None)
        self.remove([entry.stash_rev for entry in entries])
        for entry in entries:
            shutil.rmtree(Path(self._queue.get_infofile_path(entry.stash_rev)).parent, ignore_errors=True)
        self._queue.celery.clean()
        return [entry.name for entry in entries]

    def score(self, rev: str) -> dict[str, Any]:
        """The validation figures of the best epoch of an experiment; {} where it has none, as one of other stages."""
        try:
            with self._repo.scm.get_fs(rev).open("metrics/train/metrics.json", "r", encoding="utf-8") as file:
                return dict(json.load(file)["best"]["validation"])
        except (OSError, ValueError, KeyError):
            return {}


def _runs(number: int, stash_rev: str) -> bool:
    """Whether the process of an experiment still runs; its number may be another process's by now."""
    try:
        return any(stash_rev in part for part in psutil.Process(number).cmdline())
    except psutil.Error:
        return False


def _mend_lock() -> None:
    """Remove the queue's lock file where a kill in the middle of writing cut it off, and DVC would refuse it."""
    path = TEMPORARY / "rwlock"
    try:
        json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        path.unlink()
    except OSError:
        return


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """DVC reports each file it hashes; for dozens of experiments in a row that says nothing."""
    with Path(os.devnull).open("w") as nothing, contextlib.redirect_stdout(nothing):
        yield
