"""All pictures and tables of a study, each in its place."""

import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from writerid.base.files import write_csv, write_json
from writerid.explain import confusions, sureness
from writerid.explain.attribution import METHODS
from writerid.explain.orders import ORDERS
from writerid.explain.results import PAIR, Results
from writerid.explain.study import MAP_CROPS, Study
from writerid.explain.traits import costs as trait_costs
from writerid.pictures import filters
from writerid.pictures.canvas import marked, save_image, sheet, tinted
from writerid.scores.decisions import figures as scored

EVIDENCE_LINES = 2  # lines on which all methods are drawn one below the other
MAPS = 3  # of each layer
CHANGED_COLUMNS = 400  # of a line that is shown with each of its traits changed
LINE_COLUMNS = 800  # lines that are shorter are not drawn larger
ACCURACY = ("accuracy", "accuracy_low", "accuracy_high")
INSETS = 10  # lines shown at their place on the map of hands
INSET = 2.5  # columns, as a multiple of its height, that are shown of such a line
KINDS = {  # heading, and what is said where there are fewer than asked for
    "surest_wrong": ("The surest wrong lines", "there are no others"),
    "least_sure": ("The least sure lines", "all others are in the pictures of the surest lines"),
    "surest_right": ("The surest right lines", "all others are in the picture of the least sure lines"),
}
KINDS_OF_PAIRS = {
    "surest_same": "by one writer, and sure",
    "surest_different": "by two writers, and sure",
    "worst_same": "by one writer, and taken for two",
    "worst_different": "by two writers, and taken for one",
}
LEGEND = "orange: speaks for the first name; blue: against it; the fullest colour is the strongest of its own line"


