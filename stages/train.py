"""train: fit the network; the best epoch's weights become the model."""

from pathlib import Path

from stages.runner import run
from writerid import crops, devices, models, training
from writerid.augmentation import Augmentation
from writerid.files import read_array, write_json
from writerid.lines import read_lines, writers
from writerid.params import Params, load


def main() -> None:
    """Write the model, a checkpoint an epoch, dvclive's log, and what may differ from run to run."""
    params = load()
    lines = read_lines(Path("data/lines.csv"))
    strips = read_array(Path("data/crops/strips.npy"))
    train = read_array(Path("data/crops/train.npy"))
    validation = read_array(Path("data/crops/validation.npy"))
    height, width = params.crop.height, params.crop.width
    ends = crops.line_ends(lines, height=height, width=width, fit=params.crop.fit)
    tables = {"train": train, "validation": validation}
    crops.check(strips, tables, lines["label"], ends, height=height, width=width)
    provenance = models.Provenance(
        writers=writers(lines),
        train=crops.side_lines(strips, train, lines, ends, width),
        validation=crops.side_lines(strips, validation, lines, ends, width),
    )
    devices.prepare(params.seed)
    data = training.Data(strips, train, validation, provenance)
    outputs = training.Outputs(Path("models/model.keras"), Path("models/checkpoints"), Path("metrics/train"))
    runtime = training.fit(network(params, len(provenance.writers)), recipe(params), data, outputs)
    write_json(Path("metrics/runtime.json"), runtime)


def network(params: Params, classes: int) -> models.Network:
    """Return the network that the parameters ask for."""
    return models.Network(
        height=params.crop.height,
        width=params.crop.width,
        classes=classes,
        invert=params.invert,
        layers=params.layers,
        kernel_size=params.kernel_size,
        filters=params.filters,
        batch_norm=params.batch_norm,
        residual=params.residual,
        head=params.head,
        dense_units=params.dense_units,
        dropout=params.dropout,
    )


def recipe(params: Params) -> training.Recipe:
    """Return the recipe that the parameters ask for."""
    return training.Recipe(
        optimizer=params.optimizer,
        learning_rate=params.learning_rate,
        schedule=params.schedule,
        warmup_steps=params.warmup_steps,
        label_smoothing=params.label_smoothing,
        batch_size=params.batch_size,
        epochs=params.epochs,
        steps_per_epoch=params.steps_per_epoch,
        balance=params.balance,
        augment=Augmentation(
            scale=params.augment.scale,
            slant=params.augment.slant,
            rotation=params.augment.rotation,
            shift=params.augment.shift,
            stroke=params.augment.stroke,
        ),
        precision=params.precision,
        seed=params.seed,
    )


if __name__ == "__main__":
    run(main)
