"""A tiny clone whose stages after crop are stand-ins, so that a trial takes seconds and can be made to wait or to fail.

They write what the real ones write; a test compares them with the committed results.
"""

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from tests.conftest import ROOT, TINY, copy_checkout, dataset_members, environment, write_zip

TRAIN = '''"""A stand-in for the fit: its figures follow from the parameters."""

import os
import sys
import time
from pathlib import Path

import stages
from writerid.base.files import write_json, write_record
from writerid.base.params import load

params = load()
flags = Path(os.environ["FLAGS"])
with (flags / "trained").open("a") as log:
    log.write(f"{params.layers} {os.getpid()} {os.environ.get('WRITERID_ROOM')} {os.environ.get('OMP_NUM_THREADS')}\\n")
while (flags / f"wait-{params.layers}").exists():
    time.sleep(0.05)
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
write_json(Path("metrics/validation.json"), {"epoch": 1, **best})
times = {"seconds": time.time() % 1000, "device": "cpu", "epochs_resumed": 0}
write_record(Path("metrics/runtime.json"), Path("models/model.keras"), times)
'''

EVALUATE = '''"""A stand-in for the evaluation: all but the accuracy is what the committed run reports."""

import os
import shutil
from pathlib import Path

for name in ("predictions.csv", "writers.csv"):
    shutil.copyfile(Path(os.environ["FLAGS"], "metrics", name), Path("metrics", name))
Path("metrics/test").mkdir(parents=True, exist_ok=True)
for name in ("scores.json", "unseen.json"):
    Path("metrics/test", name).write_text("{}\\n")
Path("metrics/unseen").mkdir(parents=True, exist_ok=True)
for name in ("tippett", "cross_entropy", "enrolment", "coverage", "pairs"):
    Path("metrics/unseen", f"{name}.csv").write_text("level\\n")
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

ENROL = '''"""A stand-in for the identifier."""

from pathlib import Path

Path("models/identifier").mkdir()
Path("models/identifier/identifier.json").write_text("{}")
'''
STAND_INS = {"train": TRAIN, "evaluate": EVALUATE, "explain": EXPLAIN, "enrol": ENROL}
TUNE = (sys.executable, "-m", "stages.tune")


class Clone:
    """The clone, and a folder of flags by which its stages are led."""

    def __init__(self, folder: Path, grid: Mapping[str, Any], name: str = "a clone", **params: Any) -> None:
        self.flags = folder / "flags"
        self.flags.mkdir(exist_ok=True)
        if not (self.flags / "metrics").exists():
            shutil.copytree(ROOT / "metrics", self.flags / "metrics")
        self.path = copy_checkout(folder / name, {**TINY, "crop.height": 16, "grid": grid, **params})
        for stage, text in STAND_INS.items():
            (self.path / f"stages/{stage}.py").write_text(text)
        self.git("init", "--quiet", "--initial-branch", "main")
        self.git("config", "user.name", "t")
        self.git("config", "user.email", "t@t.invalid")
        if "dataset" in params:
            if not (folder / "mine.zip").exists():  # once: a zip holds the time
                write_zip(folder / "mine.zip", dataset_members())
            shutil.copyfile(folder / "mine.zip", self.path / params["dataset"])
            self.run("dvc", "add", "--quiet", params["dataset"])
        self.git("add", "--all")
        self.git("commit", "--quiet", "-m", "tiny")

    def git(self, *arguments: str) -> str:
        done = subprocess.run(["git", *arguments], cwd=self.path, check=True, capture_output=True, text=True)
        return done.stdout.strip()

    def start(self, *command: str, **variables: str) -> subprocess.Popen[str]:
        hidden = environment() | {"FLAGS": str(self.flags), "CUDA_VISIBLE_DEVICES": ""} | variables
        pipe, both = subprocess.PIPE, subprocess.STDOUT
        return subprocess.Popen(command, cwd=self.path, env=hidden, stdout=pipe, stderr=both, text=True)

    def run(self, *command: str, status: int = 0, **variables: str) -> str:
        process = self.start(*command, **variables)
        output = process.communicate(timeout=600)[0]
        assert process.returncode == status, output
        return str(output)

    def trained(self) -> list[list[str]]:
        """For each fit that began: layers, process, the machine's folder, threads."""
        path = self.flags / "trained"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def experiments(self) -> dict[str, str]:
        """Names of all experiments, and their commits."""
        lines = self.git("for-each-ref", "--format=%(refname) %(objectname)", "refs/exps").splitlines()
        return {line.split()[0].rpartition("/")[2]: line.split()[1] for line in lines}


def runs(number: str | int) -> bool:
    """Whether a process exists."""
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(condition: Callable[[], bool], process: subprocess.Popen[str] | None = None) -> None:
    deadline = time.monotonic() + 600
    while not condition():
        assert process is None or process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.1)
