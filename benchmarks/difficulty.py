"""How hard the dataset in data/ is: the reference's network, and probes that see only grey values, on its test crops.

    python -m benchmarks.difficulty [--seeds 3]

Needs the outputs of `dvc repro crop`. The network is the published reference's and so is its optimizer; the budget
is that of params.yaml. The probes see the mean and the standard deviation of each crop's grey values, nothing else.
"""

import argparse
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import stages  # noqa: F401 - puts this checkout's src/ on the path
from writerid import devices, models, training
from writerid.crops import gather
from writerid.files import read_array, read_csv
from writerid.params import load
from writerid.prediction import predict
from writerid.scoring import accuracy, log_softmax

# The published network, on the published crops and writers; tests/test_models.py holds it against Keras's own layers.
REFERENCE = models.Network(
    height=113,
    width=113,
    classes=50,
    invert=False,
    layers=3,
    kernel_size=3,
    filters=32,
    batch_norm=False,
    head="dense",
    dense_units=512,
    dropout=0.4,
)
PROBED = 30_000  # training crops that a probe learns from


def reference(data: training.Data, test: np.ndarray, seed: int) -> float:
    """Test accuracy by crop of the reference's network under the budget of params.yaml."""
    params = load()
    devices.prepare(seed)
    network = replace(REFERENCE, height=params.crop.height, width=params.crop.width, classes=len(data.writers))
    recipe = training.Recipe(
        optimizer="adam",
        learning_rate=0.001,
        schedule="constant",
        warmup_steps=0,
        label_smoothing=0.0,
        batch_size=params.batch_size,
        epochs=params.epochs,
        steps_per_epoch=params.steps_per_epoch,
        precision="auto",
        seed=seed,
    )
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        training.fit(network, recipe, data, training.Outputs(folder / "m.keras", folder / "c", folder / "t"))
        model, _ = models.load(folder / "m.keras")
    return accuracy(log_softmax(predict(model, data.strips, test)), test["label"])


def grey_values(strips: np.ndarray, crops: np.ndarray, width: int) -> np.ndarray:
    """Mean and standard deviation of the grey values of crops, float64 (crops, 2)."""
    pixels = (gather(strips, crops["start"][i : i + 1], width) for i in range(len(crops)))
    return np.array([(crop.mean(), crop.std()) for crop in pixels])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    seeds = parser.parse_args().seeds
    folder = Path("data/crops")
    strips, train, validation, test = (
        read_array(folder / f"{name}.npy") for name in ("strips", "train", "validation", "test")
    )
    width = load().crop.width
    writers = read_csv(Path("data/writers.csv"), {"writer": str})["writer"]
    some = np.sort(np.random.default_rng(0).permutation(len(train))[:PROBED])
    seen, unseen = grey_values(strips, train[some], width), grey_values(strips, test, width)
    probes = {
        "nearest neighbours": make_pipeline(StandardScaler(), KNeighborsClassifier(50)),
        "random forest": RandomForestClassifier(200, min_samples_leaf=20, n_jobs=-1, random_state=0),
    }
    rows = [("chance", [1 / len(writers)])]
    for name, probe in probes.items():
        rows.append((f"mean and spread, {name}", [probe.fit(seen, train["label"][some]).score(unseen, test["label"])]))
    data = training.Data(strips, train, validation, writers)
    rows.append(("reference network", [reference(data, test, seed) for seed in range(seeds)]))
    print(f"\n{'test accuracy by crop':>40} {'mean':>7} {'least':>7} {'most':>7} {'runs':>5}")
    for name, values in rows:
        print(f"{name:>40} {np.mean(values):>7.4f} {min(values):>7.4f} {max(values):>7.4f} {len(values):>5}")


if __name__ == "__main__":
    main()
