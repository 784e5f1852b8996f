"""Training: optimizer, schedule, checkpoints, and a log of every epoch."""

import math
import shutil
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from dvclive import Live
from scmrepo.exceptions import SCMError
from tqdm import tqdm

from writerid.base.errors import InputError
from writerid.base.randomness import Use, stream
from writerid.base.schema import Recipe
from writerid.crops.windows import gather
from writerid.network import augmentation, devices, models, resident, resume
from writerid.network.prediction import predict
from writerid.network.resume import Row, State
from writerid.scores.decisions import accuracy, log_softmax, nll, vote


@dataclass(frozen=True)
class Data:
    """Strips, uint8 (columns, height), crop tables (see windows.CROP) of two sides, and what they were made from."""

    strips: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    provenance: models.Provenance


def optimizer(recipe: Recipe) -> keras.optimizers.Optimizer:
    """Return the recipe's optimizer, with its learning rate or schedule and otherwise Keras's defaults."""
    rate: float | keras.optimizers.schedules.LearningRateSchedule = recipe.learning_rate
    if recipe.schedule == "cosine":
        steps = recipe.epochs * recipe.steps_per_epoch
        rate = keras.optimizers.schedules.CosineDecay(
            initial_learning_rate=recipe.learning_rate / (recipe.warmup_steps + 1),  # above 0: FTRL divides by it
            decay_steps=steps - recipe.warmup_steps,
            warmup_target=recipe.learning_rate if recipe.warmup_steps else None,
            warmup_steps=recipe.warmup_steps,
        )
    return optimizers()[recipe.optimizer](learning_rate=rate)


def optimizers() -> dict[str, type[keras.optimizers.Optimizer]]:
    """Keras's optimizers by lower-case name, without those that only wrap another one."""
    wrappers = {"optimizer", "lossscaleoptimizer", "multioptimizer"}
    return {
        name.lower(): kind
        for name, kind in vars(keras.optimizers).items()
        if isinstance(kind, type) and issubclass(kind, keras.optimizers.Optimizer) and name.lower() not in wrappers
    }


def batches(
    data: Data, recipe: Recipe, network: models.Network, first_step: int, *, on_device: bool = False
) -> Iterator[tuple[dict[str, np.ndarray], np.ndarray]]:
    """Yield batches: the network's inputs by name, and one-hot labels, float32 (batch, classes).

    The inputs are the crops, uint8 (batch, height, width), or, where the strips are on the device, their start
    columns, int32 (batch,); and with augmentation their changes. `chances` says how often each crop is drawn. What is
    drawn follows from the seed and the step's number alone, so that a run can go on at any step.
    """
    until = np.cumsum(chances(data.train, recipe.balance))
    one_hot = np.eye(network.classes, dtype=np.float32)
    step = first_step
    while True:
        rng = stream(recipe.seed, Use.BATCHES, step)
        crops = data.train[np.searchsorted(until, until[-1] * rng.random(recipe.batch_size), side="right")]
        if on_device:
            inputs = {"start": crops["start"].astype(np.int32)}
        else:
            inputs = {"crop": gather(data.strips, crops["start"], network.width)}
        if recipe.augment:
            size = (network.height, network.width)
            inputs["changes"] = augmentation.draw(recipe.augment, size, recipe.batch_size, rng)
        yield inputs, one_hot[crops["label"]]
        step += 1


def chances(crops: np.ndarray, balance: float) -> np.ndarray:
    """Chance of each crop of a table to be drawn, float64 (crops,).

    A writer is drawn first, then one of the writer's lines, then one of the line's crops. The chance of a writer, and
    of a line, is in proportion to the number of its crops to the power 1 - balance. At 0 all crops are drawn equally
    often. At 1 all writers are, and all lines of a writer, so that a short line counts as much as a long one.
    """
    _, line, of_line = np.unique(crops["line"], return_inverse=True, return_counts=True)
    writer_of_line = np.zeros(len(of_line), np.int64)
    writer_of_line[line] = crops["label"]
    of_writer = np.bincount(crops["label"])
    line_share = of_line ** (1.0 - balance)
    line_share /= np.bincount(writer_of_line, line_share)[writer_of_line]
    writer_share = np.where(of_writer > 0, np.maximum(of_writer, 1) ** (1.0 - balance), 0.0)
    writer_share /= writer_share.sum()
    return (writer_share[writer_of_line] * line_share / of_line)[line]


