"""train: fit the network; the best epoch's weights become the model."""

from pathlib import Path

from stages.runner import run
from writerid.base.files import write_json
from writerid.base.params import Params, load
from writerid.crops import windows
from writerid.dataset.lines import read_lines, writers
from writerid.network import devices, models, training
from writerid.network.augmentation import Augmentation


def main() -> None:
    """Write the model, a checkpoint an epoch, dvclive's log, and what may differ from run to run."""
    params = load()
    lines = read_lines(Path("data/lines.csv"))
    packed = windows.read(
        Path("data/crops/strips.npy"),
        {"train": Path("data/crops/train.npy"), "validation": Path("data/crops/validation.npy")},
        lines,
        height=params.crop.height,
        width=params.crop.width,
        fit=params.crop.fit,
    )
    provenance = models.Provenance(writers(lines), packed.side_lines("train"), packed.side_lines("validation"))
    devices.prepare(params.seed)
    data = training.Data(packed.strips, packed.tables["train"], packed.tables["validation"], provenance)
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
        augment=Augmentation(**dict(params.augment)),
        precision=params.precision,
        seed=params.seed,
    )


if __name__ == "__main__":
    run(main)
