"""What `python -m stages.tune` says and refuses before a trial runs. None does."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from filelock import FileLock
from typer.testing import CliRunner

from tests.a_grid import SOURCE, combos, params, runs
from tests.conftest import ROOT
from writerid.base.errors import InputError, tail
from writerid.base.params import changed, check
from writerid.repository import dvc
from writerid.repository.git import git
from writerid.tuning import cli, experiments, running
from writerid.tuning.engine import started
from writerid.tuning.grid import combinations
from writerid.tuning.trial import Outcome


@pytest.mark.parametrize("change", [{"params": params(backend="jax")}, {"code": "other"}, {"data": "other"}])
def test_results_of_another_backend_code_or_dataset_are_not_taken_for_these(change, monkeypatch):
    monkeypatch.setattr(running, "git", lambda *_: "b")
    monkeypatch.setattr(running, "source", lambda *_: SOURCE)
    one = combos()[:1]
    known = runs({})[:1]
    assert not running.plan(one, known, "tree", params(), False).left
    left = running.plan(
        one, known.assign(**{key: [value] for key, value in change.items()}), "tree", params(), False
    ).left
    (named,) = left.values()
    assert named.name.startswith(f"{one[0].name}_")  # the name is taken
    assert len(named.name) == len(one[0].name) + 5


def test_names_that_are_the_same_but_for_letters_that_git_refuses_are_told_apart(monkeypatch):
    monkeypatch.setattr(running, "git", lambda *_: "b")
    monkeypatch.setattr(running, "source", lambda *_: SOURCE)
    datasets = ["data/Müller.zip", "data/Möller.zip", "data/Meier.zip"]
    plan = running.plan(combos(grid={"dataset": datasets}), runs({})[:0], "tree", params(), False)
    names = [each.name for each in plan.left.values()]
    assert len(set(names)) == 3
    assert names[2] == "data-Meier.zip"


def test_a_trial_is_told_the_values_that_were_checked():
    """Not what `-S` was given as: YAML reads it here, and Hydra in the trial."""
    changes = ["grid={layers: [2]}", "dataset=data/Müller (old).zip", "learning_rate=1e-3", "top_writers=", "dropout=0"]
    (one,) = combinations(changed(ROOT / "params.yaml", changes), check)[0]
    assert set(running.overrides(one, changes)) == {
        "dataset='data/Müller (old).zip'",
        "dropout=0.0",
        "layers=2",
        f"seed={one.params['seed']}",
        "learning_rate=0.001",
        "top_writers=null",
    }


def test_a_group_of_parameters_is_told_whole():
    crop = params()["crop"] | {"height": 32}
    changes = [f"crop={json.dumps(crop)}", "grid={layers: [2]}"]
    (one,) = combinations(changed(ROOT / "params.yaml", changes), check)[0]
    told = [each.partition("=")[0] for each in running.overrides(one, changes)]
    assert sorted(told) == sorted(["layers", "seed", *(f"crop.{name}" for name in crop)])


def test_a_declaration_without_a_fit_is_one_line(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "--quiet"], check=True)
    for text in ("stages: [", "stages: 3", "stages: {crop: {}}", "[]"):
        (tmp_path / "dvc.yaml").write_text(text)
        subprocess.run(["git", "add", "--all"], check=True)
        with pytest.raises(InputError, match=r"^dvc.yaml: cannot be read, or declares no stage `train`"):
            experiments.source(git("write-tree"), params())


def test_results_are_of_the_code_and_the_versions_that_a_fit_follows_from(tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "--quiet"], check=True)
    (tmp_path / "dvc.yaml").write_text((ROOT / "dvc.yaml").read_text())

    def changed_by(name: str) -> tuple[str, str]:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("another")
        subprocess.run(["git", "add", "--all"], check=True)
        return experiments.source(git("write-tree"), {"dataset": "data/iam.zip"})

    code, data = changed_by("README.md")
    assert changed_by("src/writerid/report/words.py") == (code, data)
    assert changed_by("data/iam.zip.dvc")[0] == code != changed_by("requirements.lock")[0]
    assert changed_by("data/iam.zip.dvc")[1] != data
    assert len({changed_by(name)[0] for name in ("stages/crop.py", "src/writerid/network/models.py")} - {code}) == 2


def test_set_param_is_read_as_dvc_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    before = (tmp_path / "params.yaml").read_bytes()
    changes = ["epochs=3", "crop.width=64", "schedule=constant", "learning_rate=1e-3", "top_writers=null"]
    content = changed(tmp_path / "params.yaml", changes)
    assert (content["epochs"], content["crop"]["width"], content["schedule"]) == (3, 64, "constant")
    assert (content["learning_rate"], content["top_writers"]) == (0.001, None)
    assert (tmp_path / "params.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("learning_rate=[", r"^-S learning_rate=\[: not a value in YAML; put text in quotes$"),
        ("epoch=3", r"^-S epoch=3: wants KEY=VALUE, with a key of params.yaml"),
        ("crop.depth=3", "wants KEY=VALUE"),
        ("seed.x=3", "wants KEY=VALUE"),
        ("epochs", "wants KEY=VALUE"),
        ("epochs=many", "^-S: epochs: 'many' is not a whole number"),
        ("layers=2", r"^-S layers=2: the grid holds values of layers; choose of them with --only layers="),
    ],
)
def test_a_wrong_change_is_refused(change: str, message: str):
    with pytest.raises(InputError, match=message):
        changed(ROOT / "params.yaml", [change])


def test_a_dataset_that_trials_would_not_find_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    status = {"data/iam.zip.dvc": [{"changed outs": {"data/iam.zip": "deleted"}}]}
    monkeypatch.setattr(dvc, "dvc", lambda *_: json.dumps(status))
    subprocess.run(["git", "init", "--quiet"], check=True)

    def refused(message: str, elsewhere: bool = False) -> None:
        with pytest.raises(InputError, match=f"^dataset: data/iam.zip: {message}"):
            dvc.check_dataset("data/iam.zip", elsewhere=elsewhere)

    dvc.check_dataset("data/synthetic.zip", elsewhere=False)
    refused("there is no such file; put the archive there, and run `dvc add")
    (tmp_path / "data/iam.zip").mkdir(parents=True)  # a folder is a dataset, too
    refused("DVC does not track it.*`dvc add")
    (tmp_path / "data/iam.zip").rmdir()
    (tmp_path / "data/iam.zip").touch()
    refused("DVC does not track it.*`dvc add")
    (tmp_path / "data/iam.zip.dvc").write_text("outs: []")
    refused(r"data/iam.zip.dvc is not in git.*`git add data/iam.zip.dvc`")
    subprocess.run(["git", "add", "data/iam.zip.dvc"], check=True)
    dvc.check_dataset("data/iam.zip", elsewhere=False)  # it is in the cache, if not in the workspace
    for state, message in (("modified", "changed since `dvc add`"), ("not in cache", "not in DVC's cache.*`dvc add")):
        status["data/iam.zip.dvc"][0]["changed outs"]["data/iam.zip"] = state
        refused(message)
    (tmp_path / "data/iam.zip").unlink()
    refused("not in DVC's cache.*`dvc pull")
    dvc.check_dataset("data/iam.zip", elsewhere=True)


def told(known: pd.DataFrame, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(cli, "changed", lambda *_: params())
    monkeypatch.setattr(experiments, "load", lambda: known)
    monkeypatch.setattr(running, "source", lambda *_: SOURCE)
    done = CliRunner().invoke(cli.app, ["--dry-run", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--random", "99"], "--random 99: there are only 24 combinations to draw from; all are taken\n"),
        (["--random", "99", "--seeds", "2"], "--random 99: there are only 24 combinations to draw from"),
        (["--random", "13", "--only", "dropout=0"], "--random 13: there are only 12 combinations to draw from"),
        (["--random", "24"], "24 combinations: 0 of 24 done"),
        (["--random", "2", "--seeds", "2"], "2 combinations with 2 seeds each: 0 of 4 done"),
    ],
)
def test_more_at_random_than_there_are_is_told(arguments, said, monkeypatch: pytest.MonkeyPatch):
    assert told(runs({})[:0], *arguments, monkeypatch=monkeypatch).startswith(said)


def test_how_long_it_takes_is_told_by_the_runs_so_far_or_that_there_are_none(monkeypatch: pytest.MonkeyPatch):
    known = runs({}).assign(seconds=10.0)
    assert "24 to run, how long cannot be told yet" in told(known[:0], monkeypatch=monkeypatch)
    other = known[:1].assign(code="other")
    # Two at once share the cores there are: a promise of half the time would not be kept.
    monkeypatch.setattr(cli, "resources", lambda: {"CPU": 2, "GPU": 0})
    for workers in ("1", "2"):
        text = told(other, "--workers", workers, monkeypatch=monkeypatch)
        assert "24 to run, about 04:00 of training one after another, by the runs so far" in text
    with pytest.raises(InputError, match="--workers 40: each needs a core of its own; this machine has 2"):
        told(other, "--workers", "40", monkeypatch=monkeypatch)
    monkeypatch.setattr(cli, "resources", lambda: {"CPU": 8, "GPU": 4})
    assert "about 01:00 of training, by" in told(other, "--workers", "4", monkeypatch=monkeypatch)
    longer = other.assign(params=[params(epochs=params()["epochs"] * 2)])
    assert "about 02:00 of training" in told(longer, monkeypatch=monkeypatch)
    assert told(known, monkeypatch=monkeypatch).startswith("24 combinations: 24 of 24 done, 0 to run\nnothing to run")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--random", "six"], "should be a valid integer"),
        (["--workers", "0"], "greater than or equal to 1"),
        (["--workrs", "2"], "--workers"),
        (["--until", "crop"], "'crop'"),
    ],
)
def test_wrong_options_are_refused(arguments: list[str], message: str):
    done = CliRunner().invoke(cli.app, arguments)
    assert done.exit_code == 2
    assert message in done.output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--show", "--only", "layers=2"], "--show goes with -S and --any-code alone; leave out --only"),
        (["--show", "--seeds", "1", "--address", "a:1"], "--show goes with .* leave out --address, --seeds"),
        (["--show", "--dry-run", "--any-code"], "--show goes with .* leave out --dry-run"),
        (["--show", "--retry", "--random", "2", "--seed", "0"], "leave out --random, --retry, --seed"),
        (["--show", "--until", "train", "--workers", "1"], "leave out --until, --workers"),
        (["--any-code"], "--any-code says nothing without --show"),
        (["--dry-run", "--seed", "0"], "--seed says nothing without --random"),
    ],
)
def test_options_that_would_be_passed_over_are_refused(arguments: list[str], message: str):
    with pytest.raises(InputError, match=f"{message}(; give both or none)?$"):
        CliRunner().invoke(cli.app, arguments, catch_exceptions=False)


@pytest.mark.parametrize(
    ("address", "said"),
    [("a:1", "^Ray does not answer at a:1 "), (None, "^Ray does not start here; run the same command again ")],
)
def test_where_there_is_no_ray_it_is_one_line(address: str | None, said: str, monkeypatch: pytest.MonkeyPatch):
    def broken(**_: Any) -> None:
        raise Exception("The current node timed out during startup.\nSo it was.")  # Ray's own class for it

    monkeypatch.setattr("ray.init", broken)
    monkeypatch.setattr(os, "environ", {**os.environ})
    with pytest.raises(InputError, match=said + r"\(The current node timed out during startup.\)$"), started(address):
        pass


def test_a_second_command_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(experiments, "FOLDER", tmp_path)
    monkeypatch.setattr(cli, "changed", lambda *_: params())
    monkeypatch.setattr(experiments, "load", lambda: runs({})[:1])
    monkeypatch.setattr(running, "source", lambda *_: SOURCE)
    with FileLock(tmp_path / "lock"), pytest.raises(InputError, match=r"another .* is at work"):
        CliRunner().invoke(cli.app, [], catch_exceptions=False)


def test_what_failed_is_tried_again_only_when_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    one = combos()[:2]
    (tmp_path / "bad.log").write_text(f"failed {experiments.key(one[0].params, SOURCE)}\nerror: too small\n")
    monkeypatch.setattr(running, "LOGS", tmp_path)
    monkeypatch.setattr(running, "git", lambda *_: "b")
    monkeypatch.setattr(running, "source", lambda *_: SOURCE)
    for retry, left, said in ((False, 1, "1 failed earlier, 1 to run"), (True, 2, "to be tried again, 2 to run")):
        plan = running.plan(one, runs({})[:0], "tree", params(), retry)
        assert len(plan.left) == left
        text = running.told(plan, retry, 1)
        assert "2 combinations: 0 of 2 done" in text and said in text
        assert ("error: too small" in text) != retry


def test_a_failure_is_kept_and_known_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(running, "LOGS", tmp_path)
    (tmp_path / "good.log").write_text("done k1\nwell\n")
    (tmp_path / "bad.log").write_text("failed k2\nmuch\nerror: too small\n  in the end\n")
    assert running.failures() == {"k2": tmp_path / "bad.log"}
    assert tail((tmp_path / "bad.log").read_text()) == "    error: too small"
    assert tail("a\rb\n\n  c \n") == "    a\n    b\n      c"
    assert Outcome("done", "").patch == ""


def test_a_reader_that_has_read_enough_ends_it_without_a_word():
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "stages.tune", "--dry-run"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    os.close(write)
    assert done.stderr == ""
