"""Which changes upset decisions: accuracy on lines of a side that are changed in one trait at a time.

    python -m benchmarks.traits [--side validation] [--lines 400]

The table that the stage `explain` makes of test lines, for the side on which recipes are chosen, and of more lines.
Needs the outputs of `dvc repro train`. So many lines of the side, evenly chosen, are changed (writerid.explain.traits).
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks import tables
from stages.runner import run
from writerid.base.backend import use
from writerid.base.params import load
from writerid.crops.choice import evenly
from writerid.crops.strips import Scans
from writerid.dataset.archive import Archive
from writerid.scores.decisions import Decisions, accuracy, log_softmax

BY = ("by_crop", "by_line")


def rows(side: str, lines: int) -> Iterator[dict[str, str]]:
    """Yield a row a trait: accuracy by crop and by line."""
    params = load()
    use(params.backend)
    from writerid.evaluation import inputs
    from writerid.explain.traits import changed, traits
    from writerid.network import devices
    from writerid.network.prediction import predict

    devices.prepare(params.seed)
    model, packed, _ = inputs.read(Path("models/model.keras"), Path("data/crops"), Path("data/lines.csv"), (side,))
    crops = packed.tables[side]
    known = np.unique(crops["line"])
    crops = crops[np.isin(crops["line"], known[evenly(len(known), lines)])]
    _, line = np.unique(crops["line"], return_inverse=True)
    with Archive(Path(params.dataset)) as archive:
        scans = Scans.of(archive, packed)
        for trait in traits(scans.tone):
            strips, places = changed(packed, crops, trait, params.seed, scans.strip)
            by_crop = Decisions(log_softmax(predict(model, strips, places)), places["label"], line)
            found = (accuracy(each.log_probs, each.labels) for each in (by_crop, by_crop.grouped(line)))
            yield {"lines": trait.change, **{name: f"{share:.4f}" for name, share in zip(BY, found, strict=True)}}


def main(side: str, lines: int, csv: Path | None) -> None:
    """Print the table."""
    tables.show(rows(side, lines), csv)


if __name__ == "__main__":
    parser = tables.parser(__doc__)
    parser.add_argument(
        "--side", choices=("validation", "test"), default="validation", help="of the lines (%(default)s)"
    )
    parser.add_argument("--lines", type=tables.positive, default=400, help="so many, evenly chosen (%(default)s)")
    run(main, parser, alone=False)