class Album:
    """The folders that pictures and tables go to; no line is drawn twice as long as others are left."""

    def __init__(self, study: Study, results: Results, pictures: Path, tables: Path) -> None:
        """Take what is drawn, and the folders, of which neither may hold anything."""
        self.study, self.results, self.pictures, self.tables = study, results, pictures, tables
        self.counts: dict[str, int] = {}  # rows by table
        self.shown: Counter[int] = Counter()  # how often each whole line, by number, is drawn

    def write(self, name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        """Write a table; the number of its rows tells later whether it is whole."""
        whole = list(rows)
        self.counts[name] = len(whole)
        write_csv(self.tables / f"{name}.csv", columns, whole)

    def reliability(self) -> None:
        """Write how right decisions are by the lines that are read, and by how sure the network is."""
        self.write("lines_read", ("lines", "accuracy"), self.results.lines_read.items())
        self.write(
            "reliability",
            ("level", "state", *sureness.Bin._fields),
            (
                (level, state, *(f"{share:.4f}" for share in each[:-1]), each.items)
                for level, states in self.study.reliability(self.results.temperatures).items()
                for state, bins in states.items()
                for each in bins
            ),
        )

    def examples(self) -> None:
        """Draw the surest wrong, the least sure and the surest right lines with their evidence."""
        study, line = self.study, self.study.decisions["line"]
        chosen = study.examples(self.results.temperatures["line"])
        evidence = study.evidence([each.number for each in chosen], [each.classes[0] for each in chosen])
        cells: dict[str, list[tuple[str, np.ndarray]]] = {kind: [] for kind in KINDS}
        rows = []
        for example, strength in zip(chosen, evidence, strict=True):
            name, actual = study.name(example.number), study.writers[line.labels[example.number]]
            image = marked(study.writing(example.number), strength)
            named = [(study.writers[w], c) for w, c in zip(example.classes, example.confidences, strict=True)]
            title = f"{name}, by writer {actual}. Named: " + ", ".join(f"{w} ({c:.1%})" for w, c in named)
            cells[example.kind].append((title, image))
            picture = f"{example.kind}_{len(cells[example.kind])}.png"
            save_image(image, self.pictures / "lines" / picture)
            of_named = [cell for writer, share in named for cell in (writer, f"{share:.4f}")]
            rows.append((example.kind, picture, name, actual, *of_named, *[""] * (6 - len(of_named))))
            self.shown[example.number] += 1
        for kind, (heading, fewer) in KINDS.items():
            note = LEGEND if len(cells[kind]) >= study.limits.lines else f"{LEGEND}\n{fewer}"
            sheet(cells[kind], f"{heading}\n{note}", self.pictures / f"{kind}.png", columns=LINE_COLUMNS)
        named_columns = [f"{column}{place}" for place in (1, 2, 3) for column in ("writer", "share")]
        self.write("examples", ("kind", "picture", "line", "actual", *named_columns), rows)

    def confusion(self) -> None:
        """Write and draw who is taken for whom, and lines of the writers that are confused most."""
        study = self.study
        columns = ("actual", "predicted", "crops", "share", "place_actual", "place_predicted")
        self.write("confusion", columns, confusions.entries(study.counts, study.writers))
        cells, rows = [], []
        for number, (actual, predicted, share) in enumerate(study.confused(), start=1):
            files = [f"pair_{number}_{role}.png" for role in ("actual", "predicted")]
            one, other = study.writers[actual], study.writers[predicted]
            titles = (f"writer {one}: {share:.0%} of the test crops are taken for {other}", f"writer {other}")
            for file, title, writer in zip(files, titles, (actual, predicted), strict=True):
                likest = study.likest(writer, predicted, self.shown)
                blank = np.full((study.taps.height, study.taps.width), 255, np.uint8)
                writing = blank if likest is None else study.writing(likest)
                self.shown.update([] if likest is None else [likest])
                save_image(writing, self.pictures / "lines" / file)
                cells.append((title, writing[:, :LINE_COLUMNS]))
            rows.append((*files, one, other, f"{share:.4f}"))
        heading = "Most confused pairs of writers: a test line of each"
        sheet(cells, heading, self.pictures / "confused_writers.png", across=2, columns=LINE_COLUMNS)
        self.write("pairs", ("picture_actual", "picture_predicted", "actual", "predicted", "share"), rows)

    def compared(self) -> None:
        """Write and draw pairs of lines by unseen writers, and how strongly they speak for one writer or for two."""
        cells, rows = [], []
        for number, pair in enumerate(self.results.pairs, start=1):
            files = [f"compared_{number}_{place}.png" for place in ("one", "other")]
            titles = (f"{KINDS_OF_PAIRS[pair['kind']]}: log10 of the ratio {float(pair['ratio']):.1f}", "")
            for file, title, place in zip(files, titles, ("one", "other"), strict=True):
                writing = self.study.named(pair[f"line_{place}"])
                save_image(writing, self.pictures / "lines" / file)
                name = f"line {pair[f'line_{place}']} by writer {pair[f'writer_{place}']}"
                cells.append((f"{title or 'and'}, {name}", writing[:, :LINE_COLUMNS]))
            rows.append((*files, *pair.values()))
        heading = "Lines by writers whom the network has never met, two and two"
        sheet(cells, heading, self.pictures / "compared.png", across=2, columns=LINE_COLUMNS)
        self.write("compared", ("picture_one", "picture_other", *PAIR), rows)

    def evidence(self) -> None:
        """Draw what some lines are given to their writer by, by all methods."""
        study, cells = self.study, []
        lines = sure_lines(study, self.shown, EVIDENCE_LINES)
        writers = [int(study.decisions["line"].log_probs[line].argmax()) for line in lines]
        strengths = {method: study.evidence(lines, writers, method) for method in METHODS}
        for number, (line, writer) in enumerate(zip(lines, writers, strict=True)):
            for method, strength in strengths.items():
                draw = tinted if method == "grad_cam" else marked
                cells.append(
                    (
                        f"{ORDERS[method]}: why line {study.name(line)} is given to writer {study.writers[writer]}",
                        draw(study.writing(line), strength[number]),
                    )
                )
        heading = (
            "What the network looks at, by three methods\norange: speaks for the writer; blue: against (Grad-CAM: only "
            "for, and coarse); the fullest colour is the strongest of its own line"
        )
        sheet(cells, heading, self.pictures / "evidence.png", columns=LINE_COLUMNS)

    def filters(self) -> None:
        """Draw the network from inside."""
        study = self.study
        filters.filters(study.taps.kernel, self.pictures / "filters.png")
        filters.driven(study.driven(), self.pictures / "filter_inputs.png")
        line = sure_lines(study, self.shown, 1)[0]
        writing, layers = study.maps(line, MAPS)
        heading = (
            f"Line {study.name(line)} on its way through the network. Dark is where a filter answers strongly; of each "
            f"layer, the {MAPS} filters\nwhose answers vary most. The line is seen crop by crop; a seam may show where "
            "two crops meet."
        )
        filters.maps(writing, layers, heading, self.pictures / "feature_maps.png")

    def hands(self) -> None:
        """Write the map of hands, and draw how some lines begin that lie far from one another."""
        study = self.study
        line, places = study.decisions["line"], study.places
        mapped = study.mapped.tolist()
        pictures = dict.fromkeys(mapped, "")
        for count, place in enumerate(_apart(places, INSETS), start=1):
            number = mapped[place]
            pictures[number] = f"hand_{count}.png"
            beginning = study.writing(number)[:, : int(INSET * study.taps.height)]
            save_image(beginning, self.pictures / "lines" / pictures[number])
        actual, predicted = ([study.writers[i] for i in each] for each in (line.labels, line.log_probs.argmax(axis=1)))
        self.write(
            "hands",
            ("line", "writer", "predicted", "x", "y", "picture"),
            (
                (study.name(i), actual[i], predicted[i], f"{x:.3f}", f"{y:.3f}", pictures[i])
                for i, (x, y) in zip(mapped, places.tolist(), strict=True)
            ),
        )

    def traits(self) -> None:
        """Measure and draw what a change of one trait costs, against lines drawn anew, form by form."""
        study = self.study
        line = sure_lines(study, self.shown, 1)[0]
        cells, rows = [], []
        changed = {trait.change: study.changed(trait) for trait in study.changes}
        costs = trait_costs({change: crops for change, (crops, _) in changed.items()})
        for trait in study.changes:
            scores = [scored(level) for level in changed[trait.change]]
            numbers = [each[name] for each in scores for name in ACCURACY] + list(costs[trait.change])
            rows.append((trait.trait, trait.change, *(f"{number:.4f}" for number in numbers)))
            title = f"{trait.change}: {scores[0]['accuracy']:.1%} of the test crops are right"
            cells.append((title, study.with_trait(line, trait)[:, :CHANGED_COLUMNS]))
        heading = "One trait changed at a time, and how many decisions that leaves right"
        sheet(cells, heading, self.pictures / "traits.png", across=2, columns=CHANGED_COLUMNS)
        columns = [f"{level}accuracy{bound}" for level in ("", "line_") for bound in ("", "_low", "_high")]
        self.write(
            "traits", ("trait", "change", *columns, "difference", "difference_low", "difference_high", "p"), rows
        )

    def fidelity(self) -> dict[str, Any]:
        """Measure and draw whether evidence tells the truth; return what is said of it in numbers."""
        fidelity, forms, missed = self.study.fidelity(self.results.temperatures["crop"])
        self.write("fidelity", ("test", "order", "share", "probability"), fidelity.rows())
        scores = fidelity.figures(forms)
        crops = len(fidelity.deletion["random"])
        return {"crops": crops, "blank_crops": self.study.blank, "integrated_gradients_missed": missed, **scores}


def make(study: Study, results: Results, *, pictures: Path, tables: Path, summary: Path) -> None:
    """Write the folder of pictures, the folder of tables and the file of numbers, and say on the way what is done.

    Parameters: what is drawn, and what evaluate measured.
    """
    shutil.rmtree(pictures, ignore_errors=True)
    shutil.rmtree(tables, ignore_errors=True)
    album = Album(study, results, pictures, tables)
    steps = {
        "reliability": album.reliability,
        "examples": album.examples,
        "confusion": album.confusion,
        "compared": album.compared,
        "evidence": album.evidence,
        "filters": album.filters,
        "hands": album.hands,
        "changed traits": album.traits,
        "deletion and insertion": lambda: write_json(summary, album.fidelity()),
    }
    for number, (name, step) in enumerate(steps.items(), start=1):
        print(f"explain, {number} of {len(steps)}: {name}", flush=True)
        step()
    write_json(tables / "rows.json", album.counts)


def sure_lines(study: Study, shown: Counter[int], count: int) -> list[int]:
    """Choose lines by number: shown least often so far, long enough to show, decided right, of different writers, sure.

    What comes first decides where not all can be had. The lines count as shown.
    """
    line = study.decisions["line"]
    right = line.log_probs.argmax(axis=1) == line.labels
    long = np.bincount(study.line_of) >= MAP_CROPS
    times = np.array([shown[number] for number in range(len(right))])
    sure = 4 * long + 2 * right + np.exp(line.log_probs.max(axis=1)) - 8 * times
    chosen: list[int] = []
    while len(chosen) < min(count, len(sure)):
        chosen.append(int(sure.argmax()))
        sure[line.labels == line.labels[chosen[-1]]] -= 1
        sure[chosen[-1]] = -np.inf
    shown.update(chosen)
    return chosen


def _apart(places: np.ndarray, count: int) -> list[int]:
    """Numbers of points that lie far from one another, the first one far from the middle."""
    chosen = [int(np.argmax(((places - places.mean(axis=0)) ** 2).sum(axis=1)))]
    while len(chosen) < min(count, len(places)):
        nearest = ((places[:, None] - places[chosen][None]) ** 2).sum(axis=2).min(axis=1)
        chosen.append(int(np.argmax(nearest)))
    return chosen
