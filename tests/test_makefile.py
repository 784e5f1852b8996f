"""How the Makefile looks after the environment; that it makes one is what `make test` itself begins with."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT, copy_checkout


@pytest.fixture
def project(tmp_path: Path) -> Path:
    for name in ("Makefile", "requirements.lock"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    return tmp_path


def make(project: Path, *arguments: str, target: tuple[str, ...] = ("env",)) -> subprocess.CompletedProcess[str]:
    outer = {"MAKEFLAGS", "MFLAGS", "MAKELEVEL"}  # of the `make test` that runs this
    own = {name: value for name, value in os.environ.items() if name not in outer}
    return subprocess.run(
        ["make", *target, *arguments], cwd=project, env=own, capture_output=True, text=True, check=False
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


def test_what_runs_in_the_environment_waits_for_it():
    """By itself, too: with several jobs, make begins all that a target names at once."""
    rules = re.findall(r"^([\w-]+):([^\n#]*)##.*\n((?:\t.*\n)*)", (ROOT / "Makefile").read_text(), re.MULTILINE)
    needs = {target: before.split() for target, before, _ in rules}
    inside = [target for target, _, recipe in rules if re.search(r"^\t@(python|dvc|ruff|mypy) ", recipe, re.MULTILINE)]
    assert {"repro", "unlock", "test", "lint"} <= set(inside)
    waiting = {"env"} | {target for target in inside if "env" in needs[target]}
    assert [target for target in inside if not waiting & set(needs[target])] == []


def test_another_python_is_refused(project: Path):
    done = make(project, "PYTHON=no-such-python")
    assert done.returncode and "error: no-such-python not found; install Python 3.11" in done.stderr
    assert not (project / ".venv").exists()


def test_clean_removes_what_the_stages_made_and_nothing_else(tmp_path: Path):
    """Neither a person's archive or table, nor what git keeps."""
    copy = copy_checkout(tmp_path / "copy")
    subprocess.run(
        "git init -q && git add -A && git -c user.name=t -c user.email=t@t commit -qm x", cwd=copy, shell=True
    )
    stages = YAML(typ="safe").load((copy / "dvc.yaml").read_text())["stages"].values()
    made = [out for stage in stages for out in stage["outs"] if isinstance(out, str)]
    mine = ["data/iam.zip", "data/notes.csv", "data/iam.zip.dvc"]
    for name in [*made, *mine, ".state/train-x/state.npz", "data/crops/.partial-a.npy"]:
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).touch()
    done = make(copy, "clean", target=())
    assert done.returncode == 0, done.stderr
    assert not [name for name in made if (copy / name).exists()]
    assert all((copy / name).is_file() for name in mine)
    left = subprocess.run(["git", "status", "--porcelain"], cwd=copy, capture_output=True, text=True).stdout
    assert not [line for line in left.splitlines() if line[:2] not in ("A ", "??")]
