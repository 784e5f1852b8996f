"""evaluate: every figure and picture about the model, on lines it has never seen."""

from pathlib import Path

from stages.runner import run
from writerid import crops, devices, evaluation, figures, models, splits
from writerid.files import read_array, write_csv, write_json
from writerid.lines import read_lines, writers
from writerid.params import load


def main() -> None:
    """Write the test figures, the decision on each line, the accuracy by writer, and the pictures."""
    params = load()
    devices.prepare(params.seed)
    model, provenance = models.load(Path("models/model.keras"))
    lines = read_lines(Path("data/lines.csv"))
    strips = read_array(Path("data/crops/strips.npy"))
    validation = read_array(Path("data/crops/validation.npy"))
    test = read_array(Path("data/crops/test.npy"))
    height, width = params.crop.height, params.crop.width
    ends = crops.line_ends(lines, height=height, width=width, fit=params.crop.fit)
    crops.check(strips, {"validation": validation, "test": test}, lines["label"], ends, height=height, width=width)
    splits.check_apart(
        {
            "train": provenance.train,
            "validation": provenance.validation,
            "test": crops.side_lines(strips, test, lines, ends, width),
        },
        params.split.group_by,
        "run split, crop and train again (`dvc repro --force`)",
    )
    sides = [evaluation.Side(strips, table, width, lines, writers(lines)) for table in (test, validation)]
    scores = evaluation.evaluate(model, provenance.writers, *sides)
    found = scores.figures(params.evaluate.resamples, params.seed)
    pairs = scores.pairs(params.evaluate.pairs)
    write_json(Path("metrics/test.json"), {"split": params.split.group_by, **found})
    write_csv(Path("metrics/predictions.csv"), evaluation.PREDICTION, scores.predictions())
    write_csv(Path("metrics/writers.csv"), evaluation.WRITER, scores.by_writer())
    figures.filters(model.get_layer("conv1").get_weights()[0], Path("metrics/figures/filters.png"))
    figures.pairs(pairs, Path("metrics/figures/confused_writers.png"))


if __name__ == "__main__":
    run(main)
