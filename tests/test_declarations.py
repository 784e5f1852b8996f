"""dvc.yaml declares what the code does."""

import ast
import re
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT

PIPELINE = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())
STAGES = list(PIPELINE["stages"])


def declared(stage: str, key: str) -> set[str]:
    entries = PIPELINE["stages"][stage].get(key) or []
    return {entry if isinstance(entry, str) else next(iter(entry)) for entry in entries}


def modules(path: Path) -> set[Path]:
    """The project's own files that a file imports, the packages they are in among them."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [str(node.module), *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            place = Path(*name.split("."))
            for file in (ROOT / "src" / place, ROOT / place):
                found |= {p for p in (file.with_suffix(".py"), file / "__init__.py") if p.is_file()}
    return found | {p.parent / "__init__.py" for p in found | {path}}


def all_modules(path: Path) -> set[str]:
    seen: set[Path] = set()
    waiting = {path}
    while waiting:
        file = waiting.pop()
        seen.add(file)
        waiting |= modules(file) - seen
    return {str(file.relative_to(ROOT)) for file in seen}


def script(stage: str) -> ast.Module:
    return ast.parse((ROOT / "stages" / f"{stage}.py").read_text())


def parameters(stage: str) -> set[str]:
    """Every `params.x` and `params.x.y` that a stage's script reads."""
    chains = {ast.unparse(node) for node in ast.walk(script(stage)) if isinstance(node, ast.Attribute)}
    own = {chain.removeprefix("params.") for chain in chains if chain.startswith("params.")}
    return {name for name in own if not any(other.startswith(name + ".") for other in own)}


def paths(stage: str) -> set[str]:
    """Every file that a stage's script names."""
    return {
        str(node.args[0].value)
        for node in ast.walk(script(stage))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Path" and isinstance(node.args[0], ast.Constant)
    }


def test_the_stages_are_those_of_the_design():
    assert STAGES == ["synthesize", "map_writers", "split", "crop", "train", "evaluate", "explain"]
    assert all(PIPELINE["stages"][name]["cmd"] == f"python -m stages.{name}" for name in STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_stages_declare_the_modules_they_import(stage: str):
    code = {dep for dep in declared(stage, "deps") if dep.endswith(".py")}
    assert code == all_modules(ROOT / "stages" / f"{stage}.py")


@pytest.mark.parametrize("stage", STAGES)
def test_stages_declare_the_parameters_they_read(stage: str):
    assert declared(stage, "params") == parameters(stage)


def test_only_stages_read_parameters():
    for file in (ROOT / "src" / "writerid").rglob("*.py"):
        if file.name != "params.py":
            assert "writerid.base.params" not in file.read_text(), f"{file.name} reads parameters"


@pytest.mark.parametrize("stage", STAGES)
def test_stages_declare_the_files_they_read_and_write(stage: str):
    files = {dep for dep in declared(stage, "deps") if not dep.endswith(".py")}
    outs = declared(stage, "outs") | declared(stage, "metrics")
    if "${dataset}" in files:
        assert "dataset" in parameters(stage)
    declared_files = (files - {"${dataset}"}) | outs
    named = paths(stage) - {"metrics/runtime.json"}  # of no stage: it differs from run to run
    assert {
        d for d in declared_files if not any(d == n or d.startswith(f"{n}/") or n.startswith(f"{d}/") for n in named)
    } == set()
    assert {
        n for n in named if not any(d == n or d.startswith(f"{n}/") or n.startswith(f"{d}/") for d in declared_files)
    } == set()


def test_the_runtime_metrics_are_no_stages_output():
    assert PIPELINE["metrics"] == ["metrics/runtime.json"]
    assert not any("metrics/runtime.json" in declared(stage, key) for stage in STAGES for key in ("outs", "metrics"))


def test_the_lock_holds_hashes_and_no_index():
    text = (ROOT / "requirements.lock").read_text()
    assert not re.search(r"https?://|--index|--find-links|--extra-index", text)
    pins = re.findall(r"^[A-Za-z0-9_.-]+==\S+", text, re.MULTILINE)
    assert len(pins) > 50
    assert text.count("--hash=sha256:") >= len(pins)


def test_no_large_file_in_git():
    for path in (ROOT / "metrics").rglob("*"):
        assert not path.is_file() or path.stat().st_size < 1_000_000 or path.suffix == ".png"
