"""`python -m stages.tune` on a tiny grid, through the real DVC command line, in a temporary clone.

The stages after crop are stand-ins that write what the real ones write (a test compares them with the committed
results), so that each experiment takes a second and can be made to wait or to fail.
"""

import json
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.conftest import ROOT, TINY, copy_checkout, environment

TRAIN = '''"""A stand-in for the fit: its figures follow from the parameters."""

import json
import os
import sys
import time
from pathlib import Path

import stages
from writerid.base.files import write_json
from writerid.base.params import load

params = load()
flags = Path(os.environ["FLAGS"])
with (flags / "trained").open("a") as log:
    log.write(f"{params.layers}\\n")
with (flags / "gpus").open("a") as log:
    log.write(os.environ["CUDA_VISIBLE_DEVICES"] + "\\n")
while (flags / f"wait-{params.layers}").exists():
    time.sleep(0.1)
if (flags / f"fail-{params.layers}").exists():
    sys.exit("error: this was to be expected")
print("epoch 1/1", flush=True)
best = {"line_accuracy": 0.9 - 0.1 * params.layers, "accuracy": 0.5, "loss": 1.0}
live = Path("metrics/train")
logged = {f"validation/{key}": value for key, value in best.items()}
for name, value in {**logged, "train/loss": 1.0, "train/accuracy": 0.5, "learning_rate": 0.1}.items():
    path = live / "plots" / "metrics" / f"{name}.tsv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"step\\t{path.stem}\\n1\\t{value}\\n")
write_json(live / "metrics.json", {"validation": best, "step": 1, "best": {"epoch": 1, "validation": best}})
Path("models/checkpoints").mkdir(parents=True)
Path("models/checkpoints/check-01-1.0000.keras").write_text(str(params.layers))
Path("models/model.keras").write_text(str(params.layers))
write_json(Path("metrics/runtime.json"), {"seconds": time.time() % 1000, "device": "cpu", "epochs_resumed": 0})
'''

EVALUATE = '''"""A stand-in for the evaluation: all but the accuracy is what the committed run reports."""

import os
import shutil
from pathlib import Path

for name in ("predictions.csv", "writers.csv"):
    shutil.copyfile(Path(os.environ["FLAGS"], "metrics", name), Path("metrics", name))
Path("metrics/test.json").write_text('{"line": {"accuracy": 0.123456}}\\n')
'''

