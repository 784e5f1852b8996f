"""Where the time of train and evaluate goes: the machine's arithmetic, the network's, gathering, and all the rest.

    python -m benchmarks.throughput [--steps 200] [--runs 3]

Trains params.yaml's network, with the recommended budget, on what the crop stage left in data/. Rates are crops a
second, each the median of so many runs that take turns, with what it is a share of:
  matrix product   what the machine can do at best: the product of two large float32 matrices
  resident batch   training steps on one batch that is already there
  with gathering   training steps on batches that are drawn, gathered and, if params.yaml says so, changed
  whole fit        training.fit with validation, log and checkpoints
  prediction       one batch that is already there, predicted again and again
  evaluate         validation and test crops gathered and predicted, lines and forms decided, temperatures fitted
Compiling the network's first step is left out everywhere but in the whole fit.
"""

import itertools
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from benchmarks import tables
from benchmarks.accuracy import recommended
from benchmarks.data import data_of
from writerid.crops import windows
from writerid.dataset import splits
from writerid.evaluation import reported
from writerid.network import devices, models, training
from writerid.network.prediction import BATCH

SIZE = 4096  # rows and columns of the matrices
WARM_UP = 10  # steps, or products, before the clock starts
SHARES = {
    "resident batch": "matrix product",
    "with gathering": "resident batch",
    "whole fit": "resident batch",
    "prediction": "matrix product",
    "evaluate": "prediction",
}
COLUMNS = ("what", "crops_per_second", "least", "most", "gflop_per_second", "share", "of")


def matrix_product() -> float:
    """Arithmetic operations a second of a product of two matrices."""
    one = ops.convert_to_tensor(np.random.default_rng(0).normal(size=(SIZE, SIZE)).astype(np.float32))
    started = 0.0
    for number in range(WARM_UP + 10):
        if number == WARM_UP:
            started = time.perf_counter()
        ops.convert_to_numpy(ops.matmul(one, one)[0, 0])
    return 10 * 2 * SIZE**3 / (time.perf_counter() - started)


def operations(model: keras.Model) -> int:
    """Multiplications and additions of convolutions and dense layers for one crop, forwards."""
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            places = int(np.prod(layer.output.shape[1:-1]))  # of the map that leaves a convolution; 1 for a dense layer
            total += 2 * places * int(np.prod(layer.kernel.shape))
    return total


def crops_per_second(model: keras.Model, batches: Iterator[Any], batch_size: int, steps: int) -> float:
    """Training crops a second over a few steps, fed as in the train stage; the first ones are not counted."""
    clock = _Clock()
    model.fit(devices.feed(batches), steps_per_epoch=WARM_UP + steps, callbacks=[clock], shuffle=False, verbose=0)
    return steps * batch_size / clock.seconds


class _Clock(keras.callbacks.Callback):
    """Seconds from the end of the warm-up to the end of the epoch."""

    seconds = 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if batch + 1 == WARM_UP:
            self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.seconds = time.perf_counter() - self._started


def whole_fit(shape: models.Network, how: training.Recipe, data: training.Data) -> float:
    """Training crops a second of a whole fit, from its beginning to its end."""
    with tempfile.TemporaryDirectory() as name:
        results = Path(name)
        outputs = training.Outputs(results / "model.keras", results / "checkpoints", results / "train")
        return float(training.fit(shape, how, data, outputs)["overall_crops_per_second"])


def prediction(model: keras.Model, batch: np.ndarray, count: int) -> float:
    """Crops a second when one batch is predicted again and again, until `count` crops are."""
    keras.ops.convert_to_numpy(model.predict_on_batch(batch))
    started = time.perf_counter()
    for _ in range(-(-count // len(batch))):
        keras.ops.convert_to_numpy(model.predict_on_batch(batch))
    return -(-count // len(batch)) * len(batch) / (time.perf_counter() - started)


def evaluate(model: keras.Model, packed: windows.Packed) -> float:
    """Crops a second of all decisions that the evaluate stage makes."""
    started = time.perf_counter()
    reported.evaluate(model, packed, packed.side_lines("train"))
    return sum(len(packed.tables[side]) for side in ("test", "validation")) / (time.perf_counter() - started)


def main() -> None:
    """Print the table."""
    parser = tables.parser(__doc__)
    parser.add_argument("--steps", type=tables.positive, default=200, help="of training, in a run (%(default)s)")
    parser.add_argument("--runs", type=tables.positive, default=3, help="of each, in turns (%(default)s)")
    options = parser.parse_args()
    params = recommended()
    devices.prepare(params.seed)
    packed = windows.read(Path("data/crops"), splits.SIDES, Path("data/lines.csv"))
    size = {"height": packed.strips.shape[1], "width": packed.width, "classes": len(packed.writers)}
    shape, how, data = models.Network(**dict(params.network), **size), params.recipe, data_of(packed)
    judged = len(packed.tables["test"]) + len(packed.tables["validation"])
    portable = models.build(shape, 0)
    forwards = operations(portable)
    one = next(training.batches(data, how, shape, 0))
    many = windows.gather(packed.strips, packed.tables["train"]["start"][:BATCH], shape.width)
    model = training.compiled(shape, how)
    measures: dict[str, Callable[[], float]] = {
        "matrix product": matrix_product,
        "resident batch": lambda: crops_per_second(
            model, (one for _ in itertools.count()), how.batch_size, options.steps
        ),
        "with gathering": lambda: crops_per_second(
            model, training.batches(data, how, shape, 0), how.batch_size, options.steps
        ),
        "whole fit": lambda: whole_fit(shape, how, data),
        "prediction": lambda: prediction(portable, many, judged),
        "evaluate": lambda: evaluate(portable, packed),
    }
    rates: dict[str, list[float]] = {name: [] for name in measures}
    for _ in range(options.runs):
        for name, measure in measures.items():
            rates[name].append(measure())
    rate = {name: float(np.median(values)) for name, values in rates.items()}
    work = dict.fromkeys(
        ("resident batch", "with gathering", "whole fit"), 3 * forwards
    )  # backwards takes twice as much
    work |= {"prediction": forwards, "evaluate": forwards}
    print(f"one crop: {forwards / 1e6:,.0f} million operations forwards, {3 * forwards / 1e6:,.0f} in a training step")
    rows = []
    for name, of in {"matrix product": "", **SHARES}.items():
        done = rate[name] * work.get(name, 1)
        share = "" if not of else f"{(done if of == 'matrix product' else rate[name]) / rate[of]:.3f}"
        crops = [round(each(rates[name])) if of else "" for each in (np.median, min, max)]
        cells = (name, *crops, round(done / 1e9), share, of)
        rows.append(dict(zip(COLUMNS, cells, strict=True)))
    tables.show(rows, options.csv)


if __name__ == "__main__":
    main()
