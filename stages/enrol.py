"""enrol: make the identifier, the folder that says who wrote a scan and needs neither Keras nor this repository."""

import hashlib
from importlib.metadata import version
from pathlib import Path

from stages.runner import run
from writerid.base.backend import use
from writerid.base.params import load
from writerid.base.schema import SYNTHETIC
from writerid.dataset.archive import Archive
from writerid.dataset.splits import UNSEEN


def main() -> None:
    """Write models/identifier: the network as ONNX, the references, how sure to be, and the model card."""
    params = load()
    use("tensorflow", overrule=True)  # which exports what was trained with any backend
    from writerid.evaluation import inputs  # not before the backend is chosen
    from writerid.identifier import bundle, making
    from writerid.network import devices, export, models

    devices.prepare(params.seed)
    model, crops, lines = Path("models/model.keras"), Path("data/crops"), Path("data/lines.csv")
    network, packed, _ = inputs.read(model, crops, lines, ("train", "validation", "test", UNSEEN))
    digests = {
        str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in (model, crops / "crops.json", lines)
    }
    origin = making.Origin(
        dataset=Path(params.dataset).name,
        drawn=params.dataset == SYNTHETIC,
        invert=params.invert,
        labels=(params.pages.label_tag, params.pages.label_text),
        pictures=params.enrol.pictures,
        made={
            "from": digests,
            "seed": params.seed,
            "versions": {name: version(name) for name in ("keras", "numpy", "onnx", "onnxruntime", "pillow", "scipy")},
        },
    )
    content = export.to_onnx(network, models.load_embedding(model))
    with Archive(Path(params.dataset)) as archive:
        made = making.make(content, packed, archive, origin, params.seed)
    bundle.write(made, Path("models/identifier"))
    if not made.calibration[bundle.TRAINED].strangers:
        print("note: split.unseen_writers: 0, so it cannot tell strangers from its writers, nor compare documents")
    print(f"{len(made.writers)} writers, {len(made.references.vectors)} reference lines: models/identifier")


if __name__ == "__main__":
    run(main)
