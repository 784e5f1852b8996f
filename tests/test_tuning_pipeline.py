"""`python -m stages.tune` on a tiny grid, through Ray and the real DVC command line, in a temporary clone."""

import json
import re
import shutil
import signal
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT
from tests.tuning_clone import STAND_INS, TUNE, Clone, runs, wait_for
from writerid.tuning.experiments import CURVES


@pytest.mark.timeout(1800)
def test_a_grid_from_the_first_try_to_the_tables(tmp_path: Path):
    """Killed, interrupted while one has failed, gone on with, and compared; where the clone's path is not ASCII."""
    grid = {"layers": [1, 2, 3, 6], "optimizer": ["adam"]}
    clone = Clone(tmp_path, grid, name="ein Klön", dataset="data/mine.zip")
    train = (*TUNE, "--until", "train")
    queue = ("dvc", "exp", "run", "--queue", "-S", "layers=1", "-S", "batch_size=4", "train")
    clone.run(*queue, "--name", "waits")

    # What a person has not committed is what trials run, and stays as it is, edited meanwhile or not.
    (clone.path / "Makefile").write_text("not committed\n")
    (clone.path / "LICENSE").write_text("staged\n")
    clone.git("add", "LICENSE")
    (clone.flags / "wait-2").touch()
    killed = clone.start(*train)
    wait_for(lambda: [each[0] for each in clone.trained()] == ["1", "2"], killed)
    (clone.path / "README.md").write_text("edited while it runs\n")
    before = _state(clone)
    links = [path.stat().st_nlink > 1 for path in clone.path.glob(".dvc/tmp/tune/trials/*/clone/data/crops/*.npy")]
    assert len(links) > 3 and all(links)
    killed.send_signal(signal.SIGKILL)
    output = killed.communicate()[0]
    assert "impossible, left out: layers-6_adam: layers: 6 with kernel_size: 3 does not fit" in output
    assert "3 combinations: 0 of 3 done, 3 to run" in output
    wait_for(lambda: not runs(clone.trained()[1][1]))

    (clone.flags / "fail-3").touch()
    log = clone.path / ".dvc/tmp/tune/logs/layers-3_adam.log"
    interrupted = clone.start(*train, "--workers", "2")
    wait_for(lambda: len(clone.trained()) == 4 and log.exists(), interrupted)  # the second goes on waiting
    interrupted.send_signal(signal.SIGINT)
    output = interrupted.communicate(timeout=600)[0]
    assert interrupted.returncode == 130, output
    assert output.endswith("error: interrupted; the same command goes on, and what is done stays done\n")
    assert re.search(r"3 combinations: 1 of 3 done, 2 to run, about \d\d:\d\d of training", output)
    started = [output.index(f"layers-{layers}_adam: started\n") for layers in (2, 3)]
    assert max(started) < output.index(
        "layers-3_adam: failed; .dvc/tmp/tune/logs/layers-3_adam.log ends\n    error: this"
    )
    assert "error: this was to be expected" in log.read_text()
    wait_for(lambda: not any(runs(each[1]) for each in clone.trained()))

    for flag in ("fail-3", "wait-2"):
        (clone.flags / flag).unlink()
    output = clone.run(*train, "--retry")
    assert "3 combinations: 1 of 3 done, 1 failed earlier, to be tried again, 2 to run" in output
    assert re.search(r"^\[1/2, about \d\d:\d\d left\] layers-2_adam: by line 0.7000", output, re.MULTILINE)
    assert re.search(r"^\[2/2, about 00:00 left\] layers-3_adam: by line 0.6000", output, re.MULTILINE)
    assert output.endswith("2 done, 0 failed; `python -m stages.tune --show` compares them\n")
    assert sorted(each[0] for each in clone.trained()) == ["1", "2", "2", "2", "3", "3"]
    assert "stages.train" in log.read_text() and "stages.evaluate" not in log.read_text()
    assert not list(clone.path.glob(".dvc/tmp/tune/trials/*"))
    assert _state(clone) == before
    tree = clone.experiments()["layers-3_adam"]
    assert clone.git("show", f"{tree}:LICENSE") == "staged"
    assert clone.git("show", f"{tree}:Makefile") == "not committed"

    shutil.rmtree(clone.path / ".dvc/tmp/exps")  # where DVC's queue notes the path, which it wants in plain letters
    clone.path = clone.path.rename(tmp_path / "a clone")
    clone.run(*queue, "--name", "queued")
    clone.run("dvc", "exp", "run", "--run-all")
    output = clone.run(*TUNE, "--show")
    names = re.findall(r"^\| (layers\S+|queued) ", output, re.MULTILINE)
    assert names == ["layers-1_adam", "layers-2_adam", "layers-3_adam", "queued"]
    assert output.index("Fits of 48 crops") < output.index("layers-2_adam") < output.index("Fits of 24 crops")
    for name in ("values.csv", "curves.csv", "seconds.csv", "values.png", "curves.png", "seconds.png"):
        assert (clone.path / "metrics/tuning" / name).stat().st_size > 20
    lock = YAML(typ="safe").load(clone.git("show", f"{tree}:dvc.lock"))
    md5 = next(out["md5"] for out in lock["stages"]["train"]["outs"] if out["path"] == "models/model.keras")
    assert (clone.path / ".dvc/cache/files/md5" / md5[:2] / md5[2:]).read_text() == "3"


def _state(clone: Clone) -> list[str]:
    """All that is the person's: files, index, HEAD, stash, branches and DVC's queue."""
    commands = (["status", "--porcelain"], ["diff"], ["diff", "--cached"], ["symbolic-ref", "HEAD"], ["stash", "list"])
    refs = clone.git("for-each-ref", "refs/heads", "refs/exps/celery/stash")
    return [*(clone.git(*command) for command in commands), refs]


def test_the_stand_ins_write_what_the_stages_write():
    train = ROOT / "metrics/train"
    best = json.loads((train / "metrics.json").read_text())["best"]
    assert {"line_accuracy", "accuracy", "loss"} <= set(best["validation"])
    assert best["epoch"] >= 1
    assert {"seconds", "device", "epochs_resumed"} <= set(json.loads((ROOT / "metrics/runtime.json").read_text()))
    for name in CURVES:
        assert (train / "plots/metrics" / f"{name}.tsv").read_text().startswith(f"step\t{name.partition('/')[2]}\n")
    stages = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())["stages"]
    for stage, text in STAND_INS.items():
        for out in [*stages[stage]["outs"], *stages[stage].get("metrics", [])]:
            assert Path(out if isinstance(out, str) else next(iter(out))).name in text
