"""The tuning grid's arithmetic: combinations, names, workers' places, what a comparison says. No experiment is run."""

import contextlib
import copy
import dataclasses
import itertools
import json
import math
import os
import subprocess
import sys
import types
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from writerid.tuning.queue import Done
from writerid.tuning.trials import Scores, Trial

from tests.conftest import ROOT
from writerid.base.errors import InputError
from writerid.base.params import check
from writerid.tuning import cli, compare, pictures, report, running, workers, workspace
from writerid.tuning.grid import Combination, combinations, identity, only, overrides, random_subset

GRID: dict[str, list[Any]] = {
    "layers": [2, 3, 4],
    "kernel_size": [3, 5],
    "optimizer": ["adam", "sgd"],
    "dropout": [0.0, 0.4],
}


def params(**changes: Any) -> dict[str, Any]:
    content = copy.deepcopy(dict(YAML(typ="safe").load((ROOT / "params.yaml").read_text())))
    return {**content, "grid": GRID, **changes}


def combos(seeds: int = 1, **changes: Any) -> list[Combination]:
    return combinations(params(**changes), check, seeds)[0]


def trials(effect: dict[str, dict[Any, float]], seeds: int = 1, **changes: Any) -> list[Trial]:
    """A trial of each combination, whose accuracy by line is 0.5 and what `effect` adds for its values."""
    found = []
    for number, each in enumerate(combos(seeds, **changes)):
        by_line = 0.5 + sum(by_value.get(each.changes[key], 0.0) for key, by_value in effect.items())
        scores = Scores(by_line, by_line - 0.1, 1.0 - by_line, 2, 10.0 + number, "cpu")
        found.append(Trial(each.name, f"{number:040d}", "done", each.params, "code", None, scores))
    return found


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
        ("optimiser=adam", r"wants KEY=VALUE.*did you mean 'optimizer'\?"),
        ("layers", "wants KEY=VALUE"),
        ("layers=5", "the grid's layers has no value '5'; it holds 2, 3, 4"),
        ("layers=", "the grid's layers has no value ''"),
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


def test_overrides_keep_types():
    changes = {"layers": 2, "dropout": 0.0, "optimizer": "adam", "batch_norm": True, "top_writers": None}
    assert overrides(changes) == ["layers=2", "dropout=0.0", "optimizer=adam", "batch_norm=true", "top_writers=null"]


def test_set_param_is_read_as_dvc_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    before = (tmp_path / "params.yaml").read_bytes()
    load = lambda path: YAML(typ="safe").load(path.read_text())  # noqa: E731
    changed = cli.with_changes(load, ["epochs=3", "crop.width=64", "optimizer=sgd"])
    assert (changed["epochs"], changed["crop"]["width"], changed["optimizer"]) == (3, 64, "sgd")
    assert (tmp_path / "params.yaml").read_bytes() == before
    with pytest.raises(InputError, match=r"-S epoch=3: .*epoch"):
        cli.with_changes(load, ["epoch=3"])


def test_a_dataset_that_experiments_would_not_find_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "--quiet"], check=True)
    cli.check_dataset("data/synthetic.zip")
    with pytest.raises(InputError, match=r"data/iam.zip: DVC does not track it.*dvc add"):
        cli.check_dataset("data/iam.zip")
    (tmp_path / "data").mkdir()
    (tmp_path / "data/iam.zip.dvc").write_text("outs: []")
    with pytest.raises(InputError, match=r"data/iam.zip.dvc: not in git.*git add"):
        cli.check_dataset("data/iam.zip")
    subprocess.run(["git", "add", "data"], check=True)
    cli.check_dataset("data/iam.zip")


