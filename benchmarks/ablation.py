"""What each part of the recipe gives, on the validation side: the table of parameters in docs/ablation.md.

    python -m benchmarks.ablation ARCHIVE [--only NAME ...] [--recommended]

Each row is params.yaml's recipe with one thing changed, fitted by the project's own stages under BUDGET, a third of the
recommended one, or under that, on fold 0 of seed 0. Figures are the best epoch's; no test line is looked at. The last
columns compare accuracy by line with that of the recipe as it is, on the same validation lines, form by form: the
difference, its 95 % interval, and its p value, corrected for all rows (Holm). Seconds are those of the train stage.
"""

import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import scratch, tables
from benchmarks.accuracy import FOLDS, RECOMMENDED
from writerid.crops import windows
from writerid.evaluation.reported import decide
from writerid.network import models
from writerid.scores.decisions import ranks
from writerid.scores.paired import holm, over_forms

BUDGET = {"epochs": 4, "steps_per_epoch": 250, "warmup_steps": 100}
ROWS: Mapping[str, Mapping[str, Any]] = {
    "as it is": {},
    "layers=3": {"layers": 3},
    "layers=5": {"layers": 5},
    "kernel_size=5": {"kernel_size": 5},
    "layers=3 kernel_size=5": {"layers": 3, "kernel_size": 5},
    "head=dense": {"head": "dense"},
    "batch_norm=false": {"batch_norm": False},
    "dropout=0": {"dropout": 0.0},
    "label_smoothing=0": {"label_smoothing": 0.0},
    "balance=0": {"balance": 0.0},
    "balance=1": {"balance": 1.0},
    "schedule=constant": {"schedule": "constant"},
    "learning_rate=0.002": {"learning_rate": 0.002},
    "optimizer=adamw": {"optimizer": "adamw"},
    "augment.share=0.5": {"augment.share": 0.5},
    "crop.tone=raw": {"crop.tone": "raw"},
    "crop.tone=binary": {"crop.tone": "binary"},
    "crop.fit=line": {"crop.fit": "line"},
}
LONG: Mapping[str, Mapping[str, Any]] = {  # of augmentation, which the recommended budget has and BUDGET has not
    "augment.share=0": {"augment.share": 0.0},
    "augment.share=1": {"augment.share": 1.0},
    "augment.stroke=0.5": {"augment.stroke": 0.5},
}


def right_lines(folder: Path) -> tuple[np.ndarray, np.ndarray]:
    """Return which validation lines are right under the model of a run's folder, int (lines,), and their forms."""
    model, _ = models.load(folder / "models/model.keras")
    packed = windows.read(folder / "data/crops", ("validation",), folder / "data/lines.csv")
    line = decide(model, packed, "validation").line
    return (ranks(line.log_probs, line.labels) < 1).astype(int), line.forms


def main() -> None:
    """Print the table."""
    parser = tables.parser(__doc__)
    parser.add_argument("archive", type=Path, metavar="ARCHIVE", help="an archive of lines")
    parser.add_argument("--only", nargs="+", choices=[*ROWS, *LONG], metavar="NAME", help="these rows only")
    parser.add_argument("--recommended", action="store_true", help="under the recommended budget")
    options = parser.parse_args()
    budget, rows = (RECOMMENDED, {**ROWS, **LONG}) if options.recommended else (BUDGET, ROWS)
    if unknown := set(options.only or ()) - rows.keys():
        parser.error(f"{', '.join(sorted(unknown))}: only with --recommended")
    first = next(iter(ROWS))
    found: dict[str, tables.Row] = {}
    right: dict[str, np.ndarray] = {}
    for name in dict.fromkeys([first, *(options.only or rows)]):
        with tempfile.TemporaryDirectory() as folder_name:
            folder = Path(folder_name)
            scratch.prepare(folder, options.archive, {**budget, **FOLDS, **rows[name]})
            scratch.measure(["map_writers", "split", "crop"], folder)
            scratch.measure(["train"], folder)
            best = json.loads((folder / "metrics/train/metrics.json").read_text())["best"]["validation"]
            seconds = json.loads((folder / "metrics/runtime.json").read_text())["seconds"]
            right[name], forms = right_lines(folder)
        names = {"by_crop": "accuracy", "by_line": "line_accuracy", "loss_by_crop": "loss"}
        cells = {column: f"{best[figure]:.4f}" for column, figure in names.items()}
        found[name] = {"changed": name, **cells, "seconds": round(seconds)}
        print(*found[name].values(), flush=True)
    differences = {name: over_forms(own - right[first], forms) for name, own in right.items() if name != first}
    corrected = dict(zip(differences, holm([one.p for one in differences.values()]), strict=True))
    for name, row in found.items():
        one = differences.get(name)
        more = (f"{one.value:+.4f} ({one.low:+.4f} to {one.high:+.4f})", f"{corrected[name]:.3f}") if one else ("", "")
        row |= zip(("by_line_difference", "p"), more, strict=True)
    tables.show(found.values(), options.csv)


if __name__ == "__main__":
    main()
