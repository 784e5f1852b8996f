"""`python -m stages.tune` on a tiny grid, through Ray and the real DVC command line, in a temporary clone."""

import json
import re
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT
from tests.tuning_clone import TUNE, Clone, runs, wait_for
from writerid.tuning.experiments import CURVES


@pytest.mark.timeout(3600)
def test_a_grid_from_the_first_try_to_the_tables(tmp_path: Path):
    """Killed half-way, gone on with two at once, one that fails, tried again, compared; where paths are not ASCII."""
    clone = Clone(tmp_path, {"layers": [1, 2, 3, 6], "optimizer": ["adam"]}, name="ein Klön", dataset="data/mine.zip")
    flags = clone.flags

    output = clone.run(*TUNE, "--dry-run")
    assert "impossible, left out: layers-6_adam: layers: 6 with kernel_size: 3 does not fit" in output
    assert "3 combinations: 0 of 3 done, 3 to run" in output
    assert "1 impossible (--strict)" in clone.run(*TUNE, "--strict", status=1)
    assert "there is nothing to compare yet" in clone.run(*TUNE, "--show", status=1)

    # What a person has not committed is what trials run, and stays as it is, edited meanwhile or not.
    clone.run("dvc", "exp", "run", "--queue", "--name", "mine", "-S", "layers=1")
    (clone.path / "Makefile").write_text("not committed\n")
    (clone.path / "LICENSE").write_text("staged\n")
    clone.git("add", "LICENSE")
    (flags / "wait-2").touch()
    first = clone.start(*TUNE)
    wait_for(lambda: [each[0] for each in clone.trained()] == ["1", "2"], first)
    (clone.path / "README.md").write_text("edited while it runs\n")
    clone.git("add", "README.md")
    before = _state(clone)
    links = [path.stat().st_nlink > 1 for path in clone.path.glob(".dvc/tmp/tune/trials/*/clone/data/crops/*.npy")]
    assert len(links) > 3 and all(links)
    assert "another `python -m stages.tune` is at work" in clone.run(*TUNE, status=1)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    wait_for(lambda: not runs(clone.trained()[1][1]))

    again = clone.start(*TUNE)
    wait_for(lambda: len(clone.trained()) == 3, again)
    again.send_signal(signal.SIGINT)
    output = again.communicate(timeout=600)[0]
    assert again.returncode == 130
    assert output.endswith("error: interrupted; the same command goes on, and what is done stays done\n")
    wait_for(lambda: not runs(clone.trained()[2][1]))

    (flags / "fail-3").touch()
    both = clone.start(*TUNE, "--workers", "2")
    wait_for(lambda: len(clone.trained()) == 5, both)  # the second goes on waiting while the third starts
    (flags / "wait-2").unlink()
    output = both.communicate(timeout=600)[0]
    assert both.returncode == 1, output
    assert re.search(r"3 combinations: 1 of 3 done, 2 to run, about \d\d:\d\d of training", output)
    started = [output.index(f"started: layers={layers} optimizer=adam\n") for layers in (2, 3)]
    assert max(started) < output.index("layers-3_adam: failed")
    assert "layers-2_adam: by line 0.7000" in output
    assert re.search(r"layers-3_adam: failed; (\S+) ends\n +error: this was to be", output)
    assert "error: this was to be expected" in (clone.path / ".dvc/tmp/tune/logs/layers-3_adam.log").read_text()

    output = clone.run(*TUNE)
    assert "3 combinations: 2 of 3 done, 1 failed earlier, 0 to run" in output
    (flags / "fail-3").unlink()
    assert "layers-3_adam: by line 0.6000" in clone.run(*TUNE, "--retry")
    assert sorted(each[0] for each in clone.trained()) == ["1", "2", "2", "2", "3", "3"]
    assert not list(clone.path.glob(".dvc/tmp/tune/trials/*"))
    assert _state(clone) == before
    tree = clone.experiments()["layers-3_adam"]
    assert clone.git("show", f"{tree}:LICENSE") == "staged"
    assert clone.git("show", f"{tree}:Makefile") == "not committed"

    clone.run("dvc", "queue", "start")
    wait_for(lambda: "Success" in clone.run("dvc", "queue", "status"))
    output = clone.run(*TUNE, "--only", "layers=1", "-S", "batch_size=4", "--until", "train")
    other = re.findall(r"\[1/1\] (layers-1_adam_\w{4}): by line 0.8000", output)  # a name of its own
    log = (clone.path / f".dvc/tmp/tune/logs/{other[0]}.log").read_text()
    assert "stages.train" in log and "stages.evaluate" not in log

    output = clone.run(*TUNE, "--show")
    names = re.findall(r"^\| (layers\S+|mine\S*) ", output, re.MULTILINE)
    assert names == ["layers-1_adam", "layers-2_adam", "layers-3_adam", *other] or names[0] == "mine"
    assert output.index("Fits of 48 crops") < output.index("layers-2_adam") < output.index("Fits of 24 crops")
    assert "0.1234" not in output  # no figure of the test side
    for name in ("values.csv", "curves.csv", "seconds.csv", "values.png", "curves.png", "seconds.png"):
        assert (clone.path / "metrics/tuning" / name).stat().st_size > 20

    plots = json.loads(clone.run("dvc", "plots", "diff", "layers-1_adam", "layers-2_adam", "--json"))
    assert {"layers-1_adam", "layers-2_adam"} == {each for plot in plots["data"].values() for each in _revisions(plot)}
    clone.git("stash")
    clone.run("dvc", "exp", "apply", "layers-3_adam")
    assert (clone.path / "models/model.keras").read_text() == "3"


def _state(clone: Clone) -> list[str]:
    """All that is the person's: files, index, HEAD, stash, branches and DVC's queue."""
    queue = re.findall(r"\w+ +mine +.*", clone.run("dvc", "queue", "status"))
    commands = (["status", "--porcelain"], ["diff"], ["diff", "--cached"], ["symbolic-ref", "HEAD"], ["stash", "list"])
    return [*queue, *(clone.git(*command) for command in commands), clone.git("show-ref", "--heads")]


def test_the_stand_in_writes_what_the_fit_writes():
    train = ROOT / "metrics/train"
    best = json.loads((train / "metrics.json").read_text())["best"]
    assert {"line_accuracy", "accuracy", "loss"} <= set(best["validation"])
    assert best["epoch"] >= 1
    assert {"seconds", "device", "epochs_resumed"} <= set(json.loads((ROOT / "metrics/runtime.json").read_text()))
    for name in CURVES:
        assert (train / "plots/metrics" / f"{name}.tsv").read_text().startswith(f"step\t{name.partition('/')[2]}\n")


def _revisions(plot: list[dict[str, Any]]) -> set[str]:
    return {str(revision) for part in plot for revision in part.get("revisions") or []}
