"""How long until the published reference's accuracy: its own way of training against ours, on the same lines.

    python -m benchmarks.time_to_reference ARCHIVE [--seeds 3] [--budget 120] [--steps 5]

ARCHIVE holds 50 writers. Its lines are split at random, as in the reference (`split.group_by: line`), in raw tones.

The reference is timed as its authors ran it (see benchmarks/reference.py), and a few steps give the seconds of all its
8 x 1,000. Ours is a process for each seed, from its start, through packing the lines of the archive and the fit, to
the figures of the evaluate stage. Test crops are looked at once, when the --budget of training steps has been spent.
"""

import itertools
import json
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks import reference, scratch, tables
from writerid.network import devices, training

FAST = {
    "split.group_by": "line",
    "crop.width": 160,
    "crop.stride": 160,
    "crop.tone": "raw",
    "epochs": 1,
    "steps_per_epoch": 120,
    "warmup_steps": 15,
    "dropout": 0.0,
    "augment.share": 0.0,
    "split.unseen_writers": 0,
    "evaluate.resamples": 100,
}


def seconds_per_step(folder: Path, steps: int) -> tuple[float, float]:
    """Seconds a step of the reference's, and crops a step."""
    images, labels = reference.images(folder, ["train"])["train"]
    devices.prepare(0)
    model = training.compiled(reference.NETWORK, reference.RECIPE)
    batches = reference.batches(lambda number: reference.line(images[number]), labels)
    for _ in range(2):  # the graph is made for one size of batch, then for any
        model.train_on_batch(*next(batches))
    crops, started = 0, time.perf_counter()
    for pixels, labels in itertools.islice(batches, steps):
        model.train_on_batch(pixels, labels)
        crops += len(pixels)
    return (time.perf_counter() - started) / steps, crops / steps


def main() -> None:
    """Print the table."""
    parser = tables.parser(__doc__)
    parser.add_argument("archive", type=Path, metavar="ARCHIVE", help="an archive of lines by 50 writers")
    parser.add_argument("--seeds", type=tables.positive, default=3, help="fits of ours (%(default)s)")
    parser.add_argument(
        "--budget", type=tables.positive, default=FAST["steps_per_epoch"], help="training steps of ours (%(default)s)"
    )
    parser.add_argument("--steps", type=tables.positive, default=5, help="of the reference to time (%(default)s)")
    options = parser.parse_args()
    ours = []
    for seed in range(options.seeds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            scratch.prepare(folder, options.archive, {**FAST, "steps_per_epoch": options.budget, "seed": seed})
            scratch.measure(["map_writers", "split"], folder)
            seconds = scratch.measure(["crop", "train", "evaluate"], folder).seconds
            right = json.loads((folder / "metrics/test.json").read_text())["crop"]["accuracy"]
            ours.append((seconds, round(right, 4)))
            if seed == options.seeds - 1:
                step, crops = seconds_per_step(folder, options.steps)
    whole = step * reference.EPOCHS * reference.STEPS
    rows: dict[str, tuple[float, object]] = {
        f"reference ({step:.2f} s a step of {crops:,.0f} crops)": (whole, reference.ACCURACY)
    }
    rows |= {f"ours, seed {seed}": each for seed, each in enumerate(ours)}
    rows["reference by the mean of ours"] = whole / float(np.mean([seconds for seconds, _ in ours])), ""
    tables.show(
        ({"what": what, "seconds": round(seconds), "by_crop": right} for what, (seconds, right) in rows.items()),
        options.csv,
    )


if __name__ == "__main__":
    main()
