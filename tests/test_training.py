"""The fit: what it writes, that it can be had again to the byte, and that an interrupted one ends the same."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.conftest import line
from writerid import devices, models, resume, training
from writerid.crops import CROP
from writerid.errors import InputError
from writerid.models import Network
from writerid.strips import scale
from writerid.training import Data, Outputs, Recipe, batches, fit, optimizer, optimizers

NETWORK = Network(32, 24, 3, True, 2, 3, 4, True, "average", 8, 0.3)
RECIPE = Recipe("adam", 0.01, "cosine", 2, 0.1, 8, 4, 3, "auto", seed=5)


@pytest.fixture(scope="module", autouse=True)
def prepared():
    devices.prepare(0)


@pytest.fixture
def data() -> Data:
    strips = np.concatenate([scale(line(number), 32, 24) for number in range(12)])
    crops = np.array(
        [(start, start // 96, start // 96 % 3) for start in range(0, 12 * 96, 8) if start % 96 <= 72], CROP
    )
    return Data(strips, crops[crops["line"] < 9], crops[crops["line"] >= 9], ["a", "b", "c"])


def outputs(folder: Path) -> Outputs:
    return Outputs(folder / "model.keras", folder / "checkpoints", folder / "train")


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "state"
    monkeypatch.setattr(resume, "FOLDER", folder)
    return folder


def test_what_a_fit_writes(tmp_path: Path, data: Data, own_state: Path):
    runtime = fit(NETWORK, RECIPE, data, outputs(tmp_path / "run"))
    written = content(tmp_path / "run")
    metrics = json.loads(written["train/metrics.json"])
    table = written["train/plots/metrics/validation/loss.tsv"].decode().split()
    losses = dict(zip(table[2::2], map(float, table[3::2]), strict=True))
    assert list(losses) == ["1", "2", "3", "4"]
    checkpoints = sorted(name for name in written if name.startswith("checkpoints"))
    assert checkpoints == [f"checkpoints/check-{int(e):02d}-{v:.4f}.keras" for e, v in losses.items()]
    best = min(losses, key=lambda epoch: losses[epoch])
    assert metrics["best"]["epoch"] == int(best)
    assert metrics["best"]["validation"]["loss"] == losses[best]
    assert metrics["step"] == 4
    assert set(metrics) == {"train", "validation", "learning_rate", "step", "best"}
    assert written["model.keras"] == written[checkpoints[int(best) - 1]]
    assert runtime["precision"] == "float32"
    assert not own_state.exists()


def test_the_same_bytes_twice(tmp_path: Path, data: Data):
    for name in ("one", "two"):
        fit(NETWORK, RECIPE, data, outputs(tmp_path / name))
    assert content(tmp_path / "one") == content(tmp_path / "two")


@pytest.mark.parametrize(("name", "stop"), [("adam", 1), ("nadam", 3)])
def test_an_interrupted_fit_ends_with_the_same_bytes(
    tmp_path: Path, data: Data, monkeypatch: pytest.MonkeyPatch, stop: int, name: str
):
    recipe = Recipe(**{**vars(RECIPE), "optimizer": name})
    fit(NETWORK, recipe, data, outputs(tmp_path / "whole"))
    interrupted_at = iter([False] * stop + [True])
    save = models.save

    def interrupt(model: keras.Model, writers: list[str], path: Path) -> None:
        if next(interrupted_at, False):
            raise KeyboardInterrupt
        save(model, writers, path)

    with monkeypatch.context() as patch:
        patch.setattr(models, "save", interrupt)
        with pytest.raises(KeyboardInterrupt):
            fit(NETWORK, recipe, data, outputs(tmp_path / "resumed"))
    assert fit(NETWORK, recipe, data, outputs(tmp_path / "resumed"))["epochs_resumed"] == stop
    assert content(tmp_path / "resumed") == content(tmp_path / "whole")


def test_state_of_other_parameters_or_inputs_is_not_used(data: Data):
    arrays = (data.strips, data.train, data.validation)
    changed = data.strips.copy()
    changed[0, 0] ^= 1
    keys = {
        resume.key((NETWORK, RECIPE), arrays),
        resume.key((NETWORK, Recipe(**{**vars(RECIPE), "seed": 6})), arrays),
        resume.key((NETWORK, RECIPE), (changed, data.train, data.validation)),
    }
    assert len(keys) == 3


def test_batches_follow_from_seed_and_step(data: Data):
    from_start = batches(data, RECIPE, NETWORK, 0)
    third = [next(from_start) for _ in range(3)][2]
    same = next(batches(data, RECIPE, NETWORK, 2))
    np.testing.assert_array_equal(third[0], same[0])
    crops, labels = third
    assert (crops.dtype, crops.shape) == (np.uint8, (8, 32, 24))
    assert labels.shape == (8, 3)
    other = next(batches(data, Recipe(**{**vars(RECIPE), "seed": 6}), NETWORK, 2))
    assert not np.array_equal(crops, other[0])


def test_crops_come_from_all_lines(data: Data):
    """One batch holds crops of many lines, not of a few as the reference's does."""
    drawn = np.random.default_rng([RECIPE.seed, 0]).integers(len(data.train), size=8)
    assert len(set(data.train["line"][drawn])) >= 4


