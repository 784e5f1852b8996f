"""train: fit the network; the best epoch's weights become the model."""

import json
from pathlib import Path

from stages.runner import run
from writerid.base.backend import use
from writerid.base.files import write_json, write_record
from writerid.base.params import load
from writerid.crops import windows


def main() -> None:
    """Write the model, a checkpoint an epoch, dvclive's log, its best epoch, and what may differ from run to run."""
    params = load()
    use(params.backend)
    from writerid.network import devices, embedding, models, training  # not before the backend is chosen

    packed = windows.read(Path("data/crops"), ("train", "validation"), Path("data/lines.csv"))
    unseen = sorted(set(packed.lines["writer"]) - set(packed.writers))
    provenance = models.Provenance(packed.writers, packed.side_lines("train"), packed.side_lines("validation"), unseen)
    devices.prepare(params.seed)
    network = models.Network(
        **dict(params.network), height=packed.strips.shape[1], width=packed.width, classes=len(provenance.writers)
    )
    data = training.Data(packed.strips, packed.tables["train"], packed.tables["validation"], provenance)
    outputs = training.Outputs(Path("models/model.keras"), Path("models/checkpoints"), Path("metrics/train"))

    def finish() -> None:
        model, _ = models.load(outputs.model)
        models.add_embedding(outputs.model, embedding.fit(model, packed))
        best = json.loads(Path("metrics/train/metrics.json").read_text(encoding="utf-8"))["best"]
        write_json(Path("metrics/validation.json"), {"epoch": best["epoch"], **best["validation"]})

    runtime = training.fit(network, params.recipe, data, outputs, finish)
    write_record(Path("metrics/runtime.json"), outputs.model, runtime)


if __name__ == "__main__":
    run(main)
