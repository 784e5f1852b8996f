"""dvc.yaml declares what the code does."""

import ast
import re
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT
from tools.params import text
from writerid.base import declaration
from writerid.base.declaration import CODE
from writerid.base.schema import Network, Recipe

PIPELINE = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())
DOOR = ROOT / "src/writerid/__init__.py"  # by which people get the identifier; it imports nothing until asked
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


MAY_IMPORT = {
    "base": set(),
    "repository": {"base"},
    "synthesis": {"base"},
    "dataset": {"base"},
    "scores": {"base"},
    "crops": {"base", "dataset"},
    "contours": {"base", "crops"},
    "network": {"base", "crops", "dataset", "scores"},
    "identifier": {"base", "crops", "dataset", "scores"},
    "evaluation": {"base", "crops", "dataset", "scores", "network"},
    "explain": {"base", "crops", "dataset", "scores", "network", "evaluation"},
    "pictures": {"base", "scores", "explain"},
    "report": {"base", "repository", "scores", "explain", "pictures"},
    "web": {"base", "identifier"},
    "tuning": {"base", "repository", "scores"},
}


@pytest.mark.parametrize("package", MAY_IMPORT)
def test_imports_run_downwards(package: str):
    for file in (ROOT / "src/writerid" / package).rglob("*.py"):
        used = {found.relative_to(ROOT / "src/writerid").parts[0] for found in modules(file) if "src" in found.parts}
        assert used - {package, "__init__.py"} <= MAY_IMPORT[package], file.relative_to(ROOT)


def test_every_package_says_what_it_holds():
    folders = {path.name for path in (ROOT / "src/writerid").iterdir() if (path / "__init__.py").is_file()}
    assert folders == set(MAY_IMPORT)
    assert all(
        ast.get_docstring(ast.parse((ROOT / "src/writerid" / name / "__init__.py").read_text())) for name in folders
    )


def all_modules(path: Path) -> set[str]:
    seen: set[Path] = set()
    waiting = {path}
    while waiting:
        file = waiting.pop()
        seen.add(file)
        waiting |= modules(file) - seen if file != DOOR else set()
    return {str(file.relative_to(ROOT)) for file in seen}


def script(stage: str) -> ast.Module:
    return ast.parse((ROOT / "stages" / f"{stage}.py").read_text())


def parameters(stage: str) -> set[str]:
    """Every `params.x` and `params.x.y` that a stage's script reads; `params.network` is all of its fields."""
    if "params.yaml" in declared(stage, "deps"):  # all of them
        return set()
    chains = {ast.unparse(node) for node in ast.walk(script(stage)) if isinstance(node, ast.Attribute)}
    read = {chain.removeprefix("params.") for chain in chains if chain.startswith("params.")}
    for name, group in (("network", Network), ("recipe", Recipe)):
        if name in read:
            read = (read - {name}) | set(group.model_fields)
    return {name for name in read if not any(other.startswith(name + ".") for other in read)}


def paths(stage: str) -> set[str]:
    """Every file that a stage's script names."""
    return {
        str(node.args[0].value)
        for node in ast.walk(script(stage))
        if isinstance(node, ast.Call) and ast.unparse(node.func) == "Path" and isinstance(node.args[0], ast.Constant)
    }


def test_the_stages_are_those_of_the_design():
    assert STAGES == ["check", "synthesize", "map_writers", "split", "crop", "train", "evaluate", "explain", "enrol"]
    assert all(PIPELINE["stages"][name]["cmd"] == f"python -m stages.{name}" for name in STAGES)


def is_code(dep: str) -> bool:
    return dep.startswith(CODE)


@pytest.mark.parametrize("stage", STAGES)
def test_stages_declare_the_code_they_run_through_and_no_more(stage: str):
    """A package that holds nothing but its docstring may be imported on the way, such as writerid itself."""
    named = all_modules(ROOT / "stages" / f"{stage}.py")
    imported = {name for name in named if ROOT / name != DOOR and not only_docstring(ROOT / name)}
    places = {dep for dep in declared(stage, "deps") if is_code(dep)} - {"requirements.lock"}
    assert "requirements.lock" in declared(stage, "deps")
    assert {name for name in imported if not any(name == at or name.startswith(f"{at}/") for at in places)} == set()
    assert {at for at in places if not any(name == at or name.startswith(f"{at}/") for name in imported)} == set()
    assert imported <= {str(path.relative_to(ROOT)) for path in declaration.code(stage)}


