"""train: fit the network; the best epoch's weights become the model."""

from pathlib import Path

from stages.runner import run
from writerid import devices, models, training
from writerid.files import read_array, read_csv, write_json
from writerid.params import load


def main() -> None:
    """Write the model, a checkpoint an epoch, dvclive's log, and what may differ from run to run."""
    params = load()
    writers = read_csv(Path("data/writers.csv"), {"writer": str})["writer"]
    data = training.Data(
        strips=read_array(Path("data/crops/strips.npy")),
        train=read_array(Path("data/crops/train.npy")),
        validation=read_array(Path("data/crops/validation.npy")),
        writers=writers,
    )
    devices.prepare(params.seed)
    network = models.Network(
        height=params.crop.height,
        width=params.crop.width,
        classes=len(writers),
        invert=params.invert,
        layers=params.layers,
        kernel_size=params.kernel_size,
        filters=params.filters,
        batch_norm=params.batch_norm,
        head=params.head,
        dense_units=params.dense_units,
        dropout=params.dropout,
    )
    recipe = training.Recipe(
        optimizer=params.optimizer,
        learning_rate=params.learning_rate,
        schedule=params.schedule,
        warmup_steps=params.warmup_steps,
        label_smoothing=params.label_smoothing,
        batch_size=params.batch_size,
        epochs=params.epochs,
        steps_per_epoch=params.steps_per_epoch,
        precision=params.precision,
        seed=params.seed,
    )
    outputs = training.Outputs(Path("models/model.keras"), Path("models/checkpoints"), Path("metrics/train"))
    write_json(Path("metrics/runtime.json"), training.fit(network, recipe, data, outputs))


if __name__ == "__main__":
    run(main)
