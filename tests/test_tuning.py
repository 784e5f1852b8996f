"""The tuning grid's arithmetic: combinations, names, shares of machines, what a comparison says. No trial is run."""

import copy
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock
from ruamel.yaml import YAML
from scipy import stats
from typer.testing import CliRunner

from tests.conftest import ROOT
from writerid.base.declaration import providers, read_by, upstream
from writerid.base.errors import InputError
from writerid.base.params import changed, check
from writerid.repository import dvc
from writerid.tuning import cli, compare, experiments, running
from writerid.tuning.engine import Share, share
from writerid.tuning.grid import Combination, combinations, identity, only, random_subset
from writerid.tuning.trial import Outcome

GRID: dict[str, list[Any]] = {
    "layers": [2, 3, 4],
    "kernel_size": [3, 5],
    "optimizer": ["adam", "sgd"],
    "dropout": [0.0, 0.4],
}
SOURCE = ("code", "data")


def params(**changes: Any) -> dict[str, Any]:
    content = copy.deepcopy(dict(YAML(typ="safe").load((ROOT / "params.yaml").read_text())))
    return {**content, "grid": GRID, **changes}


def combos(seeds: int = 1, **changes: Any) -> list[Combination]:
    return combinations(params(**changes), check, seeds)[0]


def runs(effect: dict[str, dict[Any, float]], seeds: int = 1, **changes: Any) -> pd.DataFrame:
    """An experiment of each combination, whose accuracy by line is 0.5 and what `effect` adds for its values."""
    rows = []
    for number, each in enumerate(combos(seeds, **changes)):
        by_line = 0.5 + sum(by_value.get(each.changes[key], 0.0) for key, by_value in effect.items())
        scores = dict(
            zip(experiments.SCORES, (by_line, by_line - 0.1, 1 - by_line, 2, 10.0 + number, "cpu"), strict=True)
        )
        rows.append(
            {"name": each.name, "rev": f"{number:040d}", "baseline": "b", "params": each.params}
            | {"code": SOURCE[0], "data": SOURCE[1], **scores}
        )
    return pd.DataFrame(rows)


def compared(known: pd.DataFrame, any_code: bool = False, **changes: Any) -> compare.Comparison:
    return compare.compare(known, params(**changes), SOURCE, {"top_writers", "split.group_by"}, any_code=any_code)


def test_all_combinations_in_order_with_readable_names():
    names = [each.name for each in combos()]
    assert len(names) == len(set(names)) == 24
    assert names[0] == "layers-2_kernel-3_adam_dropout-0"
    assert names[-1] == "layers-4_kernel-5_sgd_dropout-0.4"


def test_names_can_be_references_of_git():
    grid = {"dataset": ["data/a b.zip"], "top_writers": [None], "batch_norm": [True], "learning_rate": [1e-5, 0.001]}
    for each in combos(grid=grid):
        subprocess.run(["git", "check-ref-format", f"refs/exps/aa/bb/{each.name}"], check=True)


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


@pytest.mark.parametrize("change", [{"params": params(backend="jax")}, {"code": "other"}, {"data": "other"}])
def test_results_of_another_backend_code_or_dataset_are_not_taken_for_these(change, monkeypatch):
    monkeypatch.setattr(running, "git", lambda *_: "b")
    monkeypatch.setattr(running, "source", lambda *_: SOURCE)
    one = combos()[:1]
    known = runs({})[:1]
    assert not running.plan(one, known, "tree", params(), False).left
    left = running.plan(
        one, known.assign(**{key: [value] for key, value in change.items()}), "tree", params(), False
    ).left
    (named,) = left.values()
    assert named.name.startswith(f"{one[0].name}_")  # the name is taken
    assert len(named.name) == len(one[0].name) + 5


