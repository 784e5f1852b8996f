"""Parameters that are edited while `dvc` runs stages are refused: DVC would write down what no stage has used."""

import os
from pathlib import Path

import psutil
import pytest

from tests.conftest import edit_params
from tools.params import text
from writerid.base import lifetime, steady
from writerid.base.errors import InputError


@pytest.fixture
def params(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The params.yaml of a folder in which this very process is the `dvc` that runs stages."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(steady, "started_by", os.getpid)
    (tmp_path / ".dvc/tmp").mkdir(parents=True)
    path = tmp_path / "params.yaml"
    path.write_text(text({}))
    return path


def run(monkeypatch: pytest.MonkeyPatch, stage: str, params: Path | None = None, **changes: object) -> None:
    """Run a stage, which takes so long that some parameters are edited meanwhile."""
    monkeypatch.setenv(lifetime.STAGE, stage)
    with steady.steady():
        if params:
            edit_params(params, changes)


def test_what_was_edited_between_stages_is_named(params: Path, monkeypatch: pytest.MonkeyPatch):
    run(monkeypatch, "split")
    run(monkeypatch, "crop")
    edit_params(params, {"epochs": 9, "grid.dropout": [0.3]})
    with pytest.raises(InputError, match=r"params.yaml: epochs was changed from 4 to 9 since this run began; put"):
        run(monkeypatch, "train")
    monkeypatch.setattr(steady, "started_by", os.getppid)  # another `dvc`
    run(monkeypatch, "train")
    run(monkeypatch, "evaluate")


def test_what_was_edited_while_a_stage_ran_matters_where_it_reads_it(params: Path, monkeypatch: pytest.MonkeyPatch):
    run(monkeypatch, "train", params, **{"explain.lines": 3, "crop.width": 50, "grid.dropout": [0.3]})
    for key, value in (("dropout", 0.5), ("augment.share", 0.25)):
        steady.BEGUN.unlink()  # as if by another `dvc`
        with pytest.raises(InputError, match=f"{key} was changed from .* to {value} while train ran"):
            run(monkeypatch, "train", params, **{key: value})


def test_without_dvc_nothing_is_compared(params: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(lifetime.STAGE, raising=False)
    with steady.steady():
        edit_params(params, {"epochs": 9})
    monkeypatch.setattr(steady, "started_by", lambda: -1)  # it was killed
    run(monkeypatch, "train", params, epochs=10)
    assert not steady.BEGUN.exists()


def test_a_file_that_cannot_be_read_is_left_to_the_stage(params: Path, monkeypatch: pytest.MonkeyPatch):
    params.write_text("epochs: [")
    run(monkeypatch, "check")
    steady.BEGUN.write_text("{")
    run(monkeypatch, "check")


def test_a_dvc_that_ended_while_it_was_looked_for_has_started_an_orphan(monkeypatch: pytest.MonkeyPatch):
    """Else the shell between them, which lives on, would be watched in its place."""

    class Ended:
        def cmdline(self) -> list[str]:
            raise psutil.ZombieProcess(1)

    class Shell:
        def cmdline(self) -> list[str]:
            return ["/bin/dash", "-c", "python -m stages.train"]

    class Stage:
        def parents(self) -> list[object]:
            return [Shell(), Ended()]

    monkeypatch.setenv("SHELL", "/bin/dash")
    monkeypatch.setattr(lifetime.psutil, "Process", Stage)
    assert lifetime.started_by() == -1
