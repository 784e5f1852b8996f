"""All pictures and tables of a study, each in its place."""

import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from writerid.base.files import write_csv, write_json
from writerid.base.randomness import Use, stream
from writerid.explain import confusions, study
from writerid.explain.attribution import METHODS
from writerid.explain.reports import LEVELS, History
from writerid.explain.study import Study
from writerid.pictures import charts, filters, writers
from writerid.pictures.canvas import marked, save_image, stacked, tinted
from writerid.scores.decisions import figures as scored

EVIDENCE_LINES = 2  # lines on which all methods are drawn one below the other
MAPS = 3  # of each layer
CHANGED_COLUMNS = 400  # of a line that is shown with each of its traits changed
ACCURACY = ("accuracy", "accuracy_low", "accuracy_high")
INSETS = 10  # lines shown at their place on the map of hands
KINDS = {  # heading, and what is said where there are fewer than asked for
    "surest_wrong": ("The surest wrong lines", "there are no others"),
    "least_sure": ("The least sure lines", "all others are in the pictures of the surest lines"),
    "surest_right": ("The surest right lines", "all others are in the picture of the least sure lines"),
}
LEGEND = "orange: speaks for the first name; blue: against it"


def make(
    own: Study,
    test: Mapping[str, Any],
    history: History,
    by_writer: Mapping[str, list[Any]],
    *,
    resamples: int,
    seed: int,
    pictures: Path,
    tables: Path,
    figures: Path,
) -> None:
    """Write the folder of pictures, the folder of tables and the file of figures.

    Parameters: the study; what test.json holds; what train logged; the columns of writers.csv;
    resamples behind the intervals, and their seed.
    """
    shutil.rmtree(pictures, ignore_errors=True)
    shutil.rmtree(tables, ignore_errors=True)
    shown: Counter[int] = Counter()  # how often each whole line, by number, is drawn: once, as long as others are left
    temperature = {level: float(test[level]["temperature"]) for level in LEVELS}
    steps: list[tuple[str, Callable[[], None]]] = [
        ("curves", partial(charts.curves, history.curves, history.best, pictures / "curves.png")),
        ("writers", partial(_writers, by_writer, test, pictures, tables)),
        ("reliability", partial(_reliability, own, temperature, pictures, tables)),
        ("examples", partial(_examples, own, temperature["line"], shown, pictures, tables)),
        ("confusion", partial(_confusion, own, shown, pictures, tables)),
        ("evidence", partial(_evidence, own, shown, pictures)),
        ("filters", partial(_filters, own, shown, pictures)),
        ("hands", partial(_hands, own, pictures, tables)),
        ("traits", partial(_traits, own, shown, resamples, seed, pictures, tables)),
        ("deletion and insertion", partial(_fidelity, own, resamples, seed, pictures, tables, figures)),
    ]
    with tqdm(steps, desc="explain", unit=" subjects", disable=None) as bar:
        for name, step in bar:
            bar.set_postfix_str(name)
            step()


def _writers(by_writer: Mapping[str, list[Any]], test: Mapping[str, Any], pictures: Path, tables: Path) -> None:
    charts.by_writer(by_writer["writer"], by_writer["lines"], by_writer["line_accuracy"], pictures / "writers.png")
    charts.lines_read(test["lines_read"], pictures / "lines_read.png")
    write_csv(tables / "lines_read.csv", ("lines", "accuracy"), test["lines_read"].items())


def _reliability(own: Study, temperature: Mapping[str, float], pictures: Path, tables: Path) -> None:
    levels = own.reliability(temperature)
    charts.reliability(levels, pictures / "reliability.png")
    write_csv(
        tables / "reliability.csv",
        study.RELIABILITY,
        (
            (level, state, *(f"{share:.4f}" for share in own_bin[:-1]), own_bin.items)
            for level, states in levels.items()
            for state, bins in states.items()
            for own_bin in bins
        ),
    )


def _confusion(own: Study, shown: Counter[int], pictures: Path, tables: Path) -> None:
    recall = own.counts / np.maximum(own.counts.sum(axis=1, keepdims=True), 1)
    order = confusions.order(recall)
    writers.confusion(recall[np.ix_(order, order)], [own.writers[i] for i in order], pictures / "confusion.png")
    write_csv(tables / "confusion.csv", study.CONFUSION, confusions.entries(own.counts, own.writers))
    pairs, rows = [], []
    for number, (actual, predicted, share) in enumerate(own.confused(), start=1):
        names, lines = [], []
        for role, writer in (("actual", actual), ("predicted", predicted)):
            line = own.likest(writer, predicted, shown)
            blank = np.full((own.taps.height, own.taps.width), 255, np.uint8)
            lines.append(blank if line is None else own.writing(line))
            shown.update([] if line is None else [line])
            names.append(f"pair_{number}_{role}.png")
            save_image(lines[-1], pictures / "lines" / names[-1])
        pairs.append(writers.Pair(own.writers[actual], own.writers[predicted], share, *lines))
        rows.append((*names, own.writers[actual], own.writers[predicted], f"{share:.4f}"))
    writers.pairs(pairs, pictures / "confused_writers.png")
    write_csv(tables / "pairs.csv", study.PAIRS, rows)


def _hands(own: Study, pictures: Path, tables: Path) -> None:
    line = own.decisions["line"]
    spread = _apart(own.places, INSETS)
    writers.hands(own.places, line.labels, own.writers, [(i, own.writing(i)) for i in spread], pictures / "hands.png")
    predicted = line.log_probs.argmax(axis=1)
    write_csv(
        tables / "hands.csv",
        study.HANDS,
        (
            (own.name(i), own.writers[line.labels[i]], own.writers[predicted[i]], f"{x:.3f}", f"{y:.3f}")
            for i, (x, y) in enumerate(own.places)
        ),
    )


