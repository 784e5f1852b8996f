"""explain: pictures and tables of what the network learned, what it looks at, and where it fails."""

from pathlib import Path

from stages.runner import run
from writerid.base.backend import use
from writerid.base.params import load
from writerid.crops.strips import Scans
from writerid.dataset.archive import Archive


def main() -> None:
    """Write the pictures, the tables behind them, and how far the evidence can be trusted."""
    params = load()
    print("explain: reading the model, the lines and their crops", flush=True)
    use(params.backend)
    from writerid.evaluation import inputs  # not before the backend is chosen
    from writerid.explain.results import read_results
    from writerid.explain.study import Study
    from writerid.network import devices
    from writerid.pictures import album

    devices.prepare(params.seed)
    model, packed, _ = inputs.read(Path("models/model.keras"), Path("data/crops"), Path("data/lines.csv"), ("test",))
    with Archive(Path(params.dataset)) as archive:
        album.make(
            Study(model, packed, params.explain, params.seed, Scans.of(archive, packed).strip),
            read_results(Path("metrics/test/scores.json"), Path("metrics/unseen/pairs.csv")),
            pictures=Path("metrics/figures"),
            tables=Path("metrics/explain"),
            summary=Path("metrics/explain.json"),
        )


if __name__ == "__main__":
    run(main)
