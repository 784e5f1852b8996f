"""Tiny data for the tests: everything is made here, nothing is fetched."""

import gc
import io
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from filelock import FileLock
from hypothesis import settings
from PIL import Image
from ruamel.yaml import YAML

from tools.params import text
from writerid.base.schema import Crop

if TYPE_CHECKING:
    from writerid.explain.taps import Taps
    from writerid.network.models import Network

gc.disable()  # until all is imported: a fifth of the time that takes
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
# Hypothesis tries the same examples each time; `pytest --hypothesis-profile=explore` draws others.
settings.register_profile("same", derandomize=True)
settings.register_profile("explore", derandomize=False)
settings.load_profile("same")
ROOT = Path(__file__).resolve().parents[1]

TINY = {
    "synthesis.writers": 4,
    "split.unseen_writers": 1,
    "synthesis.forms": 3,
    "synthesis.lines": 2,
    "crop.height": 32,
    "crop.width": 32,
    "crop.stride": 48,
    "layers": 2,
    "filters": 4,
    "batch_size": 8,
    "epochs": 2,
    "steps_per_epoch": 3,
    "warmup_steps": 1,
    "evaluate.resamples": 100,
    "explain.lines": 1,
    "explain.pairs": 2,
    "explain.crops": 4,
}


def tiny_network(**changes: Any) -> "Network":
    """The parameters of a network that is built in no time, but for those given."""
    from writerid.network.models import Network  # here, since it takes Keras along, which most files do without

    usual: dict[str, Any] = {"height": 32, "width": 24, "classes": 3, "invert": True, "layers": 2, "kernel_size": 3}
    more: dict[str, Any] = {"filters": 4, "batch_norm": True, "head": "average", "dense_units": 8, "dropout": 0.2}
    return Network(**usual | more | changes)


@pytest.fixture(scope="session")
def taps() -> "Taps":
    """A tiny network, opened at its joints, whose weights are no longer those it began with."""
    from writerid.explain.taps import Taps  # here, for the same reason
    from writerid.network.models import build

    model = build(tiny_network(width=40, layers=4), seed=0)
    rng = np.random.default_rng(0)
    for weight in model.weights:  # a network as after training: normalisation, too, does something
        if "moving_variance" not in weight.path:
            weight.assign(weight + rng.normal(0, 0.05, weight.shape))
    return Taps(model)


@pytest.fixture(scope="session")
def crops() -> np.ndarray:
    """Five crops for that network, uint8 (5, 32, 40)."""
    grey = np.full((5, 32, 40), 255, np.uint8)
    rng = np.random.default_rng(1)
    for crop in grey:
        for x in rng.integers(0, 38, 6):
            crop[6:26, x : x + 2] = rng.integers(0, 90)
    return grey


def crop_parameters(**changes: Any) -> Crop:
    """The parameters under `crop.`: the defaults, but for those given."""
    fields = Crop.model_fields.items()
    defaults = {name: dict(field.json_schema_extra)["default"] for name, field in fields}  # type: ignore[arg-type]
    return Crop(**defaults | changes)


# The longest first, so that of several processes none is left alone with one of them at the end.
LONGEST = (
    "test_tuning_pipeline", "test_pipeline", "test_training", "test_stages", "test_report", "test_properties",
    "test_lifetime", "test_evidence",
)  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files of LONGEST first; and let the collector of garbage look at what tests make, not at all of Keras."""

    def place(item: pytest.Item) -> int:
        return LONGEST.index(item.path.stem) if item.path.stem in LONGEST else len(LONGEST)

    items.sort(key=place)
    gc.freeze()
    gc.enable()


def png(grey: np.ndarray, mode: str = "L", kind: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(grey).convert(mode).save(buffer, kind)
    return buffer.getvalue()


def line(seed: int, width: int = 90, height: int = 30) -> np.ndarray:
    """A light line with dark strokes, uint8 (height, width); no two seeds give the same pixels."""
    rng = np.random.default_rng(seed)
    grey = rng.integers(225, 240, (height, width)).astype(np.uint8)
    for x in rng.integers(2, width - 2, width // 8):
        grey[height // 4 : -height // 4, x : x + 2] = 60
    return grey


def write_zip(path: Path, members: Mapping[str, bytes | str]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return path


def dataset_members(writers: int = 3, forms: int = 3, lines: int = 2) -> dict[str, bytes | str]:
    """A small, whole dataset, by member of the archive."""
    names = [(f"a{writer:02d}-{form:03d}", f"{writer:03d}") for writer in range(writers) for form in range(forms)]
    members: dict[str, bytes | str] = {"forms.txt": "# form writer\n" + "".join(f"{f} {w}\n" for f, w in names)}
    for number, (form, _) in enumerate(names):
        for own in range(lines):
            members[f"lines/{form}-{own:02d}.png"] = png(line(number * 100 + own))
    return members


def edit_params(path: Path, changes: Mapping[str, Any]) -> None:
    yaml = YAML()
    params = yaml.load(path.read_text())
    for key, value in changes.items():
        *groups, name = key.split(".")
        node = params
        for group in groups:
            node = node[group]
        node[name] = value
    with path.open("w") as file:
        yaml.dump(params, file)


Run = Callable[..., subprocess.CompletedProcess[str]]
EXPERIMENT_LOG = ".dvc/tmp/no-dropout.log"  # in the clone: what `dvc exp run` printed


def copy_checkout(copy: Path, parameters: Mapping[str, Any] = TINY) -> Path:
    """Copy this checkout's files, the new ones of code as well, with default parameters but for those given.

    What a person keeps in data/, tracked or not, and has set in params.yaml is left behind: no test depends on it.
    """
    code = ("src", "stages", "tools", "tests", "benchmarks")
    listed = [*_git_files("--cached"), *_git_files("--others", "--exclude-standard", "--", *code)]
    for name in listed:
        source = ROOT / name
        if source.is_file() and (not name.startswith("data/") or source.name == ".gitignore"):
            target = copy / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
    (copy / "params.yaml").write_text(text({}))
    edit_params(copy / "params.yaml", parameters)
    return copy


def _git_files(*which: str) -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z", *which], cwd=ROOT, capture_output=True, check=True, text=True)
    return [name for name in listed.stdout.split("\0") if name]


def wait_for(sign: Callable[[], object], process: subprocess.Popen[str] | None = None) -> None:
    """Wait for a sign of what a test is about to disturb, for as long as it takes: a hang is pytest's to end."""
    while not sign():
        assert process is None or process.poll() is None, "it ended before there was a sign of what it should do"
        time.sleep(0.05)


