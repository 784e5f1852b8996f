"""What the page says of where a run came from."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.conftest import runner
from tests.made_up import made_up
from writerid.report.origin import commands, origin, provenance
from writerid.report.runs import WORKSPACE, Run, flat

PARAMS = "dataset: data/synthetic.zip\ndropout: 0.2\ncrop:\n  tone: clip\n"


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with one commit, that of a run."""
    monkeypatch.chdir(tmp_path)
    for name, text in {"params.yaml": PARAMS, "src/a.py": "1", "README.md": "1", "metrics/test.json": "1"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    call = runner(tmp_path)
    call("git", "init", "--quiet")
    call("git", "add", ".")
    call("git", "-c", "user.name=t", "-c", "user.email=t@t.invalid", "commit", "--quiet", "-m", "run")
    return tmp_path


def of_params(text: str, **changes: Any) -> Run:
    deps = [{"path": path, "md5": "0"} for path in ("src/a.py", "src/new.py", "metrics/test.json")]
    stages = {"evaluate": {"outs": [{"path": "metrics/test.json", "md5": "0"}]}, "explain": {"deps": deps}}
    return made_up(name=WORKSPACE, params=flat(YAML(typ="safe").load(text)), lock={"stages": stages}, **changes)


def test_a_commit_alone_gives_a_run_that_differs_in_nothing(repository: Path):
    (repository / "README.md").write_text("2")  # not what a run depends on
    (repository / "metrics/test.json").write_text("2")  # made by it
    head = runner(repository)("git", "rev-parse", "HEAD").stdout.strip()
    source = origin(of_params(PARAMS))
    assert (source.params, source.files) == ({}, ())
    assert commands(source) == [f"git checkout {head}", "make repro", "make report"]
    assert dict(provenance(of_params(PARAMS), source))["commit"] == head


def test_other_parameters_and_other_code_are_told(repository: Path):
    changed = PARAMS.replace("0.2", "0.0").replace("clip", "raw").replace("synthetic", "my own")
    (repository / "params.yaml").write_text(changed)
    (repository / "src/a.py").write_text("2")
    (repository / "src/new.py").write_text("not tracked")
    source = origin(of_params(changed))
    assert source.files == ("src/a.py", "src/new.py")
    assert commands(source)[1] == "dvc exp run -S 'dataset=data/my own.zip' -S dropout=0.0 -S crop.tone=raw"
    assert dict(provenance(of_params(changed), source))["commit"].endswith(", with other parameters and code")


def test_an_experiment_is_told_from_the_commit_it_started_from(repository: Path):
    call = runner(repository)
    head = call("git", "rev-parse", "HEAD").stdout.strip()
    changed = PARAMS.replace("0.2", "0.0")
    (repository / "params.yaml").write_text(changed)
    call("git", "-c", "user.name=t", "-c", "user.email=t@t.invalid", "commit", "--quiet", "-am", "experiment")
    call("git", "update-ref", f"refs/exps/{head[:2]}/{head[2:]}/plain", "HEAD")
    call("git", "update-ref", "refs/exps/stash", "HEAD")  # DVC has such, too
    call("git", "reset", "--hard", "--quiet", head)
    source = origin(replace(of_params(changed), name="plain"))
    assert commands(source) == [f"git checkout {head}", "dvc exp run -S dropout=0.0", "make report"]
    assert source.files == ()


def test_a_folder_without_commits_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    runner(tmp_path)("git", "init", "--quiet")
    assert commands(origin(of_params(PARAMS))) == ["git checkout COMMIT", "make repro", "make report"]
