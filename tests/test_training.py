"""The fit: what it writes, that it can be had again to the byte, and that an interrupted one ends the same."""

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import keras
import numpy as np
import pynvml
import pytest

from tests.conftest import line, tiny_network
from writerid.base.errors import InputError
from writerid.base.schema import Augmentation, Recipe
from writerid.crops.strips import scale
from writerid.crops.windows import CROP, gather
from writerid.network import devices, models, resident, resume, training
from writerid.network.augmentation import CHANGES
from writerid.network.models import Provenance
from writerid.network.resume import State
from writerid.network.training import Data, Outputs, batches, chances, fit, optimizer, optimizers

NETWORK = tiny_network(dropout=0.3)
AUGMENT = Augmentation(share=1, scale=0.1, slant=0.1, rotation=0.02, shift=2, stroke=0.3, blur=0.5, contrast=4)
RECIPE = Recipe(
    optimizer="adam",
    learning_rate=0.01,
    schedule="cosine",
    warmup_steps=2,
    label_smoothing=0.1,
    batch_size=8,
    epochs=4,
    steps_per_epoch=3,
    balance=0.5,
    augment=AUGMENT,
    precision="auto",
    backend="tensorflow",
    seed=5,
)


@pytest.fixture(scope="module", autouse=True)
def prepared():
    devices.prepare(0)


