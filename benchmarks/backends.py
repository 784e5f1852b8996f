"""The same train and evaluate stages on Keras's backends: figures within their spread, and the time each takes.

    python -m benchmarks.backends [ARCHIVE] [--backends tensorflow jax torch] [--seeds 3]

ARCHIVE is data/synthetic.zip unless given; the recipe and the budget are params.yaml's. Lines are split and cut into
crops once for each seed. Each backend is a process of its own. A backend that is not installed is left out, so that an
environment without TensorFlow shows the others.
"""

import argparse
import json
import tempfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np

from benchmarks import scratch
from tests.conftest import edit_params

LEVELS = ("crop", "line", "form")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", nargs="?", type=Path, default=scratch.ROOT / "data/synthetic.zip")
    parser.add_argument("--backends", nargs="+", default=["tensorflow", "jax", "torch"])
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    installed = [backend for backend in options.backends if find_spec(backend)]
    print(
        f"{'':>10} {'seed':>5} "
        + " ".join(f"{f'by {level}':>8}" for level in LEVELS)
        + f" {'train, s':>9} {'crops/s':>8}"
    )
    found: dict[str, list[list[float]]] = {backend: [] for backend in installed}
    for seed in range(options.seeds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            scratch.prepare(folder, options.archive, {"seed": seed})
            scratch.measure(["map_writers", "split", "crop"], folder)
            for backend in installed:
                edit_params(folder / "params.yaml", {"backend": backend})
                scratch.measure(["train", "evaluate"], folder)
                test, runtime = (
                    json.loads((folder / f"metrics/{part}.json").read_text()) for part in ("test", "runtime")
                )
                assert runtime["backend"] == backend
                row = [test[level]["accuracy"] for level in LEVELS]
                found[backend].append(row)
                figures = " ".join(f"{value:>8.4f}" for value in row)
                rate = runtime["training_crops_per_second"]
                print(f"{backend:>10} {seed:>5} {figures} {runtime['seconds']:>9,.0f} {rate:>8,.0f}", flush=True)
    for backend, rows in found.items():
        print(f"{backend:>10} {'mean':>5} " + " ".join(f"{value:>8.4f}" for value in np.mean(rows, axis=0)))


if __name__ == "__main__":
    main()