@pytest.mark.parametrize("name", sorted(optimizers()))
def test_every_optimizer_of_keras_takes_a_step(name: str, data: Data, tmp_path: Path):
    recipe = Recipe(**{**vars(RECIPE), "optimizer": name, "epochs": 1, "steps_per_epoch": 3})
    fit(NETWORK, recipe, data, outputs(tmp_path))
    assert (tmp_path / "model.keras").is_file()


def test_schedules():
    rate = optimizer(RECIPE)._learning_rate
    rates = [float(rate(step)) for step in range(13)]
    assert rates[0] == pytest.approx(0.01 / 3)
    assert rates[2] == max(rates) == pytest.approx(0.01)
    assert rates[12] == pytest.approx(0)
    constant = optimizer(Recipe(**{**vars(RECIPE), "schedule": "constant"}))
    assert float(constant.learning_rate) == pytest.approx(0.01)


def test_a_fit_that_diverges_says_so(data: Data, tmp_path: Path):
    recipe = Recipe(**{**vars(RECIPE), "optimizer": "sgd", "learning_rate": 1e38, "schedule": "constant"})
    network = Network(**{**vars(NETWORK), "batch_norm": False})
    with pytest.raises(InputError, match=r"training diverged in epoch 1: .*; lower learning_rate"):
        fit(network, recipe, data, outputs(tmp_path))


def test_strips_of_another_height(data: Data, tmp_path: Path):
    with pytest.raises(InputError, match=r"strips are 32 pixels high, crop.height is 40; run crop again"):
        fit(Network(**{**vars(NETWORK), "height": 40}), RECIPE, data, outputs(tmp_path))


def test_validation_counts_crops_and_lines(data: Data):
    row = training.validate(models.build(NETWORK, seed=0), data)
    assert set(row) == {"validation/loss", "validation/accuracy", "validation/line_accuracy"}
    assert row["validation/line_accuracy"] in (0, pytest.approx(1 / 3), pytest.approx(2 / 3), 1)


def test_auto_precision_is_float32_on_a_cpu(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(devices, "gpu", lambda: None)
    assert devices.precision("auto") == "float32"
    assert devices.precision("mixed_bfloat16") == "mixed_bfloat16"
    monkeypatch.setattr(devices, "gpu", lambda: "a GPU")
    monkeypatch.setattr(devices, "_has_bfloat16", lambda: True)
    assert devices.precision("auto") == "mixed_bfloat16"
    monkeypatch.setattr(devices, "_has_bfloat16", lambda: False)
    assert devices.precision("auto") == "mixed_float16"
