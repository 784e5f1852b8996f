"""Which changes upset decisions: accuracy on lines of a side that are changed in one trait at a time.

    python -m benchmarks.traits [--side validation] [--lines 400]

The table that the stage `explain` makes of test lines, for the side on which recipes are chosen, and of more lines.
Needs the outputs of `dvc repro train`. So many lines of the side, evenly chosen, are changed (writerid.explain.traits).
"""

import argparse
from pathlib import Path

import numpy as np

from stages.runner import run
from writerid.base.backend import use
from writerid.base.params import load
from writerid.crops.choice import evenly
from writerid.crops.strips import Scans
from writerid.dataset.archive import Archive
from writerid.scores.decisions import Decisions, accuracy, log_softmax


def main(side: str, lines: int) -> None:
    """Print a row a trait."""
    params = load()
    use(params.backend)
    from writerid.evaluation import inputs
    from writerid.explain.traits import changed, traits
    from writerid.network import devices
    from writerid.network.prediction import predict

    devices.prepare(params.seed)
    model, packed, _ = inputs.read(Path("models/model.keras"), Path("data/crops"), Path("data/lines.csv"), (side,))
    crops, own = packed.tables[side], packed.origin
    rows = np.unique(crops["line"])
    crops = crops[np.isin(crops["line"], rows[evenly(len(rows), lines)])]
    _, line = np.unique(crops["line"], return_inverse=True)
    print(f"{line.max() + 1} lines of the {side} side\n{'':<45} {'by crop':>8} {'by line':>8}", flush=True)
    with Archive(Path(params.dataset)) as archive:
        scans = Scans(archive, packed.lines, own["height"], own["width"], own["fit"], own["tone"])
        for trait in traits(own["tone"]):
            strips, places = changed(packed, crops, trait, params.seed, scans.strip)
            by_crop = Decisions(log_softmax(predict(model, strips, places)), places["label"], line)
            found = (accuracy(each.log_probs, each.labels) for each in (by_crop, by_crop.grouped(line)))
            print(f"{trait.change:<45} " + " ".join(f"{share:>8.4f}" for share in found), flush=True)


def options() -> argparse.ArgumentParser:
    """The options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.traits", description=main.__doc__)
    parser.add_argument("--side", choices=("validation", "test"), default="validation")
    parser.add_argument("--lines", type=int, default=400)
    return parser


if __name__ == "__main__":
    run(main, options(), alone=False)
