"""evaluate: every figure and picture about the model, on lines it has never seen."""

from pathlib import Path

from stages.runner import run
from writerid import devices, evaluation, figures, models, splits
from writerid.files import read_array, read_csv, write_csv, write_json
from writerid.params import load


def main() -> None:
    """Write the test figures, the decision on each line, the accuracy by writer, and the pictures."""
    params = load()
    devices.prepare(params.seed)
    model, writers = models.load(Path("models/model.keras"))
    lines = read_csv(Path("data/lines.csv"), {"line": str, "form": str, "label": int})
    crops = read_array(Path("data/crops/test.npy"))
    trained = read_array(Path("data/crops/train.npy"))
    splits.check_apart(trained["line"], crops["line"], lines["line"], lines["form"], params.split.group_by)
    test = evaluation.Unseen(
        strips=read_array(Path("data/crops/strips.npy")),
        crops=crops,
        width=params.crop.width,
        lines=lines,
        writers=read_csv(Path("data/writers.csv"), {"writer": str, "lines": int}),
    )
    scores = evaluation.evaluate(model, writers, test)
    write_json(
        Path("metrics/test.json"),
        {"split": params.split.group_by, **scores.figures(params.evaluate.resamples, params.seed)},
    )
    write_csv(Path("metrics/predictions.csv"), evaluation.PREDICTION, scores.predictions())
    write_csv(Path("metrics/writers.csv"), evaluation.WRITER, scores.by_writer())
    figures.filters(model.get_layer("conv1").get_weights()[0], Path("metrics/figures/filters.png"))
    figures.pairs(scores.pairs(params.evaluate.pairs), Path("metrics/figures/confused_writers.png"))


if __name__ == "__main__":
    run(main)
