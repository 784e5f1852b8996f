"""What each part of the recipe gives, on the validation side: the table of parameters in docs/ablation.md.

    python -m benchmarks.ablation ARCHIVE [--only NAME ...] [--recommended]

Each row is params.yaml's recipe with one thing changed, fitted by the project's own stages under BUDGET, a third of the
recommended one, or under that. Figures are the best epoch's; no test line is looked at. Seconds are those of the train
stage.
"""

import argparse
import json
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from benchmarks import scratch
from benchmarks.accuracy import RECOMMENDED

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


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--only", nargs="+", choices=[*ROWS, *LONG], metavar="NAME")
    parser.add_argument("--recommended", action="store_true")
    options = parser.parse_args()
    budget, rows = (RECOMMENDED, {**ROWS, **LONG}) if options.recommended else (BUDGET, ROWS)
    if unknown := set(options.only or ()) - rows.keys():
        parser.error(f"{', '.join(sorted(unknown))}: only with --recommended")
    print(f"| {'changed':<33} | by crop | by line | loss by crop | seconds |\n|{'-' * 35}|---|---|---|---|")
    for name in options.only or rows:
        with tempfile.TemporaryDirectory() as folder_name:
            folder = Path(folder_name)
            scratch.prepare(folder, options.archive, {**budget, **rows[name]})
            scratch.measure(["map_writers", "split", "crop"], folder)
            scratch.measure(["train"], folder)
            best = json.loads((folder / "metrics/train/metrics.json").read_text())["best"]["validation"]
            seconds = json.loads((folder / "metrics/runtime.json").read_text())["seconds"]
        found = f"{best['accuracy']:.4f} | {best['line_accuracy']:.4f} | {best['loss']:.4f} | {seconds:.0f}"
        print(f"| {name:<33} | {found} |", flush=True)


if __name__ == "__main__":
    main()
