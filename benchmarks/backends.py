"""The same train and evaluate stages on Keras's backends: figures within their spread, and the time each takes.

    python -m benchmarks.backends [ARCHIVE] [--backends tensorflow jax torch] [--seeds 3]

ARCHIVE is data/synthetic.zip unless given; the recipe and the budget are params.yaml's. Lines are split and cut into
crops once for each seed. Each backend is a process of its own. A backend that is not installed is left out, so that an
environment without TensorFlow shows the others.
"""

import json
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from benchmarks import scratch, tables
from benchmarks.scratch import DRAWN
from tests.conftest import edit_params


def main() -> None:
    """Print the table."""
    parser = tables.parser(__doc__)
    parser.add_argument("archive", nargs="?", type=Path, default=DRAWN, metavar="ARCHIVE", help="an archive of lines")
    every = ["tensorflow", "jax", "torch"]
    parser.add_argument("--backends", nargs="+", choices=every, default=every, metavar="NAME", help="these only (all)")
    parser.add_argument("--seeds", type=tables.positive, default=3, help="from 0 on (%(default)s)")
    options = parser.parse_args()
    tables.show(measured(options.archive, options.backends, options.seeds), options.csv)


def measured(archive: Path, backends: list[str], seeds: int) -> Iterator[tables.Row]:
    """Yield a row for each seed on each backend that is installed."""
    for seed in range(seeds):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            scratch.prepare(folder, archive, {"seed": seed})
            scratch.measure(["map_writers", "split", "crop"], folder)
            for backend in filter(find_spec, backends):
                edit_params(folder / "params.yaml", {"backend": backend})
                scratch.measure(["train", "evaluate"], folder)
                test, runtime = (
                    json.loads((folder / f"metrics/{part}.json").read_text()) for part in ("test", "runtime")
                )
                assert runtime["backend"] == backend
                cells = {f"by_{level}": f"{test[level]['accuracy']:.4f}" for level in ("crop", "line", "form")}
                spent = {"seconds": round(runtime["seconds"]), "crops_per_second": runtime["training_crops_per_second"]}
                yield {"backend": backend, "seed": seed, **cells, **spent}


if __name__ == "__main__":
    main()
