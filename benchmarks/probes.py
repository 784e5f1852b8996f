"""Is it the hand? What can be told from grey values alone, and from paper without ink, in each `crop.tone`.

    python -m benchmarks.probes

Packs the lines of params.yaml's dataset anew in each tone; data/lines.csv and data/split.csv must be there. A probe is
a random forest that learns from training crops and names the writers of test crops. It sees either the mean and spread
of a crop's grey values, or, of narrow crops without ink, the shares of 32 ranges of grey values.
"""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import balanced_accuracy_score

from writerid.crop_tables import side_of_lines
from writerid.dataset import Archive
from writerid.files import read_array, read_csv
from writerid.lines import read_lines
from writerid.params import Params, load
from writerid.strips import pack

TONES = ("raw", "clip", "binary")
MOST = 20_000  # crops that a probe learns from, and that it is tested on
PAPER = 24  # columns of a crop without ink: as wide as gaps between words are
BINS = 32


def grey_values(crop: np.ndarray) -> list[float]:
    """Mean and standard deviation of a crop's grey values."""
    return [float(crop.mean()), float(crop.std())]


def histogram(crop: np.ndarray) -> list[float]:
    """Share of a crop's pixels in each of BINS ranges of grey values."""
    return list(np.bincount(crop.ravel() // (256 // BINS), minlength=BINS) / crop.size)


def windows(params: Params, lines: dict[str, list[Any]], folder: Path) -> dict[str, np.ndarray]:
    """Pack the lines in each tone as FOLDER/TONE.npy; returns start column and row of whole crops and of paper."""
    sizes = np.column_stack([lines["width"], lines["height"]])
    found: dict[str, list[np.ndarray]] = {"crop": [], "paper": []}
    for tone in TONES:
        with Archive(Path(params.dataset)) as archive:
            inks = pack(
                archive,
                lines["path"],
                sizes,
                height=params.crop.height,
                width=PAPER,
                fit=params.crop.fit,
                tone=tone,
                output=folder / f"{tone}.npy",
            )
            first = 0
            for row, ink in enumerate(inks):
                columns = len(ink) + PAPER - 1
                if tone == "raw":  # where ink is follows from the scan
                    whole = np.arange(0, max(1, columns - params.crop.width), params.crop.stride)
                    paper = np.flatnonzero(ink == 0)[::PAPER]
                    for name, starts in (("crop", whole), ("paper", paper)):
                        found[name].append(np.column_stack([starts + first, np.full(len(starts), row)]))
                first += columns
    return {name: np.concatenate(parts) for name, parts in found.items()}


def probe(
    strips: np.ndarray,
    places: np.ndarray,
    width: int,
    see: Callable[[np.ndarray], list[float]],
    labels: np.ndarray,
    sides: np.ndarray,
) -> tuple[float, int]:
    """Return the balanced accuracy of a probe on test crops, and the number of test crops."""
    rng = np.random.default_rng(0)
    seen = {}
    for side in ("train", "test"):
        own = rng.permutation(places[sides[places[:, 1]] == side])[:MOST]
        seen[side] = [see(strips[start : start + width]) for start, _ in own], labels[own[:, 1]]
    forest = RandomForestClassifier(200, min_samples_leaf=10, class_weight="balanced", n_jobs=-1, random_state=0)
    named = forest.fit(*seen["train"]).predict(seen["test"][0])
    return float(balanced_accuracy_score(seen["test"][1], named)), len(named)


def main() -> None:
    """Print the table."""
    params = load()
    lines = read_lines(Path("data/lines.csv"))
    split = read_csv(Path("data/split.csv"), {"line": str, "split": str})
    side_of = side_of_lines(split["line"], split["split"])
    sides = np.array([side_of[line] for line in lines["line"]])
    labels = np.array(lines["label"])
    print(f"balanced accuracy by crop; chance {1 / len(set(lines['label'])):.3f}")
    print(f"{'tone':>8} {'mean and spread':>16} {'crops':>7} {'paper without ink':>18} {'crops':>7}")
    with tempfile.TemporaryDirectory(dir="data") as name:
        folder = Path(name)
        places = windows(params, lines, folder)
        for tone in TONES:
            strips = read_array(folder / f"{tone}.npy")
            grey, crops = probe(strips, places["crop"], params.crop.width, grey_values, labels, sides)
            paper, papers = probe(strips, places["paper"], PAPER, histogram, labels, sides)
            print(f"{tone:>8} {grey:>16.3f} {crops:>7,} {paper:>18.3f} {papers:>7,}", flush=True)


if __name__ == "__main__":
    main()