def test_set_param_is_read_as_dvc_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    before = (tmp_path / "params.yaml").read_bytes()
    changes = ["epochs=3", "crop.width=64", "schedule=constant", "learning_rate=1e-3", "top_writers=null"]
    content = changed(tmp_path / "params.yaml", changes)
    assert (content["epochs"], content["crop"]["width"], content["schedule"]) == (3, 64, "constant")
    assert (content["learning_rate"], content["top_writers"]) == (0.001, None)
    assert (tmp_path / "params.yaml").read_bytes() == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("epoch=3", r"^-S epoch=3: wants KEY=VALUE, with a key of params.yaml"),
        ("crop.depth=3", "wants KEY=VALUE"),
        ("seed.x=3", "wants KEY=VALUE"),
        ("epochs", "wants KEY=VALUE"),
        ("epochs=many", "^-S: epochs: 'many' is not a whole number"),
        ("layers=2", r"^-S layers=2: the grid holds values of layers; choose of them with --only layers="),
    ],
)
def test_a_wrong_change_is_refused(change: str, message: str):
    with pytest.raises(InputError, match=message):
        changed(ROOT / "params.yaml", [change])


def test_a_dataset_that_trials_would_not_find_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    status = {"data/iam.zip.dvc": [{"changed outs": {"data/iam.zip": "deleted"}}]}
    monkeypatch.setattr(dvc, "dvc", lambda *_: json.dumps(status))
    subprocess.run(["git", "init", "--quiet"], check=True)

    def refused(message: str, elsewhere: bool = False) -> None:
        with pytest.raises(InputError, match=f"^dataset: data/iam.zip: {message}"):
            dvc.check_dataset("data/iam.zip", elsewhere=elsewhere)

    dvc.check_dataset("data/synthetic.zip", elsewhere=False)
    refused("there is no such file; put the archive there, and run `dvc add")
    (tmp_path / "data/iam.zip").mkdir(parents=True)  # a folder is a dataset, too
    refused("DVC does not track it.*`dvc add")
    (tmp_path / "data/iam.zip").rmdir()
    (tmp_path / "data/iam.zip").touch()
    refused("DVC does not track it.*`dvc add")
    (tmp_path / "data/iam.zip.dvc").write_text("outs: []")
    refused(r"data/iam.zip.dvc is not in git.*`git add data/iam.zip.dvc`")
    subprocess.run(["git", "add", "data/iam.zip.dvc"], check=True)
    dvc.check_dataset("data/iam.zip", elsewhere=False)  # it is in the cache, if not in the workspace
    for state, message in (("modified", "changed since `dvc add`"), ("not in cache", "not in DVC's cache.*`dvc add")):
        status["data/iam.zip.dvc"][0]["changed outs"]["data/iam.zip"] = state
        refused(message)
    (tmp_path / "data/iam.zip").unlink()
    refused("not in DVC's cache.*`dvc pull")
    dvc.check_dataset("data/iam.zip", elsewhere=True)


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


