"""evaluate: measure the model on lines that it has never seen."""

from pathlib import Path

from stages.runner import run
from writerid.base.backend import use
from writerid.base.files import write_csv, write_json
from writerid.base.params import load
from writerid.dataset.splits import UNSEEN


def main() -> None:
    """Write the test figures, the decision on each line, the accuracy by writer, and how unseen writers are told."""
    params = load()
    use(params.backend)
    from writerid.evaluation import inputs, reported, unseen  # not before the backend is chosen
    from writerid.network import devices, models

    devices.prepare(params.seed)
    model, packed, provenance = inputs.read(
        Path("models/model.keras"), Path("data/crops"), Path("data/lines.csv"), ("validation", "test", UNSEEN)
    )
    scores = reported.evaluate(model, packed, provenance.train)
    figures = scores.figures(params.evaluate.resamples, params.seed)
    metrics = {level: {name: figures[level][name] for name in names} for level, names in reported.METRICS.items()}
    embedding = models.load_embedding(Path("models/model.keras"))
    strangers = unseen.evaluate(model, embedding, packed, scores, params.evaluate.resamples, params.seed)
    write_json(Path("metrics/test.json"), {**metrics, "unseen": unseen.metrics(strangers.figures)})
    write_json(Path("metrics/test/unseen.json"), strangers.figures)
    for name, rows in strangers.tables.items():
        write_csv(Path("metrics/unseen") / f"{name}.csv", unseen.COLUMNS[name], rows)
    write_json(Path("metrics/test/scores.json"), {"split": packed.group_by, **figures})
    write_csv(Path("metrics/predictions.csv"), reported.PREDICTION, scores.predictions())
    write_csv(Path("metrics/writers.csv"), reported.WRITER, scores.by_writer())


if __name__ == "__main__":
    run(main)
