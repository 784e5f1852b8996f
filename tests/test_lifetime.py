"""Stages that are interrupted, killed, or started twice, and the processes that they start.

Each waits for a sign of what it is to disturb, never for a time: a machine may be as slow as it likes.
"""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.conftest import ROOT, edit_params, environment, runner, wait_for
from writerid.base.errors import InputError
from writerid.base.lifetime import SIGNALS, held
from writerid.base.parallel import cores, ordered_map

workers = pytest.mark.skipif(cores() < 2, reason="on a single core nothing is given to workers")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals and process groups are POSIX")


@contextmanager
def started(checkout: Path, name: str, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A stage, with more handwriting to draw than it ever will, at work in a session of its own."""
    edit_params(checkout / "params.yaml", {"synthesis.writers": 2000, "synthesis.forms": 50})
    command = [sys.executable, *options, "-m", f"stages.{name}"]
    with subprocess.Popen(
        command, cwd=checkout, stderr=subprocess.PIPE, text=True, env=environment(), start_new_session=True
    ) as process:
        try:
            yield process
        finally:
            for member in in_session(process.pid):
                member.kill()


def in_session(session: int) -> list[psutil.Process]:
    """All processes of a session."""
    found = []
    for number in psutil.pids():
        try:
            if os.getsid(number) == session and (process := psutil.Process(number)).status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (OSError, psutil.Error):
            continue
    return found


def drawing(checkout: Path) -> Callable[[], bool]:
    """Whether synthesize's workers have drawn something."""
    archive = checkout / "data/.partial-synthetic.zip"
    return lambda: archive.is_file() and archive.stat().st_size > 50_000


def ends_with_one_line(process: subprocess.Popen[str], checkout: Path) -> None:
    _, stderr = process.communicate()  # it comes when the last process that could write to it has ended
    assert process.returncode in (130, -signal.SIGINT)  # the same to a shell; CPython's choice inside an exec()
    assert stderr.count("error: interrupted") == 1
    assert "Traceback" not in stderr
    assert not [*(checkout / "data").glob("*.zip"), *(checkout / "data").glob(".partial*")]


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_to_all_processes_of_a_stage_ends_it_with_one_line(checkout: Path, number: signal.Signals):
    with started(checkout, "synthesize") as process:
        wait_for(drawing(checkout), process)
        os.killpg(process.pid, number)
        ends_with_one_line(process, checkout)


@workers
def test_a_signal_while_workers_start(checkout: Path):
    """And another on its heels, as `dvc` sends one of its own beside the terminal's."""
    with started(checkout, "synthesize") as process:
        wait_for(lambda: len(in_session(process.pid)) > 1, process)
        os.killpg(process.pid, signal.SIGINT)
        os.killpg(process.pid, signal.SIGTERM)
        ends_with_one_line(process, checkout)


@pytest.mark.parametrize(("name", "module"), [("train", "tensorflow.python"), ("crop", "numpy.version")])
def test_a_signal_while_a_stage_imports(checkout: Path, name: str, module: str):
    """Python tells each module it has imported, those of a package before the package."""
    with started(checkout, name, "-X", "importtime") as process:
        assert process.stderr
        assert any(module in line for line in process.stderr)
        os.killpg(process.pid, signal.SIGINT)
        ends_with_one_line(process, checkout)


def test_an_interrupt_that_a_library_turned_into_an_error_of_its_own():
    program = """if True:
        import os, signal
        from stages.runner import run

        def main():
            try:
                os.kill(os.getpid(), signal.{number})
            except KeyboardInterrupt:
                raise TypeError("when calling a layer") from None
            raise TypeError("nobody interrupted")

        run(main, alone=False)
    """
    call = [sys.executable, "-c"]
    done = subprocess.run([*call, program.replace("{number}", "SIGTERM")], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (130, "error: interrupted\n")
    done = subprocess.run([*call, program.replace("{number}", "SIGCONT")], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert "TypeError: nobody interrupted" in done.stderr


@workers
def test_workers_do_not_outlive_a_killed_stage(checkout: Path):
    with started(checkout, "synthesize") as process:
        wait_for(drawing(checkout), process)
        assert len(in_session(process.pid)) > 1
        process.kill()  # this one process only, as a system without memory does
        process.communicate()
        wait_for(lambda: not in_session(process.pid))


def test_a_stage_whose_dvc_was_killed_before_it_could_look_ends_at_once(checkout: Path):
    edit_params(checkout / "params.yaml", {"synthesis.writers": 2000, "synthesis.forms": 50})
    command = f"{sys.executable} -m stages.synthesize & disown"
    done = subprocess.run(
        ["bash", "-c", command], cwd=checkout, env=environment() | {"DVC_STAGE": "synthesize"}, stderr=subprocess.PIPE
    )  # which ends when the last process that could write to it has ended
    assert b"error: interrupted" in done.stderr
    assert not list((checkout / "data").glob("*.zip"))


def test_one_stage_at_a_time_in_a_folder(checkout: Path):
    """Readers do not count."""
    run = runner(checkout)
    with started(checkout, "synthesize") as process:
        wait_for(drawing(checkout), process)
        refused = run(sys.executable, "-m", "stages.synthesize", check=False)
        assert "error: another stage is at work in this folder" in refused.stderr
        run(sys.executable, "-m", "tools.params")
        os.killpg(process.pid, signal.SIGKILL)
    run(sys.executable, "-m", "stages.check")


def double(item: int) -> int:
    if item < 0:
        raise InputError(f"{item} is negative")
    return 2 * item


def die(item: int) -> int:
    if item == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return item


@pytest.mark.parametrize(("processes", "workers"), [(False, 3), (True, 1), (True, 2)])
class TestOrderedMap:
    def mapped(self, function: Callable[[Any], Any], items: list[Any], **how: Any) -> list[Any]:
        return list(ordered_map(function, items, "", "", **how))

    def test_results_come_in_order(self, processes: bool, workers: int):
        items = list(range(40))
        assert self.mapped(double, items, processes=processes, workers=workers) == [2 * item for item in items]
        assert self.mapped(double, [], processes=processes, workers=workers) == []

    def test_an_error_is_raised_here(self, processes: bool, workers: int):
        with pytest.raises(InputError, match="-3 is negative"):
            self.mapped(double, [1, 2, -3, 4], processes=processes, workers=workers)

    def test_work_that_nobody_wants_any_more_is_not_done(self, processes: bool, workers: int):
        with closing(ordered_map(double, range(10**9), "", "", processes=processes, workers=workers)) as results:
            assert next(results) == 0
        assert not multiprocessing.active_children()


def test_a_worker_that_is_killed_is_told_of_and_waited_for_by_nobody():
    before = threading.active_count()
    with pytest.raises(InputError, match=r"a worker process ended before its work was done \(exit code -9"):
        list(ordered_map(die, list(range(1000)), "", "", processes=True, workers=2))
    assert threading.active_count() == before


def test_signals_that_are_held_come_afterwards():
    seen: list[str] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: seen.append("handled"))
    try:
        with held():
            os.kill(os.getpid(), signal.SIGTERM)
            subprocess.run(
                [sys.executable, "-c", "import os, signal; os.kill(os.getpid(), signal.SIGTERM)"], check=True
            )
            seen.append("held")
        assert seen == ["held", "handled"]
    finally:
        signal.signal(signal.SIGTERM, before)
