"""What it costs to compute the same bits each time: training steps with and without `devices.prepare`.

    python -m benchmarks.determinism [--runs 5] [--steps 150]

Trains params.yaml's network on random pixels, in turns with the settings that make a run repeatable and with the
backend's own. Each measurement is a process of its own, since threads are set once in a process.
"""

import argparse
import subprocess
import sys

import numpy as np

from benchmarks import tables, throughput
from benchmarks.data import WRITERS, random_data
from writerid.base.params import load
from writerid.network import devices, models, training

SETTINGS = ("repeatable", "backend's own")


def crops_per_second(setting: str, steps: int) -> float:
    """Training crops per second, gathering included, under one of SETTINGS."""
    params = load()
    if setting == "repeatable":
        devices.prepare(params.seed)
    data = random_data(params.crop.height, params.crop.width)
    how, crop = params.recipe, params.crop
    shape = models.Network(**dict(params.network), height=crop.height, width=crop.width, classes=WRITERS)
    return throughput.crops_per_second(
        training.compiled(shape, how), training.batches(data, how, shape, 0), how.batch_size, steps
    )


def main() -> None:
    """Print the table."""
    parser = tables.parser(__doc__)
    parser.add_argument("--runs", type=tables.positive, default=5, help="of each setting (%(default)s)")
    parser.add_argument("--steps", type=tables.positive, default=150, help="of training, in a run (%(default)s)")
    parser.add_argument("--measure", choices=SETTINGS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.measure:
        print(crops_per_second(options.measure, options.steps))
        return
    measured: dict[str, list[float]] = {setting: [] for setting in SETTINGS}
    for _ in range(options.runs):
        for setting, values in measured.items():
            command = [sys.executable, "-m", "benchmarks.determinism", "--steps", str(options.steps)]
            done = subprocess.run([*command, "--measure", setting], check=True, capture_output=True, text=True)
            values.append(float(done.stdout.split()[-1]))
    rows = []
    for setting, values in measured.items():
        rates = {"crops_per_second": np.median(values), "least": min(values), "most": max(values)}
        rows.append({"setting": setting, **{name: round(rate) for name, rate in rates.items()}, "runs": len(values)})
    tables.show(rows, options.csv)
    ratios = np.divide(measured[SETTINGS[0]], measured[SETTINGS[1]])
    print(f"ratio of neighbouring runs: median {np.median(ratios):.3f} ({ratios.min():.3f} to {ratios.max():.3f})")


if __name__ == "__main__":
    main()
