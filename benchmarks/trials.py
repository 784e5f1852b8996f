"""What a trial of `python -m stages.tune` costs beside its stages, and what another worker or machine brings.

    python -m benchmarks.trials [--pairs 5] [--trials 6]

First pairs of a plain `dvc exp run` and a call of one trial, in turns, with a stand-in for the fit. Then grids of real
but tiny fits: by one and by two workers of a core each, and on one and on two machines of a core each, which are Ray
nodes on this one that share a repository's URL and a DVC remote only. Wants two idle cores.
"""

import os
import statistics
import subprocess
import tempfile
import time
from pathlib import Path

from ray.cluster_utils import Cluster

from benchmarks import tables
from benchmarks.scratch import ROOT
from tests.conftest import environment
from tests.tuning_clone import TUNE, Clone

FIT = {"epochs": 2, "steps_per_epoch": 200, "batch_size": 32, "filters": 8}  # some seconds, on a core


def pairs(clone: Clone, count: int) -> None:
    """Print seconds of plain runs, of trials, and of calls beside their one trial."""
    clone.run("dvc", "exp", "run", "crop")
    rows = []
    for number in range(count):
        begun = time.monotonic()
        clone.run("dvc", "exp", "run", "--name", f"plain-{number}", "-S", f"dropout=0.0{number + 1}", "train")
        plain = time.monotonic() - begun
        clone.git("checkout", "--quiet", ".")
        begun = time.monotonic()
        process = clone.start(*TUNE, "--until", "train", "--only", f"dropout=0.{number}")
        assert process.stdout
        moments = [time.monotonic() for line in process.stdout if "dropout" in line]  # started, and done
        process.wait()
        rows.append((plain, moments[1] - moments[0], time.monotonic() - begun - (moments[1] - moments[0])))
        print("plain {:.1f} s, trial {:.1f} s, call beside it {:.1f} s".format(*rows[-1]), flush=True)
    more = statistics.median(trial - plain for plain, trial, _ in rows)
    print(
        f"medians: {', '.join(f'{statistics.median(each):.1f}' for each in zip(*rows, strict=True))}; more {more:.1f}"
    )


def grid(clone: Clone, what: str, cores: set[int], *arguments: str, **variables: str) -> None:
    """Print how long a grid takes from its first start to its last end, on some cores, with its crops made."""
    everything = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cores)
    process = clone.start(*TUNE, "--until", "train", *arguments, **variables)
    os.sched_setaffinity(0, everything)
    assert process.stdout
    said = [(time.monotonic(), line) for line in process.stdout]
    assert process.wait() == 0, "".join(line for _, line in said)
    moments = [moment for moment, line in said if "dropout" in line]
    seconds, count = moments[-1] - moments[0], len(moments) // 2
    print(f"{what}: {count} trials in {seconds:.0f} s, {3600 * count / seconds:.0f} an hour", flush=True)


def main() -> None:
    """Print what was measured."""
    parser = tables.parser(__doc__, table=False)
    parser.add_argument("--pairs", type=tables.positive, default=5, help="of a plain run and a trial (%(default)s)")
    parser.add_argument("--trials", type=tables.positive, default=6, help="in a grid (%(default)s)")
    options = parser.parse_args()
    values = {"dropout": [round(number / 10, 1) for number in range(max(options.trials, options.pairs))]}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pairs(Clone(folder, values, name="pairs", dataset="data/mine.zip"), options.pairs)
        cores = sorted(os.sched_getaffinity(0))[:2]
        for count in (1, 2):
            clone = real(folder, {"dropout": values["dropout"][: options.trials]}, f"workers-{count}")
            clone.run("dvc", "exp", "run", "crop")
            grid(clone, f"{count} workers", set(cores[:count]), "--workers", str(count))
        for count in (1, 2):
            clone = real(folder, {"dropout": values["dropout"][: options.trials]}, f"machines-{count}")
            machines(clone, folder / str(count), count)


def real(folder: Path, values: dict[str, list[float]], name: str) -> Clone:
    """Return a clone with the real fit."""
    clone = Clone(folder, values, name=name, dataset="data/mine.zip", **FIT)
    (clone.path / "stages/train.py").write_text((ROOT / "stages/train.py").read_text())
    clone.git("commit", "--quiet", "--all", "-m", "the real fit")
    return clone


def machines(clone: Clone, folder: Path, count: int) -> None:
    """Print how long a grid takes on so many machines."""
    folder.mkdir()
    subprocess.run(["git", "init", "--quiet", "--bare", str(folder / "home.git")], check=True)
    clone.run("dvc", "remote", "add", "--default", "shared", str(folder / "remote"))
    clone.git("remote", "add", "origin", (folder / "home.git").as_uri())
    clone.git("commit", "--quiet", "--all", "-m", "a remote")
    clone.run("dvc", "push", "data/mine.zip.dvc")
    clone.git("push", "--quiet", "origin", "main")
    os.environ |= environment() | {"FLAGS": str(clone.flags), "RAY_USAGE_STATS_ENABLED": "0"}
    cluster = Cluster()
    try:
        cluster.add_node(num_cpus=0, include_dashboard=False)
        for number in range(count):
            cluster.add_node(num_cpus=1, env_vars={"WRITERID_ROOM": str(folder / f"room-{number}")})
        grid(clone, f"{count} machines", os.sched_getaffinity(0), "--address", cluster.address)
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main()
