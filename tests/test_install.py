"""The package alone, as `pip install .` brings it: what it weighs, and its command, run outside of this repository."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.handmade import HANDS, identifier, page, save

pytestmark = pytest.mark.install
MOST = 300_000_000  # bytes of what is installed, without pip and Python's own compiled copies


def test_the_command_works_where_only_the_package_is_installed(tmp_path: Path):
    source = shutil.copytree(ROOT / "src", tmp_path / "project" / "src", ignore=shutil.ignore_patterns("*.egg-info"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(ROOT / name, source.parent / name)
    subprocess.run([sys.executable, "-m", "venv", str(tmp_path / "venv")], check=True)
    python = tmp_path / "venv" / "bin" / "python"
    install = [str(python), "-m", "pip", "install", "--quiet", "--no-compile", str(source.parent)]
    subprocess.run(install, check=True, timeout=600)
    packages = next((tmp_path / "venv" / "lib").glob("python*")) / "site-packages"
    names = {path.name.partition("-")[0] for path in packages.iterdir()}
    assert not names & {"tensorflow", "keras", "dvc", "ray", "sklearn", "scikit_learn", "pandas", "matplotlib"}
    own = [path for path in packages.iterdir() if not path.name.startswith(("pip", "setuptools", "pkg_resources"))]
    weight = sum(file.stat().st_size for path in own for file in [path, *path.rglob("*")] if file.is_file())
    assert weight < MOST, f"{weight / 1e6:.0f} MB"

    home = tmp_path / "home"
    identifier().save(home / "models" / "identifier")
    for name in HANDS:
        for number in (1, 2):
            save(page(HANDS[name], number), home / f"{name}{number}.png")

    def run(*arguments: str) -> str:
        command = [str(tmp_path / "venv" / "bin" / "writerid"), *arguments]
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        done = subprocess.run(command, cwd=home, capture_output=True, text=True, env=environment, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert "anna1.png: anna (" in run("identify", "anna1.png")
    assert json.loads(run("compare", "anna1.png", "carla1.png", "--json"))["log10_ratio"] < 0
    run("enrol", "carla", "carla1.png")
    assert "carla2.png: carla (" in run("identify", "carla2.png")
    run("evidence", "carla2.png")
    assert "carla" in (home / "evidence.html").read_text()
    assert "carla: 5 lines, enrolled" in run("writers")
    run("forget", "carla")
    assert "serve" in run("--help")
    refused = subprocess.run(
        [str(tmp_path / "venv" / "bin" / "writerid"), "export", "--to", "x"], cwd=home, capture_output=True
    )
    assert b"export needs Keras" in refused.stderr