def compiled(network: models.Network, recipe: Recipe, strips: np.ndarray | None = None) -> keras.Model:
    """Build a network and compile it for training; if `strips` are given, it gathers its crops from them."""
    precision = devices.precision(recipe.precision)
    built = models.build(network, recipe.seed, precision, augment=bool(recipe.augment), strips=strips)
    model = keras.Model({each.name: each for each in built.inputs}, built.outputs[0])  # fed by name: see batches
    model.compile(
        optimizer=optimizer(recipe),
        loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=recipe.label_smoothing),
        metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        jit_compile=devices.jit(),
    )
    return model


@dataclass(frozen=True)
class Outputs:
    """Where a fit writes: the best model, the folder of checkpoints, and dvclive's folder."""

    model: Path
    checkpoints: Path
    live: Path


def fit(
    network: models.Network,
    recipe: Recipe,
    data: Data,
    outputs: Outputs,
    finish: Callable[[], object] = lambda: None,
) -> dict[str, Any]:
    """Fit a network and write its checkpoints, its log and, as the model, its best epoch's checkpoint.

    The best epoch is the one with the least validation loss (negative log-likelihood by crop). A fit that was
    interrupted goes on after its last finished epoch and ends with the same bytes. So does one that was interrupted in
    `finish`, which is called when the model's file is there.

    Returns what may differ between two equal runs: seconds, crops per second, device and versions.

    Raises InputError where the loss is no longer a number, where another program removes a checkpoint, and in a git
    repository without a commit.
    """
    started = time.perf_counter()
    on_device = resident.fits(data.strips, devices.memory())
    model = compiled(network, recipe, data.strips if on_device else None)
    # Validated and saved in float32, whatever the precision of training, so that it runs anywhere.
    portable = models.build(network, recipe.seed)
    shutil.rmtree(outputs.checkpoints, ignore_errors=True)
    shutil.rmtree(outputs.live, ignore_errors=True)
    outputs.checkpoints.mkdir(parents=True)
    state = State(resume.key((network, recipe, data.provenance), (data.strips, data.train, data.validation)))
    rows = state.restore(model, outputs.checkpoints)
    done = len(rows)
    if done:
        print(f"resuming after epoch {done} of {recipe.epochs}, where an earlier run was interrupted")
    with _live(outputs.live) as live:
        for row in rows:
            _log(live, row)
        recorder = _Recorder(recipe, data, portable, outputs, state, live, rows)
        model.fit(
            devices.feed(batches(data, recipe, network, done * recipe.steps_per_epoch, on_device=on_device)),
            epochs=recipe.epochs,
            initial_epoch=done,
            steps_per_epoch=recipe.steps_per_epoch,
            callbacks=[_DropoutSeeds(recipe.seed), recorder],
            shuffle=False,
            verbose=0,
        )
        best = min(range(len(rows)), key=lambda i: rows[i]["validation/loss"])
        live.summary["best"] = _nested({"epoch": best + 1, **rows[best]})
        live.make_summary()
    chosen = _checkpoint(outputs.checkpoints, best + 1, rows[best])
    if not chosen.is_file():
        raise InputError(
            f"{chosen}: was removed while the fit went on, perhaps by another `dvc repro`; run train again"
        )
    shutil.copyfile(chosen, outputs.model)
    trained = (recipe.epochs - done) * recipe.steps_per_epoch * recipe.batch_size
    seconds = time.perf_counter() - started
    finish()
    state.clear()
    return {
        "seconds": seconds,
        "epochs_resumed": done,
        "training_crops_per_second": trained / recorder.seconds if recorder.seconds else 0.0,
        "overall_crops_per_second": trained / seconds,
        "precision": model.get_layer("conv1").dtype_policy.name,
        **devices.describe(),
    }


class _DropoutSeeds(keras.callbacks.Callback):
    """Seeds dropout for each epoch from the seed and the epoch alone: Keras does not save its generator's state."""

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._seed = seed

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        for layer in self.model.layers:
            if isinstance(layer, keras.layers.Dropout) and layer.rate > 0:
                drawn = stream(self._seed, Use.DROPOUT, epoch).integers(2**31, size=2)
                layer.seed_generator.state.assign(drawn.astype(layer.seed_generator.state.dtype))


