"""Test figures of the recommended recipe over seeds: the README's tables of results.

    python -m benchmarks.accuracy ARCHIVE [--seeds 5] [--settings form-clip form-raw line-raw] [--results FILE]

Each run is what `dvc exp run` with the recommended preset does, in a folder of its own: params.yaml's recipe under
RECOMMENDED's budget. The seed decides the split, the crops and the fit. Test figures are looked at once a run, and
nothing is chosen by them. Each finished run is a line of FILE (accuracy.jsonl); runs that are there already are not
repeated, so that an interrupted benchmark goes on. `--results docs/accuracy.jsonl` prints the tables of the runs in the
README.
"""

import argparse
import json
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import scratch
from tests.conftest import edit_params
from writerid.base.params import load
from writerid.base.schema import Params

RECOMMENDED = {"epochs": 6, "steps_per_epoch": 500, "warmup_steps": 200, "augment.share": 0.5}
SETTINGS: dict[str, dict[str, Any]] = {
    "form-clip": {},
    "form-raw": {"crop.tone": "raw"},
    "line-raw": {"crop.tone": "raw", "split.group_by": "line"},
    "line-clip": {"split.group_by": "line"},
}
LEVELS = ("crop", "line", "form")
STAGES = ("map_writers", "split", "crop", "train", "evaluate")


def recommended() -> Params:
    """Return params.yaml's parameters under the recommended budget."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "params.yaml"
        shutil.copyfile(scratch.ROOT / path.name, path)
        edit_params(path, RECOMMENDED)
        return load(path)


def run(archive: Path, setting: str, seed: int) -> dict[str, Any]:
    """Run all stages on an archive; returns the setting, the seed, the train stage's report and the test figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scratch.prepare(folder, archive, {**RECOMMENDED, **SETTINGS[setting], "seed": seed})
        for stage in STAGES:
            scratch.measure([stage], folder)
        runtime, test = (json.loads((folder / f"metrics/{part}.json").read_text()) for part in ("runtime", "test"))
    return {"setting": setting, "seed": seed, "runtime": runtime, "test": test}


def mean_and_spread(values: Sequence[float]) -> str:
    """Mean, standard deviation over runs where there is more than one, and the least."""
    spread = np.std(values, ddof=1) if len(values) > 1 else 0.0
    return f"{np.mean(values):.4f} +- {spread:.4f} ({min(values):.4f})"


def table(title: str, rows: dict[str, list[dict[str, Any]]], columns: Mapping[str, tuple[str, ...]]) -> None:
    """Print a row a setting; each column is a path into the test figures."""
    print(f"\n{title}: mean +- standard deviation over seeds (least)")
    print(f"{'':>10} {'runs':>5} " + " ".join(f"{name:>26}" for name in columns))
    for setting, runs in rows.items():
        cells = []
        for path in columns.values():
            values = []
            for one in runs:
                found: Any = one["test"]
                for key in path:
                    found = found[key]
                values.append(found)
            cells.append(mean_and_spread(values))
        print(f"{setting:>10} {len(runs):>5} " + " ".join(f"{cell:>26}" for cell in cells))


def main() -> None:
    """Run what is missing and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--settings", nargs="+", choices=SETTINGS, default=["form-clip", "form-raw", "line-raw"])
    parser.add_argument("--results", type=Path, default=Path("accuracy.jsonl"))
    options = parser.parse_args()
    done: dict[tuple[str, int], dict[str, Any]] = {}
    if options.results.is_file():
        for line in options.results.read_text().splitlines():
            row = json.loads(line)
            done[row["setting"], row["seed"]] = row
    for seed in range(options.seeds):
        for setting in options.settings:
            if (setting, seed) not in done:
                print(f"{setting}, seed {seed}", flush=True)
                done[setting, seed] = run(options.archive, setting, seed)
                with options.results.open("a") as file:
                    file.write(json.dumps(done[setting, seed]) + "\n")
    rows = {name: [done[name, seed] for seed in range(options.seeds)] for name in options.settings}
    table("accuracy", rows, {f"by {level}": (level, "accuracy") for level in LEVELS})
    table("balanced accuracy", rows, {f"by {level}": (level, "balanced_accuracy") for level in LEVELS})
    read = {f"{count} read": ("lines_read", count) for count in ("1", "2", "4", "8", "all")}
    table("accuracy by form, when so many of its lines vote", rows, read)
    lengths = {"under 500 columns": ("short_lines", "accuracy"), "the rest": ("long_lines", "accuracy")}
    table("accuracy by line", rows, lengths)
    table("expected calibration error", rows, {f"by {level}": (level, "ece") for level in LEVELS})
    table("the same, calibrated", rows, {f"by {level}": (level, "calibrated_ece") for level in LEVELS})
    table("temperature", rows, {f"by {level}": (level, "temperature") for level in LEVELS})
    print("\nseconds of the train stage")
    for setting, runs in rows.items():
        seconds = [one["runtime"]["seconds"] for one in runs]
        print(f"{setting:>10} {np.mean(seconds):>8,.0f} ({min(seconds):,.0f} to {max(seconds):,.0f})")


if __name__ == "__main__":
    main()