def only_docstring(path: Path) -> bool:
    body = ast.parse(path.read_text()).body
    return len(body) == 1 and ast.get_docstring(ast.parse(path.read_text())) is not None


def test_the_digest_of_a_stage_follows_its_code(tmp_path: Path):
    for name in {"dvc.yaml"} | {str(path.relative_to(ROOT)) for path in declaration.code("train")}:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    before = declaration.digest("train", tmp_path)
    assert before == declaration.digest("train")
    for name in ("stages/runner.py", "stages/train.py", "src/writerid/network/models.py", "requirements.lock"):
        text = (tmp_path / name).read_text()
        (tmp_path / name).write_text(text + "\n")
        assert declaration.digest("train", tmp_path) != before, name
        (tmp_path / name).write_text(text)
    (tmp_path / "src/writerid/network/deeper").mkdir()
    (tmp_path / "src/writerid/network/deeper/new.py").write_text("")
    assert declaration.digest("train", tmp_path) != before


def test_the_committed_params_are_what_the_code_says():
    """As git has it staged: what a person changed in the workspace is theirs."""
    show = ["git", "-C", str(ROOT), "show", ":params.yaml"]
    assert subprocess.run(show, capture_output=True, check=True).stdout.decode() == text({})
    assert text({"seed": 7})[text({}).index("seed:") :].startswith("seed: 7 ")


@pytest.mark.parametrize("stage", STAGES)
def test_stages_declare_the_parameters_they_read(stage: str):
    assert declared(stage, "params") == parameters(stage)


def test_only_stages_read_parameters():
    for file in (ROOT / "src" / "writerid").rglob("*.py"):
        if file.name != "params.py":
            assert "writerid.base.params import load" not in file.read_text(), f"{file.name} reads parameters"


@pytest.mark.parametrize("stage", STAGES)
def test_stages_declare_the_files_they_read_and_write(stage: str):
    files = {dep for dep in declared(stage, "deps") if not is_code(dep)}
    outs = declared(stage, "outs") | declared(stage, "metrics")
    if "${dataset}" in files:
        assert "dataset" in parameters(stage)
    assert stage == "check" or "data/checked.json" in files  # it is there for the order of the stages; none reads it
    declared_files = (files - {"${dataset}", "data/checked.json"}) | outs
    named = paths(stage) - {"metrics/runtime.json"}  # of no stage: it differs from run to run
    assert {
        d for d in declared_files if not any(d == n or d.startswith(f"{n}/") or n.startswith(f"{d}/") for n in named)
    } == set()
    assert {
        n for n in named if not any(d == n or d.startswith(f"{n}/") or n.startswith(f"{d}/") for d in declared_files)
    } == set()


def test_the_runtime_is_no_stages_output_and_no_metric():
    assert "metrics" not in PIPELINE
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


@pytest.mark.parametrize("folder", ["stages", "tools", "benchmarks"])
def test_a_command_with_options_hands_on_its_parser(folder: str):
    """Or the runner, which refuses options that it does not know, would refuse them all."""
    for file in (ROOT / folder).glob("*.py"):
        text = file.read_text()
        calls = [
            node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call) and ast.unparse(node.func) == "run"
        ]
        for call in calls:
            if ".add_argument(" in text and ast.unparse(call.args[0]) == "main":
                assert len(call.args) == 2, file.relative_to(ROOT)


def test_the_page_for_developers_lists_all_packages_stages_and_benchmarks():
    listed = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/development.md").read_text(), re.MULTILINE))
    benchmarks = {file.stem for file in (ROOT / "benchmarks").glob("*.py") if "__main__" in file.read_text()}
    assert {*MAY_IMPORT, *STAGES, *benchmarks} == listed
