"""evaluate: measure the model on lines that it has never seen."""

from pathlib import Path

from stages.runner import run
from writerid.base.backend import use
from writerid.base.files import write_csv, write_json
from writerid.base.params import load


def main() -> None:
    """Write the test figures, the decision on each line, and the accuracy by writer."""
    params = load()
    use(params.backend)
    from writerid.evaluation import inputs, reported  # not before the backend is chosen
    from writerid.network import devices

    devices.prepare(params.seed)
    model, packed, provenance = inputs.read(
        Path("models/model.keras"), Path("data/crops"), Path("data/lines.csv"), ("validation", "test")
    )
    scores = reported.evaluate(model, packed, provenance.train)
    figures = scores.figures(params.evaluate.resamples, params.seed)
    metrics = {level: {name: figures[level][name] for name in names} for level, names in reported.METRICS.items()}
    write_json(Path("metrics/test.json"), metrics)
    write_json(Path("metrics/test/scores.json"), {"split": packed.group_by, **figures})
    write_csv(Path("metrics/predictions.csv"), reported.PREDICTION, scores.predictions())
    write_csv(Path("metrics/writers.csv"), reported.WRITER, scores.by_writer())


if __name__ == "__main__":
    run(main)