def environment() -> dict[str, str]:
    """This process's environment, with this Python's programs first on the path."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    hidden = ("GIT_DIR", "GIT_WORK_TREE", "DVC_ROOT", "PYTHONPATH")
    return {name: value for name, value in os.environ.items() if name not in hidden} | {"PATH": path}


def runner(folder: Path) -> Run:
    """Return a function that runs a command in a folder."""

    def call(*command: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment())
        if check and done.returncode:
            pytest.fail(f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}")
        return done

    return call


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A copy of this checkout that stages can run in."""
    return copy_checkout(tmp_path / "chéck out")  # a blank and a letter beyond ASCII in the path must not matter


@pytest.fixture
def stage(checkout: Path) -> Run:
    """Run one stage with `python -m stages.NAME` in the copy of the checkout."""
    run = runner(checkout)
    return lambda name, check=True: run(sys.executable, "-m", f"stages.{name}", check=check)


@pytest.fixture(scope="session")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A committed copy of this checkout in which the pipeline has run, and whose results are committed.

    It was killed in its fit and went on. An experiment without dropout, `no-dropout`, has run in a copy, from that
    commit, all stages anew. All this is done once, by the process of pytest that first wants it; each process has a
    copy of its own.
    """
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    with FileLock(shared / "clone.lock"):
        made = shared / "clone"
        if not made.exists():
            new = run_and_commit(tmp_path_factory.mktemp("new") / "clone")
            new.rename(made)
    return Path(shutil.copytree(made, tmp_path_factory.mktemp("pipeline") / "a clone", symlinks=True))


def run_and_commit(copy: Path) -> Path:
    """Copy this checkout, commit it, run the pipeline, commit its results, and run an experiment."""
    from tests.torture import kill_in, mend_lock, start_over  # here, since it imports from this module

    run = runner(copy_checkout(copy, {**TINY, "epochs": 6}))  # so many that a kill hits one of them
    run("git", "init", "--quiet")
    run("git", "config", "user.name", "t")
    run("git", "config", "user.email", "t@t.invalid")
    run("git", "add", "--all")
    run("git", "commit", "--quiet", "-m", "tiny")
    while not kill_in(copy, "train", seconds=0, epochs=1):  # the fit was done before its moment came
        start_over(copy)
        run("git", "checkout", "--quiet", ".")
    mend_lock(copy)
    run("dvc", "repro")
    run("git", "add", "--all")
    run("git", "commit", "--quiet", "-m", "run")
    done = run("dvc", "exp", "run", "--temp", "--force", "--name", "no-dropout", "-S", "dropout=0.0")
    (copy / EXPERIMENT_LOG).write_text(done.stdout)
    return copy


@pytest.fixture
def run(clone: Path) -> Iterator[Run]:
    """Run commands in the clone, which is put back to its last commit afterwards."""
    call = runner(clone)
    before = outputs(clone)
    yield call
    call("git", "reset", "--hard", "--quiet")
    if outputs(clone) != before:  # to ask DVC takes seconds
        call("dvc", "checkout", "--quiet", "--force")


def outputs(clone: Path) -> dict[str, tuple[int, int]]:
    """Size and time of each file that a stage may have written and git does not keep."""
    files = [path for top in ("data", "models", "metrics/figures") for path in (clone / top).rglob("*")]
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files if path.is_file()}
