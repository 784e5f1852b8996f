"""The whole pipeline, on tiny data, through DVC's own command line in a temporary clone."""

import json
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from ruamel.yaml import YAML

from tests.conftest import EXPERIMENT_LOG, Run, edit_params, environment, runner, wait_for
from tests.torture import litter
from writerid.base.declaration import upstream
from writerid.base.dotted import flat

PICTURES = {
    "compared", "confused_writers", "evidence", "feature_maps", "filter_inputs", "filters", "least_sure",
    "surest_right", "surest_wrong", "traits",
}  # fmt: skip
SHELLS = ("/bin/dash", "/bin/bash")  # the one stays the stage's parent, the other becomes the stage
PLOTS = {
    "loss", "accuracy", "learning_rate", "confusion", "writers", "lines_read", "reliability", "evidence", "traits",
    "hands",
}  # fmt: skip


def metrics(clone: Path, name: str) -> dict[str, Any]:
    return dict(json.loads((clone / "metrics" / name).read_text()))


def test_what_a_run_leaves(clone: Path):
    test = metrics(clone, "test/scores.json")
    assert test["split"] == "form"
    assert metrics(clone, "test.json")["line"]["accuracy"] == test["line"]["accuracy"]
    assert {"crop", "line", "form", "chance", "largest_writer"} < set(test)
    assert metrics(clone, "dataset.json")["lines"] == 24
    assert [metrics(clone, "split.json")[side]["writers"] for side in ("train", "test", "unseen")] == [3, 3, 1]
    assert metrics(clone, "split.json")["shared"]["train_test"] == {"forms": 0, "physical_lines": 0}
    assert len(list((clone / "models/checkpoints").iterdir())) == 6
    assert {p.stem for p in (clone / "metrics/figures").glob("*.png")} == PICTURES
    assert metrics(clone, "explain.json")["crops"] == 4
    predictions = (clone / "metrics/predictions.csv").read_text().splitlines()
    assert predictions[0] == "line,form,actual,predicted,confidence,rank,crops,crops_right,crops_top5,form_rank"
    assert len(predictions) == 1 + test["line"]["items"]
    runtime, lock = metrics(clone, "runtime.json"), (clone / "dvc.lock").read_text()
    assert runtime["backend"] and f"md5: {runtime['md5']}\n" in lock  # it says which model it is about
    assert not (clone / ".state").exists()


def test_a_second_run_does_nothing(clone: Path, run: Run):
    assert "Data and pipelines are up to date." in run("dvc", "repro").stdout
    assert run("git", "status", "--porcelain").stdout == ""


def test_runs_are_compared_by_a_dozen_metrics(run: Run):
    shown = json.loads(run("dvc", "metrics", "show", "--json").stdout)
    files = {name: file["data"] for name, file in shown[""]["data"].items()}
    assert {name: len(flat(content)) for name, content in files.items()} == {
        "metrics/test.json": 9,  # one unseen writer can be refused, but not found again among others
        "metrics/validation.json": 4,
    }


def test_a_change_reruns_only_what_reads_it(clone: Path, run: Run):
    edit_params(clone / "params.yaml", {"explain.pairs": 1, "grid.layers": [1]})
    assert set(json.loads(run("dvc", "status", "--json").stdout)) == {"check", "explain"}


def test_an_experiment_can_be_compared(run: Run):
    run("dvc", "exp", "apply", "no-dropout")
    changed = json.loads(run("dvc", "params", "diff", "--json").stdout)
    assert changed["params.yaml"]["dropout"].items() >= {"old": 0.2, "new": 0.0}.items()
    difference = json.loads(run("dvc", "metrics", "diff", "--json").stdout)
    assert "loss" in difference["metrics/validation.json"]
    assert "line.calibrated_nll" in difference["metrics/test.json"]
    assert "no-dropout" in run("dvc", "exp", "show", "--md").stdout
    for command in (["plots", "show"], ["plots", "diff", "HEAD"]):
        plots = json.loads(run("dvc", *command, "--json").stdout)
        assert not plots.get("errors")
        assert {name.rsplit("::", 1)[-1] for name in plots["data"]} >= PLOTS


def test_what_an_experiment_cannot_use_is_refused_before_anything_is_removed(clone: Path, run: Run):
    for where, change, message in (
        ([], "optimizer=adamm", "optimizer: 'adamm' is not one of"),
        ([], "dataset=data/nope.zip", "data/nope.zip: there is no such archive"),
        (["--temp"], "dataset=data/nope.zip", "`dvc add data/nope.zip`, then commit"),
    ):
        refused = run("dvc", "exp", "run", *where, "-S", change, check=False)
        assert refused.returncode != 0
        assert message in refused.stdout + refused.stderr
        assert (clone / "models/model.keras").is_file()
        assert run("git", "status", "--porcelain").stdout.split() in ([], ["M", "params.yaml"])
        run("git", "checkout", "params.yaml")  # the way back
    assert "Running stage" not in run("dvc", "repro").stdout
    assert run("git", "status", "--porcelain").stdout == ""