class TestComparison:
    def test_best_first(self):
        found = compared(runs({"layers": {3: 0.2}, "dropout": {0.4: 0.1}}))
        assert list(found.rows["by_line"]) == sorted(found.rows["by_line"], reverse=True)
        assert found.rows["name"].iloc[0].startswith("layers-3") and found.rows["name"].iloc[0].endswith("dropout-0.4")
        assert found.keys == list(GRID)

    def test_seeds_are_one_row_with_mean_and_spread(self):
        found = compared(runs({"seed": {1: 0.03}}, seeds=2))
        assert len(found.rows) == 24
        assert found.rows["by_line"].iloc[0] == pytest.approx(0.515)
        assert found.rows["spread"].iloc[0] == pytest.approx(0.03)
        assert "spread" in compare.tables(found) and not found.rows["name"].str.contains("seed").any()

    def test_what_cannot_be_compared_is_left_out_and_counted(self):
        known = runs({})
        known.loc[1, "code"] = "old"
        known.loc[2, "by_line"] = None
        known.at[3, "params"] = params(top_writers=3)
        found = compared(known)
        assert len(found.rows) == 21
        assert compare.omissions(found, 2) == (
            "Not in these tables: 2 failed, 1 by other code than the present (--any-code), 1 stopped before the fit, "
            "1 on other data or another split."
        )
        assert len(compared(known, any_code=True).rows) == 22
        assert compare.omissions(compared(runs({})), 0) == ""

    def test_of_two_that_are_the_same_the_later_counts(self):
        known = pd.concat([runs({})[:1], runs({"layers": {2: 0.1}})[:1]])
        assert list(compared(known).rows["by_line"]) == [0.6]

    def test_runs_of_another_budget_have_a_table_of_their_own(self):
        longer = runs({"layers": {2: 0.4, 3: 0.4, 4: 0.4}}, epochs=params()["epochs"] * 2)[:2]
        found = compared(pd.concat([longer, runs({})]))
        text = compare.tables(found)
        assert text.count("Fits of ") == 2
        assert (
            text.index("Fits of 38,400 crops") < text.index("Fits of 76,800 crops") < text.rindex("layers-2_kernel-3")
        )
        assert len(found.factorial) == 24

    def test_other_parameters_are_in_the_table_with_their_keys(self):
        found = compared(pd.concat([runs({}), runs({}, filters=8)[:1]]))
        assert len(found.rows) == 25
        assert found.keys == [*GRID, "filters"]
        assert len(found.factorial) == 24

    def test_effects_of_a_full_grid_are_eta_squared(self):
        found = compare.effects(compared(runs({"layers": {3: 0.2, 4: 0.1}, "dropout": {0.4: 0.05}})))
        variance = {"layers": (0.2**2 + 0.1**2) / 3 - (0.3 / 3) ** 2, "dropout": 0.025**2}
        shares = found.groupby("key", sort=False)["share"].first()
        assert list(shares.index[:2]) == ["layers", "dropout"]
        for key, value in variance.items():
            assert shares[key] == pytest.approx(value / sum(variance.values()))
        assert shares["optimizer"] == pytest.approx(0, abs=1e-9)
        assert shares["combinations, chance"] == pytest.approx(0, abs=1e-9)
        means = found[found["key"] == "layers"].set_index("value")["by_line"]
        assert list(means.index) == ["2", "3", "4"]
        assert means["3"] == pytest.approx(0.725)

    def test_effects_compare_at_equal_others_where_combinations_are_missing(self):
        known = runs({"layers": {3: 0.2}, "dropout": {0.4: 0.1}})
        # Of three layers only those without dropout: plain means would take the one for the other.
        kept = [not (each["layers"] == 3 and each["dropout"] == 0.4) for each in known["params"]]
        found = compare.effects(compared(known[kept])).set_index(["key", "value"])["by_line"]
        assert found["layers", "3"] - found["layers", "2"] == pytest.approx(0.2)
        assert found["dropout", "0.4"] - found["dropout", "0"] == pytest.approx(0.1)

    def test_a_combination_of_parameters_is_what_is_left(self):
        known = runs({})
        cross = [(each["dropout"] > 0) * (1 if each["optimizer"] == "adam" else -1) for each in known["params"]]
        found = compare.effects(compared(known.assign(by_line=0.5 + 0.1 * np.array(cross)))).set_index("key")["share"]
        assert found["combinations, chance"] == pytest.approx(0.5)
        assert found["optimizer"].iloc[0] == pytest.approx(0.5)

    @pytest.mark.parametrize("count", [1, 3])
    def test_too_few_runs_say_nothing(self, count: int):
        assert compare.effects(compared(runs({})[:count])).empty

    def test_all_the_same_explains_nothing(self):
        assert set(compare.effects(compared(runs({})))["share"].round(9)) == {0.0}

    def test_the_reference_is_compared_pair_by_pair(self):
        rng = np.random.default_rng(1)
        known = runs({"layers": {4: 0.02}, "optimizer": {"sgd": -0.1}})
        known["by_line"] += rng.normal(0, 0.005, len(known))
        found = compare.against_reference(compared(known)).set_index(["key", "other"])
        assert set(found.index) == {("layers", "2"), ("layers", "4"), ("kernel_size", "5"), ("optimizer", "sgd")} | {
            ("dropout", "0")
        }
        assert found.loc[("optimizer", "sgd"), "pairs"] == 12
        assert found.loc[("optimizer", "sgd"), "difference"] == pytest.approx(-0.1, abs=0.01)
        assert found.loc[("optimizer", "sgd"), "low"] < -0.1 < found.loc[("optimizer", "sgd"), "high"]
        assert found.loc[("optimizer", "sgd"), "verdict"] == "adam is better"
        assert found.loc[("layers", "4"), "verdict"] == "4 is better"
        assert found.loc[("layers", "2"), "verdict"] == "cannot be told apart"

    def test_p_is_corrected_for_the_number_of_comparisons(self):
        known = runs({"layers": {4: 0.004}})
        known["by_line"] += np.random.default_rng(3).normal(0, 0.005, len(known))
        comparison = compared(known)
        others = ["kernel_size", "optimizer", "dropout"]
        wide = comparison.factorial.pivot(index=others, columns="layers", values="by_line")
        raw = stats.ttest_rel(wide["4"], wide["3"]).pvalue
        found = compare.against_reference(comparison).set_index(["key", "other"])
        assert raw < found.loc[("layers", "4"), "p"] <= 5 * raw

    def test_two_pairs_have_no_winner(self):
        known = runs({"layers": {4: 0.02}})
        few = [each["optimizer"] == "adam" and each["kernel_size"] == 3 for each in known["params"]]
        found = compare.against_reference(compared(known[few])).set_index(["key", "other"])
        assert found.loc[("layers", "4"), "pairs"] == 2
        assert found.loc[("layers", "4"), "verdict"] == "too few pairs"

    def test_curves_are_of_the_best_and_of_its_like_with_other_dropout(self):
        comparison = compared(runs({"layers": {3: 0.2}, "kernel_size": {5: 0.1}, "optimizer": {"adam": 0.1}}))
        assert set(compare.best(comparison)) == {f"layers-3_kernel-5_adam_dropout-{value}" for value in ("0", "0.4")}

    @pytest.mark.parametrize("count", [24, 1])
    def test_pictures_of_a_grid_and_of_one_run(self, tmp_path: Path, count: int):
        comparison = compared(runs({"layers": {3: 0.2}})[:count])
        logged = pd.DataFrame([["a", 1, 2.0, 3.0, 0.1, 0.2, 0.3]], columns=["experiment", "epoch", *experiments.CURVES])
        for number, chart in enumerate(
            (
                compare.values_chart(comparison, compare.effects(comparison)),
                compare.curves_chart(logged),
                compare.seconds_chart(comparison),
            )
        ):
            chart.save(str(tmp_path / f"{number}.png"))
            assert (tmp_path / f"{number}.png").stat().st_size > 3000