def _apart(places: np.ndarray, count: int) -> list[int]:
    """Numbers of points that lie far from one another, the first one far from the middle."""
    chosen = [int(np.argmax(((places - places.mean(axis=0)) ** 2).sum(axis=1)))]
    while len(chosen) < min(count, len(places)):
        nearest = ((places[:, None] - places[chosen][None]) ** 2).sum(axis=2).min(axis=1)
        chosen.append(int(np.argmax(nearest)))
    return chosen


def _filters(own: Study, shown: Counter[int], pictures: Path) -> None:
    filters.filters(own.taps.kernel, pictures / "filters.png")
    filters.driven(own.driven(), pictures / "filter_inputs.png")
    line = _sure_lines(own, shown, 1)[0]
    writing, layers = own.maps(line, MAPS)
    heading = (
        f"Line {own.name(line)} on its way through the network. Dark is where a filter answers strongly; "
        f"of each layer, the {MAPS} filters\nwhose answers vary most. The line is seen crop by crop; a seam may show "
        "where two crops meet."
    )
    filters.maps(writing, layers, heading, pictures / "feature_maps.png")


def _evidence(own: Study, shown: Counter[int], pictures: Path) -> None:
    images, titles = [], []
    for line in _sure_lines(own, shown, EVIDENCE_LINES):
        writer = int(own.decisions["line"].log_probs[line].argmax())
        for method in METHODS:
            draw = tinted if method == "grad_cam" else marked
            images.append(draw(own.writing(line), own.evidence(line, writer, method)))
            titles.append(f"{charts.NAMES[method]}: why line {own.name(line)} is given to writer {own.writers[writer]}")
    heading = "What the network looks at, by three methods"
    note = "orange: speaks for the writer; blue: against (Grad-CAM: only for, and coarse)"
    stacked(images, titles, heading, pictures / "evidence.png", note)


def _traits(own: Study, shown: Counter[int], resamples: int, seed: int, pictures: Path, tables: Path) -> None:
    rng = stream(seed, Use.TRAITS)
    line = own.writing(_sure_lines(own, shown, 1)[0])
    images, titles, rows = [], [], []
    for trait in tqdm(own.changes, desc="traits", unit=" changes", leave=False, disable=None):
        levels = own.changed(trait)
        found = [scored(level, resamples, stream(seed, Use.INTERVALS)) for level in levels]
        rows.append((trait.trait, trait.change, *(f"{each[name]:.4f}" for each in found for name in ACCURACY)))
        images.append(trait.apply(line, rng)[:, :CHANGED_COLUMNS])
        titles.append(f"{trait.change}: {found[0]['accuracy']:.1%} of the test crops are right")
    heading = "One trait changed at a time, and how many decisions that leaves right"
    stacked(images, titles, heading, pictures / "traits.png", across=2)
    write_csv(tables / "traits.csv", study.TRAITS, rows)


def _sure_lines(own: Study, shown: Counter[int], count: int) -> list[int]:
    """Choose lines by number: shown least often so far, long enough to show, decided right, of different writers, sure.

    What comes first decides where not all can be had. The lines count as shown.
    """
    line = own.decisions["line"]
    right = line.log_probs.argmax(axis=1) == line.labels
    long = np.bincount(own.line_of) >= study.MAP_CROPS
    times = np.array([shown[number] for number in range(len(right))])
    sure = 4 * long + 2 * right + np.exp(line.log_probs.max(axis=1)) - 8 * times
    chosen: list[int] = []
    while len(chosen) < min(count, len(sure)):
        chosen.append(int(sure.argmax()))
        sure[line.labels == line.labels[chosen[-1]]] -= 1
        sure[chosen[-1]] = -np.inf
    shown.update(chosen)
    return chosen


def _examples(own: Study, temperature: float, shown: Counter[int], pictures: Path, tables: Path) -> None:
    rows = []
    images: dict[str, list[np.ndarray]] = {kind: [] for kind in KINDS}
    titles: dict[str, list[str]] = {kind: [] for kind in KINDS}
    for example in own.examples(temperature):
        shown[example.number] += 1
        actual = own.writers[own.decisions["line"].labels[example.number]]
        image = marked(own.writing(example.number), own.evidence(example.number, example.classes[0]))
        top = [(own.writers[w], c) for w, c in zip(example.classes, example.confidences, strict=True)]
        images[example.kind].append(image)
        titles[example.kind].append(
            f"{own.name(example.number)}, by writer {actual}. Named: " + ", ".join(f"{w} ({c:.1%})" for w, c in top)
        )
        name = f"{example.kind}_{len(images[example.kind])}.png"
        save_image(image, pictures / "lines" / name)
        cells = [cell for w, c in top for cell in (w, f"{c:.4f}")]
        rows.append((example.kind, name, own.name(example.number), actual, *cells, *[""] * (6 - len(cells))))
    for kind, (heading, fewer) in KINDS.items():
        note = LEGEND if len(images[kind]) >= own.limits.lines else f"{LEGEND}\n{fewer}"
        stacked(images[kind], titles[kind], heading, pictures / f"{kind}.png", note)
    write_csv(tables / "examples.csv", study.EXAMPLES, rows)


def _fidelity(own: Study, resamples: int, seed: int, pictures: Path, tables: Path, figures: Path) -> None:
    found, missed = own.fidelity
    rows = found.rows()
    charts.fidelity(rows, pictures / "fidelity.png")
    write_csv(tables / "fidelity.csv", study.FIDELITY, rows)
    measured = found.figures(resamples, stream(seed, Use.FIDELITY, 1))
    write_json(
        figures,
        {"crops": len(found.deletion["random"]), "integrated_gradients_missed": missed, **measured},
    )
