"""How the Makefile looks after the environment; that it makes one is what `make test` itself begins with."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import ROOT


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("Makefile", "requirements.lock"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def make(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    outer = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL"}  # of the `make test` that runs this
    own = {name: value for name, value in os.environ.items() if name not in outer}
    return subprocess.run(
        ["make", "env", *arguments], cwd=project, env=own, capture_output=True, text=True, check=False
    )


def test_an_environment_of_the_same_lock_is_kept(project: Path):
    (project / ".venv").mkdir()
    shutil.copyfile(ROOT / "requirements.lock", project / ".venv/requirements.lock")
    done = make(project)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_an_environment_elsewhere_is_never_made_anew(project: Path):
    elsewhere = project / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "mine").touch()
    (project / ".venv").symlink_to(elsewhere)
    done = make(project)
    assert (
        done.returncode and "error: .venv is a link, and not to an environment of this requirements.lock" in done.stderr
    )
    assert (elsewhere / "mine").exists()


def test_another_python_is_refused(project: Path):
    done = make(project, "PYTHON=no-such-python")
    assert done.returncode and "error: no-such-python not found; install Python 3.11" in done.stderr
    assert not (project / ".venv").exists()