EXPLAIN = '''"""A stand-in for the pictures: those tables that the committed run reports."""

import os
import shutil
from pathlib import Path

shutil.copytree(Path(os.environ["FLAGS"], "metrics", "explain"), "metrics/explain")
shutil.copyfile(Path(os.environ["FLAGS"], "metrics", "explain.json"), "metrics/explain.json")
Path("metrics/figures").mkdir(parents=True)
Path("metrics/figures/filters.png").write_text("x")
'''


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    copy = copy_checkout(
        tmp_path_factory.mktemp("tuning") / "a clone",
        {
            **TINY,
            "crop.height": 16,
            "grid": {"layers": [1, 2, 3, 6], "optimizer": ["adam"]},
        },
    )
    (copy / "stages/train.py").write_text(TRAIN)
    (copy / "stages/evaluate.py").write_text(EVALUATE)
    (copy / "stages/explain.py").write_text(EXPLAIN)
    crop = copy / "stages/crop.py"
    crop.write_text(crop.read_text().replace("    params = load()\n", "    params = load()\n    " + LOG_CROP, 1))
    for command in (["init"], ["config", "user.name", "t"], ["config", "user.email", "t@t.invalid"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=copy, check=True, capture_output=True)
    subprocess.run(["git", "commit", "--quiet", "-m", "tiny"], cwd=copy, check=True)
    return copy


LOG_CROP = "import os\n    Path(os.environ['FLAGS'], 'cropped').open('a').write('x')\n"


@pytest.fixture(scope="module")
def flags(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("flags")
    shutil.copytree(ROOT / "metrics", folder / "metrics")
    return folder


@pytest.mark.timeout(3600)
def test_a_grid_from_the_first_try_to_the_tables(clone: Path, flags: Path):
    """Killed half-way, gone on with two workers, one combination that fails, tried again, compared."""

    def start(*command: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            command,
            cwd=clone,
            env=environment() | {"FLAGS": str(flags), "CUDA_VISIBLE_DEVICES": "0,1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def run(*command: str, status: int = 0) -> str:
        process = start(*command)
        output = process.communicate(timeout=600)[0]
        assert process.returncode == status, output
        return str(output)

    tune = (sys.executable, "-m", "stages.tune")
    trained = flags / "trained"

    output = run(*tune, "--dry-run")
    assert "impossible, left out: layers-6_adam: layers: 6 with kernel_size: 3 does not fit" in output
    assert "3 combinations: 0 of 3 done, 3 to run" in output
    assert "1 impossible (--strict)" in run(*tune, "--strict", status=1)
    assert "there is nothing to compare yet" in run(*tune, "--show", status=1)

    (flags / "wait-2").touch()
    first = start(*tune)
    wait_for(lambda: trained.exists() and trained.read_text() == "1\n2\n", first)
    assert (sum(path.stat().st_nlink > 1 for path in clone.glob(".dvc/tmp/exps/tmp*/data/crops/*.npy"))) == 4
    assert "another `python -m stages.tune` is at work" in run(*tune, status=1)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    wait_for(lambda: not [each for each in psutil.process_iter(["environ"]) if str(flags) in _flags(each)])

    (flags / "fail-3").touch()
    both = start(*tune, "--workers", "2")
    wait_for(lambda: len(trained.read_text().split()) == 4, both)  # the second goes on waiting while the third starts
    (flags / "wait-2").unlink()
    output = both.communicate(timeout=600)[0]
    assert both.returncode == 1, output
    assert "an earlier call left 1 unfinished and 1 queued" in output
    assert "3 combinations: 1 of 3 done, 2 to run" in output
    started = [output.index(f"started: layers={layers} optimizer=adam\n") for layers in (2, 3)]
    assert max(started) < output.index("layers-3_adam: failed")
    assert "layers-2_adam: by line 0.7000" in output
    assert re.search(r"layers-3_adam: failed; `dvc queue logs layers-3_adam` .*\n +error: this was to be", output)
    assert "error: this was to be expected" in run("dvc", "queue", "logs", "layers-3_adam")

    output = run(*tune)
    assert "3 combinations: 2 of 3 done, 1 failed earlier, 0 to run" in output
    (flags / "fail-3").unlink()
    assert "layers-3_adam: by line 0.6000" in run(*tune, "--retry")
    assert sorted(trained.read_text().split()) == ["1", "2", "2", "3", "3"]  # one was killed, one failed
    assert (flags / "cropped").read_text() == "x"
    gpus = (flags / "gpus").read_text().split()
    assert gpus[:2] == ["0", "0"] and sorted(gpus[2:4]) == ["0", "1"]  # two workers, two (pretended) GPUs
    assert not list(clone.glob(".dvc/tmp/exps/tmp*"))
    assert run("git", "status", "--porcelain") == ""

    run("dvc", "exp", "run", "--queue", "--name", "plain", "-S", "optimizer=sgd,lion", "-S", "layers=1")
    run("dvc", "queue", "start")
    wait_for(lambda: run("dvc", "queue", "status").count("Success") >= 5)
    output = run(*tune, "--only", "layers=1", "-S", "batch_size=4", "--until", "train")
    other = re.findall(r"\[1/1\] (layers-1_adam_\w{4}): by line 0.8000", output)  # a name of its own
    assert "stages.evaluate" not in run("dvc", "queue", "logs", *other)

    output = run(*tune, "--show", "--until", "train")
    names = re.findall(r"^\| (layers\S+|plain\S+) ", output, re.MULTILINE)
    assert set(names[:4]) == {"layers-1_adam", "plain-1", "plain-2", *other}
    assert names[4:] == ["layers-2_adam", "layers-3_adam"]
    page = (clone / "metrics/tuning.md").read_text()
    assert "0.8000" in page and "\npython -m stages.tune --until train\n" in page
    assert "0.1234" not in output + page  # no figure of the test side
    for name in ("trials.csv", "values.csv", "curves.csv", "values.png", "curves.png", "seconds.png"):
        assert (clone / "metrics/tuning" / name).stat().st_size > 60

    shown = run("dvc", "exp", "show", "--csv")
    assert "tune-data" not in shown  # ran the stages up to crop for two workers, and is gone
    assert all(name in shown for name in names)
    plots = json.loads(run("dvc", "plots", "diff", "layers-1_adam", "layers-2_adam", "--json"))
    assert not plots.get("errors")
    assert {"layers-1_adam", "layers-2_adam"} == {each for plot in plots["data"].values() for each in _revisions(plot)}
    run("dvc", "exp", "apply", "layers-3_adam")
    assert (clone / "models/model.keras").read_text() == "3"


def test_the_stand_in_writes_what_the_fit_writes():
    train = ROOT / "metrics/train"
    best = json.loads((train / "metrics.json").read_text())["best"]
    assert {"line_accuracy", "accuracy", "loss"} <= set(best["validation"])
    assert best["epoch"] >= 1
    assert {"seconds", "device", "epochs_resumed"} <= set(json.loads((ROOT / "metrics/runtime.json").read_text()))
    for name in re.findall(r'"(validation/\w+|train/\w+)"', (ROOT / "src/writerid/tuning/trials.py").read_text()):
        assert (train / "plots/metrics" / f"{name}.tsv").read_text().startswith(f"step\t{name.partition('/')[2]}\n")


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    deadline = time.monotonic() + 600
    while not condition():
        assert process is None or process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.3)


def _flags(process: psutil.Process) -> str:
    environ = process.info.get("environ") or {}
    return str(environ.get("FLAGS", ""))


def _revisions(plot: list[dict[str, Any]]) -> set[str]:
    return {str(revision) for part in plot for revision in part.get("revisions") or []}