def told(known: pd.DataFrame, *arguments: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(cli, "changed", lambda *_: params())
    monkeypatch.setattr(experiments, "load", lambda: known)
    monkeypatch.setattr(running, "source", lambda *_: SOURCE)
    done = CliRunner().invoke(cli.app, ["--dry-run", *arguments], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--random", "99"], "--random 99: there are only 24 combinations to draw from; all are taken\n"),
        (["--random", "99", "--seeds", "2"], "--random 99: there are only 24 combinations to draw from"),
        (["--random", "13", "--only", "dropout=0"], "--random 13: there are only 12 combinations to draw from"),
        (["--random", "24"], "24 combinations: 0 of 24 done"),
        (["--random", "2", "--seeds", "2"], "2 combinations with 2 seeds each: 0 of 4 done"),
    ],
)
def test_more_at_random_than_there_are_is_told(arguments, said, monkeypatch: pytest.MonkeyPatch):
    assert told(runs({})[:0], *arguments, monkeypatch=monkeypatch).startswith(said)


def test_how_long_it_takes_is_told_by_the_runs_so_far_or_that_there_are_none(monkeypatch: pytest.MonkeyPatch):
    known = runs({}).assign(seconds=10.0)
    assert "24 to run, how long cannot be told yet" in told(known[:0], monkeypatch=monkeypatch)
    other = known[:1].assign(code="other")
    # Two at once share the cores there are: a promise of half the time would not be kept.
    monkeypatch.setattr(cli, "resources", lambda: {"CPU": 2, "GPU": 0})
    for workers in ("1", "2"):
        text = told(other, "--workers", workers, monkeypatch=monkeypatch)
        assert "24 to run, about 04:00 of training one after another, by the runs so far" in text
    with pytest.raises(InputError, match="--workers 40: each needs a core of its own; this machine has 2"):
        told(other, "--workers", "40", monkeypatch=monkeypatch)
    monkeypatch.setattr(cli, "resources", lambda: {"CPU": 8, "GPU": 4})
    assert "about 01:00 of training, by" in told(other, "--workers", "4", monkeypatch=monkeypatch)
    longer = other.assign(params=[params(epochs=params()["epochs"] * 2)])
    assert "about 02:00 of training" in told(longer, monkeypatch=monkeypatch)
    assert told(known, monkeypatch=monkeypatch).startswith("24 combinations: 24 of 24 done, 0 to run\nnothing to run")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--random", "six"], "should be a valid integer"),
        (["--workers", "0"], "greater than or equal to 1"),
        (["--workrs", "2"], "--workers"),
        (["--until", "crop"], "'crop'"),
    ],
)
def test_wrong_options_are_refused(arguments: list[str], message: str):
    done = CliRunner().invoke(cli.app, arguments)
    assert done.exit_code == 2
    assert message in done.output