def from_train(clone: Path) -> list[str]:
    """The stages from the fit on."""
    stages = YAML(typ="safe").load((clone / "dvc.yaml").read_text())["stages"]
    before = set(upstream(stages, "train", "data/synthetic.zip")) - {"train"}
    return [stage for stage in stages if stage not in before]


def test_the_same_lock_in_a_copy(clone: Path, run: Run):
    """All stages again, in a copy; every output that the experiment's parameter does not change has the same hash."""
    log = (clone / EXPERIMENT_LOG).read_text()
    lock = YAML(typ="safe").load((clone / "dvc.lock").read_text())["stages"]
    other = YAML(typ="safe").load(run("git", "show", f"{experiment(run, 'no-dropout')}:dvc.lock").stdout)["stages"]
    assert all(f"Running stage '{stage}'" in log for stage in lock)
    same = {stage for stage in lock if lock[stage] == other[stage]}
    assert same == set(lock) - {"check", *from_train(clone)}
    assert lock["check"]["outs"] == other["check"]["outs"]


def test_a_run_that_was_killed_ends_as_if_it_had_not_been(clone: Path, run: Run):
    """Its fit went on after some epochs; the same again from the first one on gives the same lock and metrics."""
    assert 0 < metrics(clone, "runtime.json")["epochs_resumed"] < 6
    assert not litter(clone)
    stages = from_train(clone)
    again = run("dvc", "repro", "--force", "--single-item", *stages).stdout
    assert all(f"Running stage '{stage}'" in again for stage in stages)
    assert run("git", "status", "--porcelain").stdout == ""


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize("shell", [shell for shell in SHELLS if shutil.which(shell)])
@pytest.mark.parametrize(("sign", "kill"), [("draws", signal.SIGTERM), ("starts", signal.SIGKILL)])
def test_a_stage_does_not_outlive_dvc(checkout: Path, sign: str, kill: signal.Signals, shell: str):
    """A signal to the one process `dvc`, not to its group."""
    edit_params(checkout / "params.yaml", {"synthesis.writers": 2000, "synthesis.forms": 50})
    runner(checkout)("git", "init", "--quiet")
    (checkout / "data/checked.json").touch()
    dvc = subprocess.Popen(
        ["dvc", "repro", "--single-item", "synthesize"],
        cwd=checkout,
        env=environment() | {"SHELL": shell},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert dvc.stdout
    assert any("python -m stages.synthesize" in line for line in dvc.stdout)
    if sign == "draws":
        wait_for((checkout / "data/.partial-synthetic.zip").is_file, dvc)
    else:
        wait_for(lambda: "stages.synthesize" in commands_of(dvc.pid), dvc)
    dvc.send_signal(kill)
    rest = dvc.communicate()[0]  # comes when the last process that could write to it has ended
    assert "error: interrupted" in rest
    assert not list((checkout / "data").glob("*synthetic.zip"))


def commands_of(number: int) -> list[str]:
    """All words of the commands of a process's children and theirs."""
    words = []
    for process in psutil.Process(number).children(recursive=True):
        with suppress(psutil.Error):
            words += process.cmdline()
    return words


@pytest.mark.parametrize("in_a_hash", [False, True])
def test_files_of_dvc_that_a_kill_cut_off_are_mended(clone: Path, run: Run, in_a_hash: bool):
    whole = (clone / "dvc.lock").read_text()
    (clone / "dvc.lock").write_text(whole[: whole.rindex("md5: ") + 12] if in_a_hash else "")
    (clone / ".dvc/tmp/rwlock").write_text('{"read"' if in_a_hash else "")
    run("make", "unlock")
    assert "Running stage" not in run("dvc", "repro").stdout  # the committed lock knows them all
    assert (clone / "dvc.lock").read_text() == whole


def test_whole_files_of_dvc_are_left_alone(clone: Path, run: Run):
    whole = (clone / "dvc.lock").read_text()
    assert "cut off" not in run("make", "unlock").stdout
    assert (clone / "dvc.lock").read_text() == whole


def experiment(run: Run, name: str) -> str:
    """Return the git reference of an experiment."""
    (found,) = run("git", "for-each-ref", "--format=%(refname)", f"refs/exps/**/{name}").stdout.split()
    return str(found)
