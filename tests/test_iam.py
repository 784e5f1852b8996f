"""The published IAM archive, where the environment variable IAM_ZIP names it."""

import json
import os
import sys
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest

from tests.conftest import Run, copy_checkout, edit_params, runner
from writerid.base.folds import folds
from writerid.dataset.lines import read_lines
from writerid.dataset.splits import assign

IAM_ZIP = os.environ.get("IAM_ZIP")
pytestmark = [pytest.mark.iam, pytest.mark.skipif(not IAM_ZIP, reason="IAM_ZIP names no archive")]


@pytest.fixture(scope="module")
def clone(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A copy of this checkout, with its own parameters but for the dataset, in which the archive has been mapped."""
    copy = copy_checkout(
        tmp_path_factory.mktemp("iam"), parameters={"dataset": "data/iam.zip", "split.unseen_writers": 0}
    )
    (copy / "data").mkdir(exist_ok=True)
    (copy / "data/iam.zip").symlink_to(Path(str(IAM_ZIP)).resolve())
    stage(copy)("map_writers")
    yield copy
    (copy / "data/crops/strips.npy").unlink(missing_ok=True)  # 0.8 GB that pytest would keep


def stage(copy: Path) -> Run:
    run = runner(copy)
    return lambda name: run(sys.executable, "-m", f"stages.{name}")


def test_what_is_in_the_archive(clone: Path):
    counts = json.loads((clone / "metrics/dataset.json").read_text())
    assert (counts["lines"], counts["writers"], counts["forms"]) == (4898, 50, 452)
    assert {reason: count for reason, count in counts["left_out"].items() if count} == {"duplicate": 1}
    assert not counts["warnings"]
    assert set(read_lines(clone / "data/lines.csv")["scale"]) == {1}
    assert "g06-037b-s02-01 (1).png,duplicate" in (clone / "data/left_out.csv").read_text()


def test_the_references_split(clone: Path):
    edit_params(clone / "params.yaml", {"split.group_by": "line"})
    stage(clone)("split")
    split = json.loads((clone / "metrics/split.json").read_text())
    assert [split[side]["lines"] for side in ("train", "validation", "test")] == [3428, 735, 735]
    assert split["shared"]["train_test"]["forms"] > 300
    assert split["shared"]["train_test"]["physical_lines"] > 100


def test_folds_test_each_form_once_and_seeds_share_what_chance_gives(clone: Path):
    lines = read_lines(clone / "data/lines.csv")
    shares = {"train": 0.65, "validation": 0.15, "test": 0.2}

    def tested(seed: int, fold: int) -> np.ndarray:
        sides = assign(lines["form"], lines["writer"], shares, group_by="form", seed=seed, fold=fold, unseen_writers=0)
        return np.array(sides) == "test"

    once = np.array([tested(0, fold) for fold in range(folds(0.2))])
    assert (once.sum(axis=0) == 1).all()
    assert np.abs(once.mean(axis=1) - 0.2).max() < 0.005
    seeds = [tested(seed, 0) for seed in range(8)]
    overlap = [(one & other).sum() / one.sum() for one, other in combinations(seeds, 2)]
    assert np.mean(overlap) == pytest.approx(0.2, abs=0.03)
    assert not np.logical_and.reduce(seeds[:5]).any()


def test_a_split_that_shares_no_form_and_its_crops(clone: Path):
    edit_params(clone / "params.yaml", {"split.group_by": "form"})
    stage(clone)("split")
    split = json.loads((clone / "metrics/split.json").read_text())
    for pair in split["shared"].values():
        assert pair == {"forms": 0, "physical_lines": 0}
    for side, share in (("train", 0.7), ("validation", 0.15), ("test", 0.15)):
        assert split[side]["writers"] == 50
        assert split[side]["share"] == pytest.approx(share, abs=0.02)

    # Not getrusage, which counts the peak of the process that started this one too.
    program = "import stages.crop as s; s.main(); print(open('/proc/self/status').read().split('VmHWM:')[1].split()[0])"
    peak = int(runner(clone)(sys.executable, "-c", program).stdout.split()[-1]) / 1024
    assert peak < 600, f"crop took {peak:.0f} MB"
    strips = np.load(clone / "data/crops/strips.npy", mmap_mode="r")
    test = np.load(clone / "data/crops/test.npy")
    assert strips.shape[1] == 64
    assert test["start"].max() + 112 <= len(strips)
    assert len(set(test["line"])) == split["test"]["lines"]
