"""Contours instead of a network, and beside it: who wrote the lines and forms of the sides in data/.

    python -m benchmarks.contours [--model models/model.keras] [--strokes] [--csv FILE]

Needs the outputs of `dvc repro crop`, and for --model those of `dvc repro train`. Lines are told by their contours (see
writerid.contours.hinge), main components and logistic regression, which are fitted on the training side; by the
network; and by both, which vote alike by their log-probabilities. --strokes: by contours also the test lines with
strokes wider and thinner by 1/128 of the height, as benchmarks.peers changes them for networks. Printed are, of the
validation and the test side, accuracies with 95 % intervals over forms, and the seconds that contours took.
"""

import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.decomposition import PCA
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from benchmarks import tables
from stages.runner import run
from writerid.base.backend import use
from writerid.base.parallel import ordered_map
from writerid.base.params import load
from writerid.contours.hinge import features, scales
from writerid.crops import windows
from writerid.crops.windows import Packed
from writerid.dataset.archive import Archive
from writerid.explain import shapes
from writerid.explain.traits import LITTLE
from writerid.scores.decisions import Decisions, ranks, vote
from writerid.scores.intervals import share

COMPONENTS = 200
JUDGED = ("validation", "test")


def classifier(lines: int) -> Pipeline:
    """From features to writers, to be fitted on so many lines."""
    components = PCA(min(COMPONENTS, lines), svd_solver="randomized", iterated_power=3, random_state=0)
    return make_pipeline(components, StandardScaler(), LogisticRegression(C=0.1, max_iter=300))


def together(one: Decisions, other: Decisions) -> Decisions:
    """Let both vote on the same items by their mean log-probability."""
    items = np.tile(np.arange(len(one.labels)), 2)
    return Decisions(vote(np.concatenate([one.log_probs, other.log_probs]), items), one.labels, one.forms)


def row(side: str, what: str, lines: Decisions) -> tables.Row:
    """Return a row of the table: accuracy by line and by form."""
    cells: tables.Row = {"side": side, "what": what}
    for level, own in (("line", lines), ("form", lines.grouped(lines.forms))):
        right = ranks(own.log_probs, own.labels) < 1
        found = share(np.bincount(own.forms, right), np.bincount(own.forms))
        cells |= {f"{level}s": len(right), **tables.bounded(f"by_{level}", found)}
    return cells


def by_contours(packed: Packed, dataset: Path, strokes: bool = False) -> Iterator[tuple[str, Decisions]]:
    """Yield the decisions on the lines of each side that is judged, and on the test side's with other strokes."""
    by = scales(np.column_stack([packed.lines["width"], packed.lines["height"]]))
    rows = {side: np.unique(packed.tables[side]["line"]).tolist() for side in ("train", *JUDGED)}
    with Archive(dataset) as archive:

        def read(place: int, share: float = 0) -> np.ndarray:
            line = archive.decode(packed.lines["path"][place])
            return features(shapes.strokes(line, share) if share else line, by[place])

        vectors = {side: np.array(list(ordered_map(read, own, side, " lines"))) for side, own in rows.items()}
        for words, share in (("wider", LITTLE), ("thinner", -LITTLE)) if strokes else ():
            side = f"test, strokes {words}"
            rows[side] = rows["test"]
            vectors[side] = np.array(list(ordered_map(partial(read, share=share), rows[side], side, " lines")))
    writers, forms = (np.array(packed.lines[name]) for name in ("writer", "form"))
    fitted = classifier(len(rows["train"])).fit(vectors["train"], writers[rows["train"]])
    for side in (side for side in rows if side != "train"):
        log_probs = np.full((len(rows[side]), len(packed.writers)), -np.inf)
        log_probs[:, windows.labels(fitted.classes_.tolist(), packed.writers)] = fitted.predict_log_proba(vectors[side])
        labels = np.array(windows.labels(writers[rows[side]].tolist(), packed.writers))
        yield side, Decisions(log_probs, labels, np.unique(forms[rows[side]], return_inverse=True)[1])


def by_network(packed: Packed, model: Path) -> dict[str, Decisions]:
    """Return the network's decisions on the lines of each side that is judged."""
    from writerid.evaluation import inputs, reported

    network, _, _ = inputs.read(model, Path("data/crops"), Path("data/lines.csv"), JUDGED)
    return {side: reported.decide(network, packed, side).line for side in JUDGED}


def main(model: Path | None, strokes: bool, csv: Path | None) -> None:
    """Print the accuracies of both sides."""
    params = load()
    use(params.backend)
    packed = windows.read(Path("data/crops"), ("train", *JUDGED), Path("data/lines.csv"))
    started = time.perf_counter()
    contours = dict(by_contours(packed, Path(params.dataset), strokes))
    seconds = time.perf_counter() - started
    network = by_network(packed, model) if model else {}
    rows = []
    for side, own in contours.items():
        rows.append(row(side, "contours", own))
        if side in network:
            rows += [row(side, "network", network[side]), row(side, "both", together(own, network[side]))]
    tables.show(rows, csv)
    print(f"{seconds:.0f} s for contours")


if __name__ == "__main__":
    parser = tables.parser(__doc__)
    parser.add_argument("--model", type=Path, help="also the network, such as models/model.keras, and both together")
    parser.add_argument("--strokes", action="store_true", help="also test lines with other widths of strokes")
    run(main, parser, alone=False)
