"""What the page says of where a run came from."""

import hashlib
import shlex
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from dvc.utils.hydra import apply_overrides
from ruamel.yaml import YAML

from tests.conftest import runner
from tests.made_up import made_up
from writerid.report.origin import Origin, commands, origin, provenance
from writerid.report.runs import WORKSPACE, Run, flat
from writerid.repository.dvc import override

PARAMS = "dataset: data/synthetic.zip\ndropout: 0.2\ncrop:\n  tone: clip\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one commit, that of a run."""
    monkeypatch.chdir(tmp_path)
    pipeline = "stages:\n  explain:\n    cmd: python -m explain\n"
    files = {"params.yaml": PARAMS, "src/a.py": "1", "README.md": "1", "metrics/test.json": "1", "dvc.yaml": pipeline}
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    runner(tmp_path)("git", "init", "--quiet")
    commit(tmp_path, "run")
    return tmp_path


def of_params(text: str, **changes: Any) -> Run:
    return made_up(name=WORKSPACE, params=flat(YAML(typ="safe").load(text)), **changes)


def locked() -> dict[str, Any]:
    """The lock of a run of the code as it is in the workspace; DVC notes one hash of a folder's files."""
    paths = [path for path in ("src/a.py", "src/new.py", "metrics/test.json") if Path(path).exists()]
    deps = [{"path": path, "md5": hashlib.md5(Path(path).read_bytes()).hexdigest()} for path in paths]
    return {"stages": {"explain": {"cmd": "python -m explain", "deps": deps}}}


def commit(folder: Path, message: str) -> str:
    """Commit all that is in a folder, and return the commit."""
    call = runner(folder)
    call("git", "add", "--all")
    call("git", "-c", "user.name=t", "-c", "user.email=t@t.invalid", "commit", "--quiet", "-m", message)
    return call("git", "rev-parse", "HEAD").stdout.strip()


@pytest.mark.parametrize("known", [True, False], ids=["by dvc.lock", "without it"])
def test_a_commit_alone_gives_a_run_that_differs_in_nothing(repository: Path, known: bool):
    run = of_params(PARAMS, lock=locked() if known else {})
    (repository / "README.md").write_text("2")  # not what a run depends on
    (repository / "metrics/test.json").write_text("2")  # made by it
    head = runner(repository)("git", "rev-parse", "HEAD").stdout.strip()
    source = origin(run)
    assert (source.params, source.files) == ({}, ())
    assert commands(source) == [f"git checkout {head}", "make repro", "make report"]
    assert dict(provenance(run, source))["commit"] == head


@pytest.mark.parametrize("known", [True, False], ids=["by dvc.lock", "without it"])
def test_other_parameters_and_other_code_are_told(repository: Path, known: bool):
    changed = PARAMS.replace("0.2", "0.0").replace("clip", "raw").replace("synthetic", "^my (own)+,=ü")
    (repository / "params.yaml").write_text(changed)
    (repository / "src/a.py").write_text("2")
    (repository / "src/new.py").write_text("not tracked")
    run = of_params(changed, lock=locked() if known else {})
    source = origin(run)
    assert source.files == ("src/a.py", "src/new.py")
    assert dict(provenance(run, source))["commit"].endswith(", with other parameters and files")
    again = shlex.split(commands(source)[1])
    assert again[:3] == ["dvc", "exp", "run"] and again[3::2] == ["-S"] * 3
    apply_overrides(str(shutil.copyfile("params.yaml", "again.yaml")), again[4::2])  # as DVC does
    assert flat(YAML(typ="safe").load(Path("again.yaml").read_text())) == run.params


@pytest.mark.parametrize("value", ["it's", '"$HOME`x`!', "a'$b"])
def test_the_shell_takes_a_value_as_it_is(value: str):
    again = commands(Origin("", {"dataset": value}, ()))[1]
    assert shlex.split(again)[4] == override("dataset", value)


def test_code_that_was_changed_after_a_run_is_told_only_once_the_commit_has_it(repository: Path):
    run = of_params(PARAMS, lock=locked())
    (repository / "src/a.py").write_text("2")
    assert origin(run).files == ()  # the commit gives this run
    (repository / "dvc.yaml").write_text("stages:\n  explain:\n    cmd: python -m other\n")
    head = commit(repository, "code")
    source = origin(run)
    assert (source.commit, source.files) == (head, ("dvc.yaml", "src/a.py"))


def test_data_that_the_commit_notes_otherwise_is_told(repository: Path):
    run = of_params(PARAMS, lock=locked())
    run.lock["stages"]["explain"]["deps"].append({"path": "data/own.zip", "md5": "1"})
    assert origin(run).files == ()  # DVC does not track it
    (repository / "data").mkdir()
    for md5, files in (("1", ()), ("2", ("data/own.zip.dvc",))):
        (repository / "data/own.zip.dvc").write_text(f"outs:\n- md5: '{md5}'\n  path: own.zip\n")
        commit(repository, "data")
        assert origin(run).files == files


def test_an_experiment_is_told_from_the_commit_it_started_from(repository: Path):
    """Not from another that has an experiment of the same name; and code that it ran with and left uncommitted is."""
    call = runner(repository)
    heads = []
    for seed in (1, 2):
        (repository / "README.md").write_text(f"another {seed}")
        head = commit(repository, "another")
        changed = PARAMS.replace("0.2", f"0.{seed + 2}")
        (repository / "params.yaml").write_text(changed)
        (repository / "src/a.py").write_text(str(seed))
        rev = commit(repository, "experiment")
        call("git", "update-ref", f"refs/exps/{head[:2]}/{head[2:]}/plain", rev)
        call("git", "update-ref", "refs/exps/stash", rev)  # DVC has such, too
        heads.append((head, of_params(changed, lock=locked(), rev=rev)))
        call("git", "reset", "--hard", "--quiet", head)
    for (head, run), dropout, files in zip(heads, (0.3, 0.4), ((), ("src/a.py",)), strict=True):
        source = origin(replace(run, name="plain"))
        assert commands(source) == [f"git checkout {head}", f"dvc exp run -S dropout={dropout}", "make report"]
        assert source.files == origin(replace(run, name="plain", lock={})).files == files


def test_a_folder_without_commits_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    runner(tmp_path)("git", "init", "--quiet")
    assert commands(origin(of_params(PARAMS))) == ["git checkout COMMIT", "make repro", "make report"]
