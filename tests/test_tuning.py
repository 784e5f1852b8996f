"""The tuning grid: its combinations, their names, what they depend on, and their shares of the machines."""

import subprocess

import pytest
from ruamel.yaml import YAML

from tests.a_grid import GRID, combos, params
from tests.conftest import ROOT
from writerid.base.declaration import providers, read_by, upstream
from writerid.base.errors import InputError
from writerid.base.params import check
from writerid.tuning.engine import Share, share
from writerid.tuning.grid import combinations, identity, only, random_subset


def test_all_combinations_in_order_with_readable_names():
    names = [each.name for each in combos()]
    assert len(names) == len(set(names)) == 24
    assert names[0] == "layers-2_kernel-3_adam_dropout-0"
    assert names[-1] == "layers-4_kernel-5_sgd_dropout-0.4"


def test_names_can_be_references_of_git():
    grid = {"dataset": ["data/a b.zip"], "top_writers": [None], "batch_norm": [True], "learning_rate": [1e-5, 0.001]}
    for each in combos(grid=grid):
        subprocess.run(["git", "check-ref-format", f"refs/exps/aa/bb/{each.name}"], check=True)


def test_values_that_differ_in_a_late_digit_are_told_apart():
    rates = [0.0012345678, 0.0012345679]
    every = combos(grid={"learning_rate": rates})
    assert [each.name for each in every] == [f"learning_rate-{rate}" for rate in rates]
    assert only(every, [f"learning_rate={rates[1]}"], {"learning_rate": rates}) == every[1:]


def test_impossible_combinations_are_named_once_by_reason():
    found, impossible = combinations(params(grid={"layers": [2, 6], "kernel_size": [3, 9]}), check)
    assert [each.name for each in found] == ["layers-2_kernel-3", "layers-2_kernel-9", "layers-6_kernel-3"]
    ((reason, named),) = impossible.items()
    assert [each.name for each in named] == ["layers-6_kernel-9"]
    assert reason.startswith("layers: 6 with kernel_size: 9 does not fit")


def test_seeds_repeat_the_grid_and_the_first_keeps_its_names():
    plain, repeated = combos(), combos(seeds=3, seed=7)
    assert [each.name for each in repeated[:24]] == [each.name for each in plain]
    assert {each.params["seed"] for each in repeated} == {7, 8, 9}
    assert repeated[-1].name == "layers-4_kernel-5_sgd_dropout-0.4_seed-9"


def test_seeds_in_the_grid_and_as_an_option_are_refused():
    with pytest.raises(InputError, match="--seeds: the grid names seeds of its own"):
        combinations(params(grid={"seed": [0, 1]}), check, 2)
    assert [each.name for each in combos(grid={"seed": [0, 1]})] == ["seed-0", "seed-1"]


def test_an_empty_grid_is_refused():
    with pytest.raises(InputError, match="grid: holds no parameter"):
        combinations(params(grid={}), check)


def test_only():
    kept = only(combos(), ["optimizer=sgd", "dropout=0.4", "layers=2,4"], GRID)
    assert [each.name for each in kept] == [
        f"layers-{layers}_kernel-{kernel}_sgd_dropout-0.4" for layers in (2, 4) for kernel in (3, 5)
    ]
    assert len(only(combos(), ["dropout=0.0"], GRID)) == len(only(combos(), ["dropout=0"], GRID)) == 12


@pytest.mark.parametrize(
    ("wanted", "message"),
    [
        ("optimiser=adam", r"wants KEY=VALUE,... with a key of the grid \(layers, kernel_size, optimizer, dropout\)"),
        ("dropout", "^--only dropout: the grid has no '', but dropout=0,0.4$"),
        ("layers=5", "the grid has no '5', but layers=2,3,4"),
        ("layers=", "the grid has no '', but layers=2,3,4"),
    ],
)
def test_only_what_is_in_the_grid(wanted: str, message: str):
    with pytest.raises(InputError, match=message):
        only(combos(), [wanted], GRID)


def test_a_random_subset_is_the_same_each_time_keeps_repetitions_and_grows():
    every = combos(seeds=2)
    few, more = random_subset(every, 5, 1), random_subset(every, 9, 1)
    assert few == random_subset(every, 5, 1)
    assert few != random_subset(every, 5, 2)
    assert (len(few), len(more)) == (10, 18)
    assert {each.name for each in few} < {each.name for each in more}
    assert few == [each for each in every if each in few]
    assert len(random_subset(every, 100, 0)) == 48


def test_what_differs_only_in_the_grid_or_in_how_a_number_is_written_is_one():
    assert identity(params()) == identity(params(grid={}))
    assert identity(params(dropout=0)) == identity(params(dropout=0.0))
    assert identity(params(dropout=0.1)) != identity(params(dropout=0.2))


class TestShare:
    def test_cores_are_dealt_out(self):
        assert share([{"CPU": 5.0}], 2) == Share(cores=2, gpus=0, places=2, apart=1)
        with pytest.raises(
            InputError, match=r"--workers 40: each needs a core of its own; this machine has 5, so take up to that"
        ):
            share([{"CPU": 5.0}], 40)

    def test_each_trial_has_a_gpu_of_its_own(self):
        assert share([{"CPU": 8.0, "GPU": 2.0}], 2) == Share(cores=4, gpus=1, places=2, apart=2)
        with pytest.raises(InputError, match="--workers 3: each needs a GPU of its own; this machine has 2"):
            share([{"CPU": 8.0, "GPU": 2.0}], 3)

    def test_a_cluster_counts_all_its_machines_but_for_a_head_that_only_leads(self):
        assert share([{}, {"CPU": 4.0}, {"CPU": 8.0}], 1) == Share(cores=4, gpus=0, places=3, apart=2)
        assert share([{"CPU": 4.0}, {"CPU": 8.0, "GPU": 1.0}], 1) == Share(cores=8, gpus=1, places=1, apart=1)
        with pytest.raises(InputError, match="the smallest machine has 4"):
            share([{"CPU": 4.0}, {"CPU": 8.0}], 5)


def test_stages_that_lead_to_another_follow_from_the_declaration():
    stages = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text())["stages"]
    assert set(upstream(stages, "train", "data/synthetic.zip")) == {*list(stages)[: list(stages).index("train") + 1]}
    assert "synthesize" not in upstream(stages, "train", "data/iam.zip")
    assert set(providers(stages, "train", "data/iam.zip")) >= {"crop", "map_writers"}
    assert {"split.group_by", "top_writers", "dataset"} <= read_by(stages, "split", "data/iam.zip")
    assert not any(name.startswith(("crop", "synthesis")) for name in read_by(stages, "split", "data/iam.zip"))