@pytest.fixture(scope="module")
def data() -> Data:
    strips = np.concatenate([scale(line(number), 32 / 30, 32, 24) for number in range(12)])
    crops = np.array(
        [(start, start // 96, start // 96 % 3) for start in range(0, 12 * 96, 8) if start % 96 <= 72], CROP
    )
    return Data(strips, crops[crops["line"] < 9], crops[crops["line"] >= 9], Provenance(["a", "b", "c"], [], []))


def outputs(folder: Path) -> Outputs:
    return Outputs(folder / "model.keras", folder / "checkpoints", folder / "train")


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "state"
    monkeypatch.setattr(resume, "FOLDER", folder)
    return folder


@pytest.fixture(scope="module")
def whole(data: Data, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What a fit writes that nothing disturbs, by file."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resume, "FOLDER", folder / "state")
        assert fit(NETWORK, RECIPE, data, outputs(folder / "run"))["precision"] == "float32"
    assert not (folder / "state").exists()
    return content(folder / "run")


def interrupt(recipe: Recipe, data: Data, folder: Path, epochs: int) -> None:
    """Fit, and be interrupted after so many epochs."""
    interrupted_at = iter([False] * epochs + [True])
    save = models.save

    def interrupted(model: keras.Model, provenance: Provenance, path: Path) -> None:
        if next(interrupted_at, False):
            raise KeyboardInterrupt
        save(model, provenance, path)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(models, "save", interrupted)
        with pytest.raises(KeyboardInterrupt):
            fit(NETWORK, recipe, data, outputs(folder))


@pytest.fixture(scope="module")
def left(data: Data, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of state that a fit leaves which was interrupted after two epochs."""
    folder = tmp_path_factory.mktemp("interrupted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(resume, "FOLDER", folder / "state")
        interrupt(RECIPE, data, folder / "run", 2)
    return folder / "state"


def test_what_a_fit_writes(whole: dict[str, bytes]):
    metrics = json.loads(whole["train/metrics.json"])
    table = whole["train/plots/metrics/validation/loss.tsv"].decode().split()
    losses = dict(zip(table[2::2], map(float, table[3::2]), strict=True))
    assert list(losses) == ["1", "2", "3", "4"]
    checkpoints = sorted(name for name in whole if name.startswith("checkpoints"))
    assert checkpoints == [f"checkpoints/check-{int(e):02d}-{v:.4f}.keras" for e, v in losses.items()]
    best = min(losses, key=lambda epoch: losses[epoch])
    assert metrics["best"]["epoch"] == int(best)
    assert metrics["best"]["validation"]["loss"] == losses[best]
    assert metrics["step"] == 4
    assert set(metrics) == {"train", "validation", "learning_rate", "step", "best"}
    assert whole["model.keras"] == whole[checkpoints[int(best) - 1]]


def test_the_same_bytes_twice_and_what_other_fits_left_is_removed(
    tmp_path: Path, data: Data, whole: dict[str, bytes], own_state: Path
):
    (own_state / "train-other").mkdir(parents=True)
    fit(NETWORK, RECIPE, data, outputs(tmp_path / "run"))
    assert content(tmp_path / "run") == whole
    assert not own_state.exists()


def test_an_interrupted_fit_ends_with_the_same_bytes(
    tmp_path: Path, data: Data, whole: dict[str, bytes], left: Path, own_state: Path
):
    shutil.copytree(left, own_state)
    assert fit(NETWORK, RECIPE, data, outputs(tmp_path / "run"))["epochs_resumed"] == 2
    assert content(tmp_path / "run") == whole


def test_a_fit_that_was_interrupted_when_all_epochs_were_done_fits_none_again(
    tmp_path: Path, data: Data, whole: dict[str, bytes], own_state: Path
):
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        fit(NETWORK, RECIPE, data, outputs(tmp_path / "run"), interrupted)
    found = fit(NETWORK, RECIPE, data, outputs(tmp_path / "run"))
    assert (found["epochs_resumed"], found["training_crops_per_second"]) == (RECIPE.epochs, 0)
    assert content(tmp_path / "run") == whole
    assert not own_state.exists()


def test_an_interrupted_fit_with_an_optimizer_that_counts_its_steps_ends_with_the_same_bytes(
    tmp_path: Path, data: Data
):
    recipe = RECIPE.model_copy(update={"optimizer": "nadam"})
    fit(NETWORK, recipe, data, outputs(tmp_path / "whole"))
    interrupt(recipe, data, tmp_path / "resumed", 3)
    assert fit(NETWORK, recipe, data, outputs(tmp_path / "resumed"))["epochs_resumed"] == 3
    assert content(tmp_path / "resumed") == content(tmp_path / "whole")


def test_strips_on_the_device_give_the_same_bytes(
    tmp_path: Path, data: Data, whole: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(devices, "memory", lambda: 2 * data.strips.nbytes)
    fit(NETWORK, RECIPE, data, outputs(tmp_path))
    assert content(tmp_path) == whole
    assert not resident.fits(data.strips, data.strips.nbytes)


@pytest.mark.parametrize("damage", ["cut", "empty", "checkpoint"])
def test_damaged_state_is_not_used(
    tmp_path: Path, data: Data, whole: dict[str, bytes], left: Path, own_state: Path, damage: str
):
    shutil.copytree(left, own_state)
    (state,) = own_state.glob("*/state.npz")
    if damage == "checkpoint":
        next(state.parent.glob("check-*")).unlink()
    else:
        state.write_bytes(state.read_bytes()[: 500 if damage == "cut" else 0])
    if damage == "cut":  # the others are found out by the same lines, before anything is fitted
        assert fit(NETWORK, RECIPE, data, outputs(tmp_path / "run"))["epochs_resumed"] == 0
        assert content(tmp_path / "run") == whole
    else:
        (tmp_path / "checkpoints").mkdir()
        model = training.compiled(NETWORK, RECIPE)
        before = model.get_weights()
        assert State(state.parent.name.removeprefix("train-")).restore(model, tmp_path / "checkpoints") == []
        assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


def test_checkpoints_removed_while_the_fit_goes_on(tmp_path: Path, data: Data, monkeypatch: pytest.MonkeyPatch):
    def remove_checkpoints(row: dict[str, float]) -> dict[str, float]:
        shutil.rmtree(outputs(tmp_path).checkpoints)
        return row

    monkeypatch.setattr(training, "_nested", remove_checkpoints)  # which is called when all epochs are done
    with pytest.raises(InputError, match="removed while the fit went on"):
        fit(NETWORK, RECIPE.model_copy(update={"epochs": 1}), data, outputs(tmp_path))


def test_state_of_other_parameters_or_inputs_is_not_used(data: Data):
    arrays = (data.strips, data.train, data.validation)
    changed = data.strips.copy()
    changed[0, 0] ^= 1
    keys = {
        resume.key((NETWORK, RECIPE), arrays),
        resume.key((NETWORK, RECIPE.model_copy(update={"seed": 6})), arrays),
        resume.key((NETWORK, RECIPE), (changed, data.train, data.validation)),
    }
    assert len(keys) == 3


def test_batches_follow_from_seed_and_step(data: Data):
    from_start = batches(data, RECIPE, NETWORK, 0)
    third, labels = [next(from_start) for _ in range(3)][2]
    same, _ = next(batches(data, RECIPE, NETWORK, 2))
    for name in ("crop", "changes"):
        np.testing.assert_array_equal(third[name], same[name])
    assert (third["crop"].dtype, third["crop"].shape) == (np.uint8, (8, 32, 24))
    assert (third["changes"].dtype, third["changes"].shape) == (np.float32, (8, CHANGES))
    assert labels.shape == (8, 3)
    other, _ = next(batches(data, RECIPE.model_copy(update={"seed": 6}), NETWORK, 2))
    assert not np.array_equal(third["crop"], other["crop"])
    unchanged = RECIPE.model_copy(update={"augment": AUGMENT.model_copy(update={"share": 0})})
    plain, _ = next(batches(data, unchanged, NETWORK, 2))
    assert list(plain) == ["crop"]
    np.testing.assert_array_equal(plain["crop"], third["crop"])


def table(data: Data) -> dict[bytes, np.ndarray]:
    """Return the row of each training crop by its pixels."""
    return {gather(data.strips, crop["start"][None], 24).tobytes(): crop for crop in data.train}


def test_batches_show_the_crops_of_their_labels(data: Data):
    inputs, labels = next(batches(data, RECIPE, NETWORK, 0))
    found = [table(data)[crop.tobytes()]["label"].item() for crop in inputs["crop"]]
    assert found == labels.argmax(axis=1).tolist()


@pytest.mark.parametrize(("balance", "shares"), [(0.0, [0.1, 0.9, 0]), (0.5, [0.25, 0.75, 0]), (1.0, [0.5, 0.5, 0])])
def test_balance(data: Data, balance: float, shares: list[float]):
    own = [np.flatnonzero(data.train["label"] == label) for label in (0, 1)]
    train = data.train[np.concatenate([own[0][:3], own[1][:27]])]
    assert len(train) == 30
    recipe = RECIPE.model_copy(
        update={
            "balance": balance,
            "batch_size": 20_000,
            "augment": AUGMENT.model_copy(update={"share": 0}),
        }
    )
    _, labels = next(batches(replace(data, train=train), recipe, NETWORK, 0))
    np.testing.assert_allclose(labels.mean(axis=0), shares, atol=0.02)


def test_chances_of_lines():
    """At balance 1 a line of one crop is drawn as often as one of nine by the same writer."""
    train = np.zeros(13, CROP)
    train["line"] = [4, *[2] * 9, 7, 7, 7]
    train["label"] = [0] * 10 + [2] * 3
    assert chances(train, 0.0) == pytest.approx(np.full(13, 1 / 13))
    assert chances(train, 1.0) == pytest.approx([1 / 4, *[1 / 36] * 9, *[1 / 6] * 3])
    assert chances(train, 0.5).sum() == pytest.approx(1)
    assert chances(train, 0.5)[0] == pytest.approx(3 * chances(train, 0.5)[1])  # the roots of 1 and 9, over 1 and 9


def test_crops_come_from_all_lines(data: Data):
    """One batch holds crops of many lines, not of a few as the reference's does."""
    inputs, _ = next(batches(data, RECIPE, NETWORK, 0))
    assert len({table(data)[crop.tobytes()]["line"].item() for crop in inputs["crop"]}) >= 4


@pytest.mark.parametrize("name", sorted(optimizers()))
def test_every_optimizer_of_keras_takes_steps_and_its_state_can_be_had_again(name: str, data: Data, tmp_path: Path):
    recipe = RECIPE.model_copy(update={"optimizer": name})
    assert type(optimizer(recipe)).__name__.lower() == name
    model, again = training.compiled(NETWORK, recipe), training.compiled(NETWORK, recipe)
    before = {layer: model.get_layer(layer).get_weights()[0] for layer in ("conv1", "conv2", "logits")}
    model.run_eagerly = True  # a tenth of the time that compiling takes
    for _, (inputs, labels) in zip(range(3), batches(data, recipe, NETWORK, 0), strict=False):
        model.train_on_batch(inputs, labels)
    for layer, weights in before.items():
        moved = model.get_layer(layer).get_weights()[0] - weights
        assert np.isfinite(moved).all() and np.abs(moved).max() > 1e-7, layer
    (tmp_path / "check").touch()
    State("x").save(model, [{"a": 1.0}], tmp_path / "check")
    assert State("x").restore(again, tmp_path) == [{"a": 1.0}]
    for kept, had in zip(model.optimizer.variables, again.optimizer.variables, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(kept), keras.ops.convert_to_numpy(had))
    assert all((a == b).all() for a, b in zip(model.get_weights(), again.get_weights(), strict=True))


def test_schedules():
    rate = optimizer(RECIPE)._learning_rate
    rates = [float(rate(step)) for step in range(13)]
    assert rates[0] == pytest.approx(0.01 / 3)
    assert rates[2] == max(rates) == pytest.approx(0.01)
    assert rates[12] == pytest.approx(0)
    constant = optimizer(RECIPE.model_copy(update={"schedule": "constant"}))
    assert float(constant.learning_rate) == pytest.approx(0.01)


def test_a_fit_that_diverges_says_so(data: Data, tmp_path: Path):
    recipe = RECIPE.model_copy(update={"optimizer": "sgd", "learning_rate": 1e38, "schedule": "constant"})
    network = NETWORK.model_copy(update={"batch_norm": False})
    with pytest.raises(InputError, match=r"training diverged in epoch 1: .*; lower learning_rate"):
        fit(network, recipe, data, outputs(tmp_path))


def test_a_git_repository_without_a_commit(data: Data, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "--quiet"], check=True)
    (tmp_path / ".dvc").mkdir()
    with pytest.raises(InputError, match=r"dvclive cannot log: .*; make a first commit"):
        fit(NETWORK, RECIPE, data, outputs(tmp_path))


def test_validation_counts_crops_and_lines(data: Data, monkeypatch: pytest.MonkeyPatch):
    """One crop that is sure outvotes two that are not, for the right writer of line 7 and for a wrong one of line 9."""
    crops = np.zeros(6, CROP)
    crops["line"], crops["label"] = [7, 7, 7, 9, 9, 9], [0, 0, 0, 2, 2, 2]
    logits = np.array([[9, 0, 0], [0, 1, 0], [0, 1, 0], [5, 0, 0], [0, 0, 1], [0, 0, 1]], np.float32)
    monkeypatch.setattr(training, "predict", lambda model, strips, crops: logits)
    row = training.validate(models.build(NETWORK, seed=0), replace(data, validation=crops))
    right = np.exp(logits)[range(6), crops["label"]] / np.exp(logits).sum(axis=1)
    assert row == {
        "validation/loss": pytest.approx(-np.log(right).mean(), rel=1e-5),
        "validation/accuracy": pytest.approx(3 / 6),
        "validation/line_accuracy": pytest.approx(1 / 2),
    }


def test_auto_precision_is_float32_on_a_cpu(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(devices, "gpu", lambda: None)
    assert devices.precision("auto") == "float32"
    assert devices.precision("mixed_bfloat16") == "mixed_bfloat16"
    monkeypatch.setattr(devices, "gpu", lambda: "a GPU")
    monkeypatch.setattr(devices, "_has_bfloat16", lambda: True)
    assert devices.precision("auto") == "mixed_bfloat16"
    monkeypatch.setattr(devices, "_has_bfloat16", lambda: False)
    assert devices.precision("auto") == "mixed_float16"


@pytest.mark.parametrize(
    ("visible", "found"), [(None, 100), ("1", 200), ("1,0", 200), ("GPU-b", 200), ("GPU-a,GPU-b", 100), ("7", None)]
)
def test_the_memory_is_that_of_the_gpu_computed_on(
    visible: str | None, found: int | None, monkeypatch: pytest.MonkeyPatch
):
    def handle(key: int | str) -> int:
        if key not in (0, 1, "GPU-a", "GPU-b"):
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_FOUND)
        return {"GPU-a": 100, "GPU-b": 200, 0: 100, 1: 200}[key]

    monkeypatch.setattr(devices, "gpu", lambda: "a GPU")
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByIndex", handle)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetHandleByUUID", handle)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetMemoryInfo", lambda total: SimpleNamespace(total=total))
    if visible is None:
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    else:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert devices.memory() == found
