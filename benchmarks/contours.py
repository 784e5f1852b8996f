"""Contours instead of a network: who wrote the lines and forms of the validation and test sides in data/.

    python -m benchmarks.contours

Needs the outputs of `dvc repro split`. Lines are told by their contours (see writerid.contours.hinge), main components
and logistic regression, which are fitted on the training side. Printed are accuracies and seconds.
"""

import time
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from stages.runner import run
from writerid.base.files import read_csv
from writerid.base.parallel import ordered_map
from writerid.base.params import load
from writerid.contours.hinge import features, scales
from writerid.dataset.archive import Archive
from writerid.dataset.lines import read_lines
from writerid.scores.decisions import vote

COMPONENTS = 200


def classifier(lines: int) -> Pipeline:
    """From features to writers, to be fitted on so many lines."""
    components = PCA(min(COMPONENTS, lines), svd_solver="randomized", iterated_power=3, random_state=0)
    return make_pipeline(components, StandardScaler(), LogisticRegression(C=0.1, max_iter=300))


def accuracies(fitted: Pipeline, vectors: np.ndarray, writers: np.ndarray, forms: np.ndarray) -> tuple[float, float]:
    """Accuracy by line and by form, of features (lines, features) and names (lines,)."""
    log_probs = fitted.predict_log_proba(vectors)
    _, first, form = np.unique(forms, return_index=True, return_inverse=True)
    by_form = fitted.classes_[vote(log_probs, form).argmax(axis=1)] == writers[first]
    by_line = fitted.classes_[log_probs.argmax(axis=1)] == writers
    return float(by_line.mean()), float(by_form.mean())


def main() -> None:
    """Print the accuracies of both sides."""
    params = load()
    lines = read_lines(Path("data/lines.csv"))
    split = read_csv(Path("data/split.csv"), {"line": str, "split": str})
    side_of = dict(zip(split["line"], split["split"], strict=True))
    sides = np.array([side_of.get(line, "") for line in lines["line"]])
    writers, forms = np.array(lines["writer"]), np.array(lines["form"])
    by = scales(np.column_stack([lines["width"], lines["height"]]))
    started = time.perf_counter()
    with Archive(Path(params.dataset)) as archive:
        rows = range(len(sides))
        read = ordered_map(
            lambda row: features(archive.decode(lines["path"][row]), by[row]), rows, "contours", " lines"
        )
        vectors = np.array(list(read))
    train = sides == "train"
    fitted = classifier(int(train.sum())).fit(vectors[train], writers[train])
    seconds = time.perf_counter() - started
    for side in ("validation", "test"):
        own = sides == side
        line, form = accuracies(fitted, vectors[own], writers[own], forms[own])
        print(f"{side:<10} {own.sum()} lines: {line:.4f} by line, {form:.4f} by form")
    print(f"{seconds:.0f} s")


if __name__ == "__main__":
    run(main)