class TestPlaces:
    def test_cores_are_divided(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setattr(workers, "gpus", list)
        monkeypatch.setattr("os.sched_getaffinity", lambda _: set(range(5)), raising=False)
        found = workers.places(2)
        assert [place.cores for place in found] == [(0, 1), (2, 3, 4)]
        assert found[1].environment() == {"OMP_NUM_THREADS": "3", "TF_NUM_INTRAOP_THREADS": "3"}
        with pytest.raises(InputError, match="--workers 6: there are 5 cores; take up to 5"):
            workers.places(6)

    def test_each_worker_has_a_gpu_of_its_own(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, GPU-b,3")
        assert [place.environment() for place in workers.places(2)] == [
            {"CUDA_VISIBLE_DEVICES": "3"},
            {"CUDA_VISIBLE_DEVICES": "GPU-b"},
        ]
        with pytest.raises(InputError, match="--workers 3: each needs a GPU of its own, and there are 2 GPUs"):
            workers.places(3)

    def test_all_gpus_by_uuid(self, monkeypatch: pytest.MonkeyPatch):
        monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
        for name, value in {
            "nvmlInit": lambda: None,
            "nvmlDeviceGetCount": lambda: 2,
            "nvmlDeviceGetHandleByIndex": lambda i: i,
            "nvmlDeviceGetUUID": lambda handle: f"GPU-{handle}",
        }.items():
            monkeypatch.setattr(f"pynvml.{name}", value)
        assert workers.gpus() == ["GPU-0", "GPU-1"]

    @pytest.mark.parametrize("hidden", ["", "-1"])
    def test_hidden_gpus_are_not_used(self, monkeypatch: pytest.MonkeyPatch, hidden: str):
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", hidden)
        assert workers.gpus() == []


class Played:
    """In place of DVC's queue: what runs and what has ended, look after look, each known by NAME#TIMES_QUEUED."""

    def __init__(self, looks: list[tuple[list[str], dict[str, Done]]], by_hand: tuple[str, ...] = ()) -> None:
        self._looks, self._waiting = looks, {f"{name}#1": name for name in by_hand}
        self._put: list[str] = []

    def put(self, name: str, overrides: list[str], until: str | None) -> str:
        self._put.append(name)
        return f"{name}#{self._put.count(name)}"

    def running(self) -> dict[str, str]:
        self._runs, self._done = self._looks.pop(0)
        return {each: each.partition("#")[0] for each in self._runs}

    def done(self) -> dict[str, Done]:
        return self._done

    def waiting(self) -> dict[str, str]:
        return self._waiting

    def clear_interrupted(self) -> list[str]:
        return [each.partition("#")[0] for each in self._runs]

    def names(self) -> set[str]:
        return set()

    def log(self, stash_rev: str) -> None:
        return None

    def remove(self, stash_revs: list[str]) -> None:
        return None

    def score(self, rev: str) -> dict[str, float]:
        return {"line_accuracy": 0.9, "accuracy": 0.8}


class TestRun:
    """What is printed while experiments run, of a queue that is played and workers that do nothing."""

    A, B = combos()[3], combos()[-1]
    STARTED_A = "started: layers=2 kernel_size=3 optimizer=sgd dropout=0.4"
    STARTED_B = "started: layers=4 kernel_size=5 optimizer=sgd dropout=0.4"

    @pytest.fixture
    def deaths(self, monkeypatch: pytest.MonkeyPatch) -> list[bool]:
        """Whether each worker, as they start, has been killed; by default none is."""
        deaths: list[bool] = []

        def start(number: int, place: workers.Place) -> types.SimpleNamespace:
            return types.SimpleNamespace(is_alive=True, died=bool(deaths and deaths.pop(0)), kill=lambda: None)

        monkeypatch.setattr(running, "Worker", start)
        monkeypatch.setattr(running, "kept", contextlib.nullcontext)
        monkeypatch.setattr(running, "prepare_data", lambda *_: None)
        monkeypatch.setattr("time.sleep", lambda _: None)
        return deaths

    @pytest.fixture
    def printed(self, deaths, capsys: pytest.CaptureFixture[str]) -> Any:
        def run(
            queue: Any, pending: list[Combination], places: int = 1, varied: tuple[str, ...] = (*GRID,)
        ) -> list[str]:
            running.Run(queue, [workers.Place(None, ())] * places, [], None, None, varied)(pending)
            return capsys.readouterr().out.splitlines()

        return run

    def test_each_start_is_told_once_also_of_what_was_queued_by_hand(self, printed):
        a, b, done = f"{self.A.name}#1", f"{self.B.name}#1", Done("1" * 40, None)
        looks = [([a], {}), ([a, b], {}), ([b, "mine#1"], {a: done}), ([], {a: done, b: done, "mine#1": done})]
        lines = printed(Played(looks, ("mine",)), [self.A, self.B], places=2)
        assert lines[:3] == [self.STARTED_A, self.STARTED_B, "started: mine"]
        assert lines[3].startswith(f"[1/3] {self.A.name}: by line 0.9000")
        assert len(lines) == 6

    def test_a_seed_is_told_where_there_are_several(self, printed):
        pending = combos(seeds=2, seed=7, grid={"layers": [2]})
        revs = [f"{each.name}#1" for each in pending]
        looks = [(revs, {}), ([], {rev: Done("1" * 40, None) for rev in revs})]
        lines = printed(Played(looks), pending, varied=("layers", "seed"))
        assert lines[:2] == ["started: layers=2 seed=7", "started: layers=2 seed=8"]

    def test_what_is_queued_again_is_told_to_start_again(self, printed):
        first, second = f"{self.A.name}#1", f"{self.A.name}#2"
        looks = [([first], {}), ([], {first: Done(None, None)}), ([second], {}), ([], {second: Done("1" * 40, None)})]
        lines = printed(Played(looks), [self.A])
        assert lines[:3] == [self.STARTED_A, f"{self.A.name}: DVC could not run it; queued again", self.STARTED_A]

    def test_so_is_what_a_killed_worker_had_begun(self, printed, deaths):
        first, second = f"{self.A.name}#1", f"{self.A.name}#2"
        deaths.append(True)
        lines = printed(Played([([first], {}), ([second], {}), ([], {second: Done("1" * 40, None)})]), [self.A])
        assert lines[:3] == [self.STARTED_A, f"{self.A.name}: its worker was killed; queued again", self.STARTED_A]


class TestComparison:
    def test_best_first_and_ties_by_crop(self):
        found = compare.compare(trials({"layers": {3: 0.2}, "dropout": {0.4: 0.1}}), params(), "code", None)
        assert [row.by_line for row in found.rows] == sorted((row.by_line for row in found.rows), reverse=True)
        assert found.rows[0].name.startswith("layers-3") and found.rows[0].name.endswith("dropout-0.4")
        assert found.keys == tuple(GRID)

    def test_seeds_are_one_row_with_mean_and_spread(self):
        found = compare.compare(trials({"seed": {1: 0.03}}, seeds=2), params(), "code", None)
        assert len(found.rows) == 24
        assert found.rows[0].by_line == pytest.approx(0.515)
        assert found.rows[0].spread == pytest.approx(0.03)
        assert "spread | seeds" in report.table(found)

    def test_what_cannot_be_compared_is_left_out_and_counted(self):
        known = trials({})
        known[0] = Trial(known[0].name, "x", "failed", known[0].params, "", None)
        known[1] = Trial(known[1].name, "x", "done", known[1].params, "old", None, known[1].scores)
        known[2] = Trial(known[2].name, "x", "done", known[2].params, "code", None)
        known[3] = Trial(known[3].name, "x", "done", params(top_writers=3), "code", None, known[3].scores)
        found = compare.compare(known, params(), "code", None)
        assert len(found.rows) == 20
        assert report.omissions(found) == (
            "Not in these tables: 1 failed, 1 by other code than the present (--any-code), 1 stopped before the fit, "
            "1 on other data or another split."
        )

    def test_experiments_that_change_other_parameters_are_in_the_table_with_them(self):
        other = trials({}, filters=8)[:1]
        found = compare.compare([*trials({}), *other], params(), "code", None)
        assert len(found.rows) == 25
        assert found.keys == (*GRID, "filters")
        assert len(found.factorial) == 24

    def test_effects_of_a_full_grid_are_eta_squared(self):
        known = trials({"layers": {3: 0.2, 4: 0.1}, "dropout": {0.4: 0.05}})
        found, left = compare.effects(compare.compare(known, params(), "code", None))
        assert [effect.key for effect in found[:2]] == ["layers", "dropout"]
        variance = {"layers": (0.2**2 + 0.1**2) / 3 - (0.3 / 3) ** 2, "dropout": 0.025**2}
        total = sum(variance.values())
        assert found[0].by_line == pytest.approx(variance["layers"] / total)
        assert found[1].by_line == pytest.approx(variance["dropout"] / total)
        assert found[2].by_line == pytest.approx(0, abs=1e-9)
        assert left[0] == pytest.approx(0, abs=1e-9)
        assert found[0].means["3"] == pytest.approx((0.725, 0.625, 8))
        assert list(found[0].means) == ["2", "3", "4"]

    def test_effects_compare_at_equal_others_where_combinations_are_missing(self):
        known = trials({"layers": {3: 0.2}, "dropout": {0.4: 0.1}})
        # Of three layers only those without dropout: plain means would take the one for the other.
        kept = [each for each in known if not (each.params["layers"] == 3 and each.params["dropout"] == 0.4)]
        found, _ = compare.effects(compare.compare(kept, params(), "code", None))
        means = {effect.key: effect.means for effect in found}
        assert means["layers"]["3"][0] - means["layers"]["2"][0] == pytest.approx(0.2)
        assert means["dropout"]["0.4"][0] - means["dropout"]["0"][0] == pytest.approx(0.1)

    def test_a_combination_of_parameters_is_what_is_left(self):
        known = [
            Trial(each.name, each.rev, "done", each.params, "code", None, Scores(y, y, 1, 1, None, None))
            for each in trials({})
            for y in [0.5 + 0.1 * (each.params["dropout"] > 0) * (1 if each.params["optimizer"] == "adam" else -1)]
        ]
        found, left = compare.effects(compare.compare(known, params(), "code", None))
        assert left[0] == pytest.approx(0.5)
        assert next(effect for effect in found if effect.key == "optimizer").by_line == pytest.approx(0.5)

    @pytest.mark.parametrize("count", [1, 3])
    def test_too_few_trials_say_nothing(self, count: int):
        found, left = compare.effects(compare.compare(trials({})[:count], params(), "code", None))
        assert found == []
        assert math.isnan(left[0])

    def test_all_the_same_explains_nothing(self):
        found, left = compare.effects(compare.compare(trials({}), params(), "code", None))
        assert {effect.by_line for effect in found} == {0.0}
        assert left[0] == pytest.approx(0, abs=1e-9)

    def test_the_reference_is_compared_pair_by_pair(self):
        known = trials({"layers": {4: 0.02}, "optimizer": {"sgd": -0.1}})
        comparison = compare.compare(known, params(), "code", None)
        found = {(key, other): (difference, pairs) for key, _, other, difference, _, pairs in _against(comparison)}
        assert found["layers", "4"] == (pytest.approx(0.02), 8)
        assert found["layers", "2"] == (pytest.approx(0.0), 8)
        assert found["optimizer", "sgd"] == (pytest.approx(-0.1), 12)
        table = report.reference(comparison)
        assert "adam is better" in table
        assert "4 is better" in table
        assert "cannot be told apart" in table

    def test_the_pair_with_and_without_dropout_is_that_of_the_best(self):
        comparison = compare.compare(trials({"layers": {3: 0.2}, "kernel_size": {5: 0.1}}), params(), "code", None)
        pair = compare.dropout_pair(comparison)
        assert [trial.params["dropout"] for trial in pair] == [0.4, 0.0]
        assert {(trial.params["layers"], trial.params["kernel_size"]) for trial in pair} == {(3, 5)}
        assert {trial.name for trial in pair} <= {trial.name for trial in report.chosen(comparison, [])}

    def test_unknown_and_too_many_curves_are_refused(self):
        comparison = compare.compare(trials({}), params(), "code", None)
        with pytest.raises(InputError, match="--curves nix: no such experiment"):
            report.chosen(comparison, ["nix"])
        with pytest.raises(InputError, match="take up to 20"):
            report.chosen(comparison, [row.name for row in comparison.rows])

    def test_pictures_of_a_grid_and_of_one_trial(self, tmp_path: Path):
        for count in (24, 1):
            comparison = compare.compare(trials({"layers": {3: 0.2}})[:count], params(), "code", None)
            pictures.values(comparison, compare.effects(comparison)[0], tmp_path / "values.png")
            pictures.seconds(comparison, tmp_path / "seconds.png")
            pictures.curves({"a": {"train loss": [1.0, 0.5]}} if count > 1 else {}, tmp_path / "curves.png")
            assert {path.name for path in tmp_path.iterdir()} == {"values.png", "seconds.png", "curves.png"}


def test_a_parameter_of_the_grid_is_not_set_for_all(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    with pytest.raises(InputError, match=r"^-S layers=2: the grid holds values of layers, .*--only layers="):
        cli.main(lambda path: YAML(typ="safe").load(path.read_text()), check, ["--dry-run", "-S", "layers=2"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--random", "99"], "--random 99: there are only 24 combinations to draw from; all are taken\n"),
        (["--random", "99", "--seeds", "2"], "--random 99: there are only 24 combinations to draw from"),
        (["--random", "13", "--only", "dropout=0"], "--random 13: there are only 12 combinations to draw from"),
        (["--random", "24"], "24 combinations: 0 of 24 done"),
    ],
)
def test_more_at_random_than_there_are_is_told(arguments, said, monkeypatch: pytest.MonkeyPatch, capsys):
    monkeypatch.chdir(ROOT)
    monkeypatch.setattr(cli.trials, "read", list)
    assert cli.main(lambda _: params(), check, ["--dry-run", *arguments]) == 0
    assert capsys.readouterr().out.startswith(said)


def test_how_long_it_takes_is_told_by_the_runs_so_far_or_that_there_are_none(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    monkeypatch.chdir(ROOT)

    def told(known: list[Trial]) -> str:
        monkeypatch.setattr(cli.trials, "read", lambda: known)
        cli.main(lambda _: params(), check, ["--dry-run"])
        return capsys.readouterr().out.splitlines()[0]

    assert told([]).endswith(", 24 to run, how long cannot be told yet, as no run has been timed")
    known = trials({})
    assert told(known[:1]).endswith(", 24 to run, about 4 min of training, by the runs so far")  # 10 s each
    done = [dataclasses.replace(each, code=cli.trials.code_now()) for each in known]
    assert told(done) == "24 combinations: 24 of 24 done, 0 to run"


def test_a_reader_that_has_read_enough_ends_it_without_a_word():
    read, write = os.pipe()
    os.close(read)
    command = [sys.executable, "-m", "stages.tune", "--dry-run"]
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_guess_is_of_fits_of_the_same_length_or_by_crops():
    known = trials({})[:2]  # 10 and 11 s
    assert cli.guess(known, params()) == pytest.approx(10.5)
    assert cli.guess(known, params(epochs=params()["epochs"] * 2)) == pytest.approx(21)
    assert cli.guess([], params()) is None


def test_a_workspace_that_a_kill_left_in_the_middle_of_queueing_is_put_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def git(*arguments: str) -> str:
        done = subprocess.run(["git", *arguments], capture_output=True, text=True, check=True)
        return done.stdout.strip()

    monkeypatch.chdir(tmp_path)
    git("init", "--quiet", "-b", "work")
    git("config", "user.name", "t")
    git("config", "user.email", "t@t.invalid")
    for name in ("mine", "params.yaml"):
        (tmp_path / name).write_text("old\n")
    git("add", "mine", "params.yaml")
    git("commit", "--quiet", "-m", "first")
    (tmp_path / "mine").write_text("not committed\n")
    with workspace.kept():
        note = (tmp_path / workspace._NOTE).read_text()
    assert (tmp_path / "mine").read_text() == "not committed\n"

    # As DVC does for each experiment, up to where it was killed.
    git("stash")
    git("checkout", "--quiet", "--detach")
    (tmp_path / "params.yaml").write_text("of an experiment\n")
    (tmp_path / workspace._NOTE).write_text(note)
    workspace.put_back()
    assert (tmp_path / "mine").read_text() == "not committed\n"
    assert (tmp_path / "params.yaml").read_text() == "old\n"
    assert git("symbolic-ref", "HEAD") == "refs/heads/work"
    assert git("stash", "list") == ""
    assert json.loads(note)["branch"] == "refs/heads/work"
    (tmp_path / "mine").write_text("later\n")
    workspace.put_back()  # the note is used once
    assert (tmp_path / "mine").read_text() == "later\n"


def _against(comparison: compare.Comparison) -> list[tuple[str, str, str, float, float, int]]:
    found = compare.against_reference(comparison)
    assert all(key in GRID for key, *_ in found)
    assert len({(key, other) for key, _, other, *_ in found}) == len(found)
    assert len(found) == len(list(itertools.chain(*GRID.values()))) - len(GRID)
    return found
