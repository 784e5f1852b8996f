"""Where the time of a fit goes: the machine's arithmetic, the network's, gathering, and all the rest of the stage.

    python -m benchmarks.throughput [--steps 60]

Trains params.yaml's network. The lines of the table, each with what it is a share of:
  matrix product   what the machine can do at best: the product of two large float32 matrices
  resident batch   training steps on one batch that is already there
  with gathering   training steps on batches drawn and gathered from the strips (random pixels)
  whole fit        training.fit on data/crops, with validation, log and checkpoints (where data/crops exists)
"""

import argparse
import itertools
import tempfile
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from benchmarks.data import WRITERS, project_data, random_data
from stages.train import network, recipe
from writerid import devices, models, training
from writerid.params import load

SIZE = 4096  # rows and columns of the matrices
WARM_UP = 10  # steps, or products, before the clock starts


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
    """Training crops a second over a few steps; the first ones are not counted."""
    clock = _Clock()
    model.fit(batches, steps_per_epoch=WARM_UP + steps, callbacks=[clock], shuffle=False, verbose=0)
    return steps * batch_size / clock.seconds


class _Clock(keras.callbacks.Callback):
    """Seconds from the end of the warm-up to the end of the epoch."""

    seconds = 0.0

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        if batch + 1 == WARM_UP:
            self._started = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        self.seconds = time.perf_counter() - self._started


def whole_fit(shape: models.Network, how: training.Recipe) -> float:
    """Training crops a second of a whole fit on data/crops, from its beginning to its end."""
    data = project_data()
    shape = replace(shape, classes=len(data.provenance.writers))
    with tempfile.TemporaryDirectory() as name:
        results = Path(name)
        outputs = training.Outputs(results / "model.keras", results / "checkpoints", results / "train")
        return float(training.fit(shape, how, data, outputs)["overall_crops_per_second"])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=60)
    steps = parser.parse_args().steps
    params = load()
    devices.prepare(params.seed)
    shape, how = network(params, WRITERS), recipe(params)
    data = random_data(shape.height, shape.width)
    work = 3 * operations(models.build(shape, 0))  # backwards takes twice what forwards does
    peak = matrix_product()
    one = next(training.batches(data, how, shape, 0))
    resident = crops_per_second(training.compiled(shape, how), (one for _ in itertools.count()), how.batch_size, steps)
    batches = training.batches(data, how, shape, 0)
    gathering = crops_per_second(training.compiled(shape, how), batches, how.batch_size, steps)
    print(f"one crop: {work / 3e6:,.0f} million operations forwards, {work / 1e6:,.0f} million in a training step")
    print(f"{'':>15} {'crops/s':>8} {'GFLOP/s':>8} {'share of':>25}")
    print(f"{'matrix product':>15} {'':>8} {peak / 1e9:>8,.0f}")
    rows = [("resident batch", resident, resident * work / peak, "matrix product")]
    rows.append(("with gathering", gathering, gathering / resident, "resident batch"))
    if Path("data/crops/strips.npy").is_file():
        overall = whole_fit(shape, how)
        rows.append(("whole fit", overall, overall / resident, "resident batch"))
    for name, rate, share, of in rows:
        print(f"{name:>15} {rate:>8,.0f} {rate * work / 1e9:>8,.0f} {share:>10.1%} {of:>14}")


if __name__ == "__main__":
    main()
