"""How hard the dataset in data/ is: the reference's network, and probes that see only grey values, on its test crops.

    python -m benchmarks.difficulty [--seeds 3]

Needs the outputs of `dvc repro crop`. The network is the published reference's and so is its optimizer; the budget
is that of params.yaml. The probes see the mean and the standard deviation of each crop's grey values, nothing else.
"""

import tempfile
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import reference as published
from benchmarks import tables
from benchmarks.data import data_of
from benchmarks.probes import grey_values
from writerid.base.params import load
from writerid.crops import windows
from writerid.network import devices, models, training
from writerid.network.prediction import predict
from writerid.scores.decisions import accuracy, log_softmax

PROBED = 30_000  # training crops that a probe learns from


def reference(data: training.Data, test: np.ndarray, seed: int) -> float:
    """Test accuracy by crop of the reference's network under the budget of params.yaml."""
    params = load()
    devices.prepare(seed)
    size = {"height": params.crop.height, "width": params.crop.width, "classes": len(data.provenance.writers)}
    budget = {name: getattr(params, name) for name in ("batch_size", "epochs", "steps_per_epoch")}
    network = published.NETWORK.model_copy(update=size)
    recipe = published.RECIPE.model_copy(update={**budget, "seed": seed})
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        training.fit(network, recipe, data, training.Outputs(folder / "m.keras", folder / "c", folder / "t"))
        model, _ = models.load(folder / "m.keras")
    return accuracy(log_softmax(predict(model, data.strips, test)), test["label"])


def seen_by_probe(strips: np.ndarray, crops: np.ndarray, width: int) -> list[list[float]]:
    """Return what a probe sees of each crop of a table: mean and standard deviation of its grey values."""
    return [grey_values(strips[start : start + width]) for start in crops["start"]]


def main() -> None:
    """Print the table."""
    parser = tables.parser(__doc__)
    parser.add_argument("--seeds", type=tables.positive, default=3, help="of the network (%(default)s)")
    options = parser.parse_args()
    packed = windows.read(Path("data/crops"), ("train", "validation", "test"), Path("data/lines.csv"))
    data, test = data_of(packed), packed.tables["test"]
    train, writers, width = data.train, packed.writers, packed.width
    some = np.sort(np.random.default_rng(0).permutation(len(train))[:PROBED])
    seen, unseen = (seen_by_probe(data.strips, crops, width) for crops in (train[some], test))
    probes = {
        "nearest neighbours": make_pipeline(StandardScaler(), KNeighborsClassifier(50)),
        "random forest": RandomForestClassifier(200, min_samples_leaf=20, n_jobs=-1, random_state=0),
    }
    rows = [("chance", [1 / len(writers)])]
    for name, probe in probes.items():
        rows.append((f"mean and spread, {name}", [probe.fit(seen, train["label"][some]).score(unseen, test["label"])]))
    rows.append(("reference network", [reference(data, test, seed) for seed in range(options.seeds)]))
    cells = (
        {"what": what, "mean": f"{np.mean(own):.4f}", "least": f"{min(own):.4f}", "most": f"{max(own):.4f}"}
        for what, own in rows
    )
    tables.show(cells, options.csv)


if __name__ == "__main__":
    main()
