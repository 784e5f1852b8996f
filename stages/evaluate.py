"""evaluate: every figure about the model, on lines it has never seen."""

from pathlib import Path

from stages.runner import run
from writerid.base.files import write_csv, write_json
from writerid.base.params import load
from writerid.crops import windows
from writerid.dataset import splits
from writerid.dataset.lines import read_lines, writers
from writerid.evaluation import reported
from writerid.network import devices, models


def main() -> None:
    """Write the test figures, the decision on each line, and the accuracy by writer."""
    params = load()
    devices.prepare(params.seed)
    model, provenance = models.load(Path("models/model.keras"))
    lines = read_lines(Path("data/lines.csv"))
    packed = windows.read(
        Path("data/crops/strips.npy"),
        {"validation": Path("data/crops/validation.npy"), "test": Path("data/crops/test.npy")},
        lines,
        height=params.crop.height,
        width=params.crop.width,
        fit=params.crop.fit,
    )
    splits.check_apart(
        {"train": provenance.train, "validation": provenance.validation, "test": packed.side_lines("test")},
        params.split.group_by,
        "run split, crop and train again (`dvc repro --force`)",
    )
    sides = [
        reported.Side(packed.strips, packed.tables[side], packed.width, lines, writers(lines))
        for side in ("test", "validation")
    ]
    scores = reported.evaluate(model, provenance.writers, *sides)
    found = scores.figures(params.evaluate.resamples, params.seed)
    write_json(Path("metrics/test.json"), {"split": params.split.group_by, **found})
    write_csv(Path("metrics/predictions.csv"), reported.PREDICTION, scores.predictions())
    write_csv(Path("metrics/writers.csv"), reported.WRITER, scores.by_writer())


if __name__ == "__main__":
    run(main)