class _Recorder(keras.callbacks.Callback):
    """After each epoch, validates, saves a checkpoint and the state, and logs a step of dvclive."""

    def __init__(
        self,
        recipe: Recipe,
        data: Data,
        portable: keras.Model,
        outputs: Outputs,
        state: State,
        live: Live,
        rows: list[Row],
    ) -> None:
        super().__init__()
        self.seconds = 0.0  # spent in training steps
        self._recipe, self._data, self._portable, self._outputs = recipe, data, portable, outputs
        self._state, self._live, self._rows = state, live, rows
        self._epoch_started = 0.0
        self._bar = tqdm(
            total=recipe.epochs * recipe.steps_per_epoch * recipe.batch_size,
            initial=len(rows) * recipe.steps_per_epoch * recipe.batch_size,
            desc="train",
            unit=" crops",
            unit_scale=True,
            disable=None,
        )

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self._epoch_started = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        self._bar.update(self._recipe.batch_size)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        logs = logs or {}
        seconds = time.perf_counter() - self._epoch_started
        self.seconds += seconds
        for weight, trained in zip(self._portable.weights, resident.weights(self.model), strict=True):
            weight.assign(keras.ops.convert_to_numpy(trained))  # a copy: JAX reuses the memory of its arrays
        row = {
            "train/loss": float(logs["loss"]),
            "train/accuracy": float(logs["accuracy"]),
            **validate(self._portable, self._data),
            "learning_rate": float(keras.ops.convert_to_numpy(self.model.optimizer.learning_rate)),
        }
        if not math.isfinite(row["train/loss"] + row["validation/loss"]):
            self._bar.close()
            raise InputError(
                f"training diverged in epoch {epoch + 1}: the loss is not a number; lower learning_rate "
                f"(it holds {self._recipe.learning_rate:g})"
            )
        path = _checkpoint(self._outputs.checkpoints, epoch + 1, row)
        models.save(self._portable, self._data.provenance, path)
        self._rows.append(row)
        self._state.save(self.model, self._rows, path)
        _log(self._live, row)
        rate = self._recipe.steps_per_epoch * self._recipe.batch_size / seconds
        self._bar.write(
            f"epoch {epoch + 1:>{len(str(self._recipe.epochs))}}/{self._recipe.epochs}"
            f"  train loss {row['train/loss']:.4f} accuracy {row['train/accuracy']:.4f}"
            f"  validation loss {row['validation/loss']:.4f} accuracy {row['validation/accuracy']:.4f}"
            f" by line {row['validation/line_accuracy']:.4f}  {rate:,.0f} crops/s"
        )

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        self._bar.close()


def validate(model: keras.Model, data: Data) -> Row:
    """Loss (negative log-likelihood) and accuracy by crop, and accuracy by line, on the validation side."""
    crops = data.validation
    log_probs = log_softmax(predict(model, data.strips, crops))
    lines, first = np.unique(crops["line"], return_index=True)
    by_line = vote(log_probs, np.searchsorted(lines, crops["line"]))
    return {
        "validation/loss": nll(log_probs, crops["label"]),
        "validation/accuracy": accuracy(log_probs, crops["label"]),
        "validation/line_accuracy": accuracy(by_line, crops["label"][first]),
    }


def _checkpoint(folder: Path, epoch: int, row: Row) -> Path:
    return folder / f"check-{epoch:02d}-{row['validation/loss']:.4f}.keras"


def _live(folder: Path) -> Live:
    try:
        return Live(str(folder), dvcyaml=False, save_dvc_exp=False)
    except SCMError as error:
        raise InputError(f"dvclive cannot log: {error}; make a first commit (`git add --all && git commit`)") from None


def _log(live: Live, row: Row) -> None:
    """Log one epoch as one dvclive step, counted from 1."""
    live.step += 1
    for name, value in row.items():
        live.log_metric(name, value)
    live.make_summary()


def _nested(row: Row) -> dict[str, Any]:
    """Turn names with slashes into nested mappings, as dvclive does with metrics."""
    nested: dict[str, Any] = {}
    for name, value in row.items():
        *groups, last = name.split("/")
        node = nested
        for group in groups:
            node = node.setdefault(group, {})
        node[last] = value
    return nested
