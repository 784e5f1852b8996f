"""Is it the hand? What can be told from grey values, from paper without ink and from ruling, in each `crop.tone`.

    python -m benchmarks.probes [--csv FILE]

Packs the lines of params.yaml's dataset anew in each tone; data/lines.csv and data/split.csv must be there. A probe is
a random forest that learns from training crops and names the writers of test crops. It sees either the mean and spread
of a crop's grey values, or, of narrow crops without ink, the shares of 32 ranges of grey values, or of whole crops what
runs through them from side to side, which is ruling. Beside its accuracy stand a 95 % interval over test forms, and
the number of test crops.
"""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import RandomForestClassifier

from benchmarks import tables
from stages.runner import run
from writerid.base.files import read_array
from writerid.base.params import load
from writerid.base.schema import Params
from writerid.crops.choice import read_sides
from writerid.crops.strips import pack
from writerid.crops.windows import labels as labels_of
from writerid.dataset.archive import Archive
from writerid.dataset.lines import read_lines
from writerid.dataset.splits import UNSEEN
from writerid.scores.decisions import Decisions, figures

TONES = ("raw", "clip", "binary")
MOST = 20_000  # crops that a probe learns from, and that it is tested on
RULE = 4  # pixels of height; ruling is thinner
PAPER = 12  # columns of a crop without ink: narrower than gaps between words are
BINS = 32


def grey_values(crop: np.ndarray) -> list[float]:
    """Mean and standard deviation of a crop's grey values."""
    return [float(crop.mean()), float(crop.std())]


def histogram(crop: np.ndarray) -> list[float]:
    """Share of a crop's pixels in each of BINS ranges of grey values."""
    return list(np.bincount(crop.ravel() // (256 // BINS), minlength=BINS) / crop.size)


def ruling(crop: np.ndarray) -> list[int]:
    """By how much each row's lightest pixel, in a crop (columns, height), is darker than those above and below it."""
    lightest = crop.max(axis=0).astype(int)
    around = np.minimum(lightest[: -2 * RULE], lightest[2 * RULE :])
    return np.maximum(around - lightest[RULE:-RULE], 0).tolist()


def whole_crops(columns: int, width: int, stride: int) -> np.ndarray:
    """Start columns of the crops that lie within a line of so many columns; a line narrower than one has none."""
    return np.arange(0, columns - width + 1, stride)


def windows(params: Params, lines: dict[str, list[Any]], folder: Path) -> dict[str, np.ndarray]:
    """Pack the lines in each tone as FOLDER/TONE.npy; returns start column and row of whole crops and of paper."""
    found: dict[str, list[np.ndarray]] = {"crop": [], "paper": []}
    for tone in TONES:
        with Archive(Path(params.dataset)) as archive:
            crop = params.crop.model_copy(update={"width": PAPER, "tone": tone})
            inks = pack(archive, lines, crop, folder / f"{tone}.npy")
            first = 0
            for row, ink in enumerate(inks):
                columns = len(ink) + PAPER - 1
                if tone == "raw":  # where ink is follows from the scan
                    whole = whole_crops(columns, params.crop.width, params.crop.stride)
                    paper = np.flatnonzero(ink == 0)[::PAPER]
                    for name, starts in (("crop", whole), ("paper", paper)):
                        found[name].append(np.column_stack([starts + first, np.full(len(starts), row)]))
                first += columns
    return {name: np.concatenate(parts) for name, parts in found.items()}


def probe(
    strips: np.ndarray,
    places: np.ndarray,
    width: int,
    see: Callable[[np.ndarray], Sequence[float]],
    labels: np.ndarray,
    forms: np.ndarray,
    sides: np.ndarray,
) -> tuple[list[float], int]:
    """Return the balanced accuracy of a probe on test crops with the bounds of its interval, and their number."""
    rng = np.random.default_rng(0)
    own = {side: rng.permutation(places[sides[places[:, 1]] == side])[:MOST] for side in ("train", "test")}
    seen = {side: [see(strips[start : start + width]) for start, _ in rows] for side, rows in own.items()}
    forest = RandomForestClassifier(200, min_samples_leaf=10, class_weight="balanced", n_jobs=-1, random_state=0)
    forest.fit(seen["train"], labels[own["train"][:, 1]])
    shares = forest.predict_proba(seen["test"])
    log_probs = np.full((len(shares), labels.max() + 1), -np.inf)
    log_probs[:, forest.classes_] = np.log(np.maximum(shares, 1e-9))
    _, form = np.unique(forms[own["test"][:, 1]], return_inverse=True)
    found = figures(Decisions(log_probs, labels[own["test"][:, 1]], form))
    return [found[f"balanced_accuracy{end}"] for end in tables.BOUNDED], len(form)


def probed(params: Params) -> Iterator[tables.Row]:
    """Yield a row for each tone; 'chance' is how often guessing is right."""
    lines = read_lines(Path("data/lines.csv"))
    side_of = read_sides(Path("data/split.csv"))
    sides = np.array([side_of[line] for line in lines["line"]])
    known = sorted({writer for writer, side in zip(lines["writer"], sides, strict=True) if side != UNSEEN})
    labels, forms = np.array(labels_of(lines["writer"], known)), np.array(lines["form"])
    with tempfile.TemporaryDirectory(dir="data") as name:
        folder = Path(name)
        places = windows(params, lines, folder)
        for tone in TONES:
            strips = read_array(folder / f"{tone}.npy")
            row: tables.Row = {"tone": tone}
            for name, kind, width, see in (
                ("grey_values", "crop", params.crop.width, grey_values),
                ("paper", "paper", PAPER, histogram),
                ("ruling", "crop", params.crop.width, ruling),
            ):
                found, crops = probe(strips, places[kind], width, see, labels, forms, sides)
                row |= tables.bounded(name, found, places=3) | {f"{name}_crops": crops}
            yield row | {"chance": f"{1 / len(known):.3f}"}


def main(csv: Path | None) -> None:
    """Print the table."""
    tables.show(probed(load()), csv)


if __name__ == "__main__":
    run(main, tables.parser(__doc__), alone=False)