def test_a_second_command_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(experiments, "FOLDER", tmp_path)
    monkeypatch.setattr(cli, "changed", lambda *_: params())
    monkeypatch.setattr(experiments, "load", lambda: runs({})[:1])
    monkeypatch.setattr(running, "source", lambda *_: SOURCE)
    with FileLock(tmp_path / "lock"), pytest.raises(InputError, match=r"another .* is at work"):
        CliRunner().invoke(cli.app, [], catch_exceptions=False)


def test_what_failed_is_tried_again_only_when_that_is_asked_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    one = combos()[:2]
    (tmp_path / "bad.log").write_text(f"failed {experiments.key(one[0].params, SOURCE)}\nerror: too small\n")
    monkeypatch.setattr(running, "LOGS", tmp_path)
    monkeypatch.setattr(running, "git", lambda *_: "b")
    monkeypatch.setattr(running, "source", lambda *_: SOURCE)
    for retry, left, said in ((False, 1, "1 failed earlier, 1 to run"), (True, 2, "to be tried again, 2 to run")):
        plan = running.plan(one, runs({})[:0], "tree", params(), retry)
        assert len(plan.left) == left
        text = running.told(plan, retry, 1)
        assert "2 combinations: 0 of 2 done" in text and said in text
        assert ("error: too small" in text) != retry


def test_a_failure_is_kept_and_known_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(running, "LOGS", tmp_path)
    (tmp_path / "good.log").write_text("done k1\nwell\n")
    (tmp_path / "bad.log").write_text("failed k2\nmuch\nerror: too small\n  in the end\n")
    assert running.failures() == {"k2": tmp_path / "bad.log"}
    assert running.tail((tmp_path / "bad.log").read_text()) == "    error: too small"
    assert running.tail("a\rb\n\n  c \n") == "    a\n    b\n      c"
    assert Outcome("done", "").patch == ""


def test_a_reader_that_has_read_enough_ends_it_without_a_word():
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "stages.tune", "--dry-run"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    os.close(write)
    assert done.stderr == ""
