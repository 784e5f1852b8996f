"""explain: pictures and figures of what the network learned, what it looks at, and where it fails."""

from pathlib import Path

from stages.runner import run
from writerid.base.params import load
from writerid.crops import windows
from writerid.dataset.lines import read_lines, writers
from writerid.explain.reports import read_history, read_test, read_writers
from writerid.explain.study import Limits, Study
from writerid.network import devices, models
from writerid.pictures import album


def main() -> None:
    """Write the pictures, the tables behind them, and how far the evidence can be trusted."""
    params = load()
    devices.prepare(params.seed)
    model, provenance = models.load(Path("models/model.keras"))
    lines = read_lines(Path("data/lines.csv"))
    packed = windows.read(
        Path("data/crops/strips.npy"),
        {"test": Path("data/crops/test.npy")},
        lines,
        height=params.crop.height,
        width=params.crop.width,
        fit=params.crop.fit,
    )
    limits = Limits(params.explain.lines, params.explain.pairs, params.explain.crops)
    album.make(
        Study(model, provenance.writers, packed, writers(lines), limits, params.seed),
        read_test(Path("metrics/test.json")),
        read_history(Path("metrics/train/metrics.json"), Path("metrics/train/plots")),
        read_writers(Path("metrics/writers.csv")),
        resamples=params.evaluate.resamples,
        seed=params.seed,
        pictures=Path("metrics/figures"),
        tables=Path("metrics/explain"),
        figures=Path("metrics/explain.json"),
    )


if __name__ == "__main__":
    run(main)
