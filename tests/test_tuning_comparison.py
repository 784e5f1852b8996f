"""What a comparison of experiments says: what counts, what matters, what is better."""

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from tests.a_grid import GRID, SOURCE, params, runs
from writerid.tuning import compare, experiments


def compared(known: pd.DataFrame, any_code: bool = False, **changes: Any) -> compare.Comparison:
    return compare.compare(known, params(**changes), SOURCE, {"top_writers", "split.group_by"}, any_code=any_code)


def test_best_first():
    found = compared(runs({"layers": {3: 0.2}, "dropout": {0.4: 0.1}}))
    assert list(found.rows["by_line"]) == sorted(found.rows["by_line"], reverse=True)
    assert found.rows["name"].iloc[0].startswith("layers-3") and found.rows["name"].iloc[0].endswith("dropout-0.4")
    assert found.keys == list(GRID)


def test_seeds_are_one_row_with_mean_and_spread():
    found = compared(runs({"seed": {1: 0.03}}, seeds=2))
    assert len(found.rows) == 24
    assert found.rows["by_line"].iloc[0] == pytest.approx(0.515)
    assert found.rows["spread"].iloc[0] == pytest.approx(0.03)
    assert "spread" in compare.tables(found) and not found.rows["name"].str.contains("seed").any()


def test_what_cannot_be_compared_is_left_out_and_counted():
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


def test_of_two_that_are_the_same_the_later_counts():
    known = pd.concat([runs({})[:1], runs({"layers": {2: 0.1}})[:1]])
    assert list(compared(known).rows["by_line"]) == [0.6]


def test_runs_of_another_budget_have_a_table_of_their_own():
    longer = runs({"layers": {2: 0.4, 3: 0.4, 4: 0.4}}, epochs=params()["epochs"] * 2)[:2]
    found = compared(pd.concat([longer, runs({})]))
    text = compare.tables(found)
    assert text.count("Fits of ") == 2
    assert text.index("Fits of 38,400 crops") < text.index("Fits of 76,800 crops") < text.rindex("layers-2_kernel-3")
    assert len(found.factorial) == 24


def test_other_parameters_are_in_the_table_with_their_keys():
    found = compared(pd.concat([runs({}), runs({}, filters=8)[:1]]))
    assert len(found.rows) == 25
    assert found.keys == [*GRID, "filters"]
    assert len(found.factorial) == 24


def test_effects_of_a_full_grid_are_eta_squared():
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


def test_effects_compare_at_equal_others_where_combinations_are_missing():
    known = runs({"layers": {3: 0.2}, "dropout": {0.4: 0.1}})
    # Of three layers only those without dropout: plain means would take the one for the other.
    kept = [not (each["layers"] == 3 and each["dropout"] == 0.4) for each in known["params"]]
    found = compare.effects(compared(known[kept])).set_index(["key", "value"])["by_line"]
    assert found["layers", "3"] - found["layers", "2"] == pytest.approx(0.2)
    assert found["dropout", "0.4"] - found["dropout", "0"] == pytest.approx(0.1)


def test_a_combination_of_parameters_is_what_is_left():
    known = runs({})
    cross = [(each["dropout"] > 0) * (1 if each["optimizer"] == "adam" else -1) for each in known["params"]]
    found = compare.effects(compared(known.assign(by_line=0.5 + 0.1 * np.array(cross)))).set_index("key")["share"]
    assert found["combinations, chance"] == pytest.approx(0.5)
    assert found["optimizer"].iloc[0] == pytest.approx(0.5)


@pytest.mark.parametrize("count", [1, 3])
def test_too_few_runs_say_nothing(count: int):
    assert compare.effects(compared(runs({})[:count])).empty


def test_runs_that_leave_two_parameters_mixed_up_say_nothing_and_warn_of_nothing():
    known = runs({})
    mixed = [(each["layers"] == 2) == (each["kernel_size"] == 3) for each in known["params"]]
    with warnings.catch_warnings(action="error"):
        assert compare.effects(compared(known[mixed])).empty


def test_all_the_same_explains_nothing():
    assert set(compare.effects(compared(runs({})))["share"].round(9)) == {0.0}


def test_the_reference_is_compared_pair_by_pair():
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


def test_p_is_corrected_for_the_number_of_comparisons():
    known = runs({"layers": {4: 0.004}})
    known["by_line"] += np.random.default_rng(3).normal(0, 0.005, len(known))
    comparison = compared(known)
    others = ["kernel_size", "optimizer", "dropout"]
    wide = comparison.factorial.pivot(index=others, columns="layers", values="by_line")
    raw = stats.ttest_rel(wide["4"], wide["3"]).pvalue
    found = compare.against_reference(comparison).set_index(["key", "other"])
    assert raw < found.loc[("layers", "4"), "p"] <= 5 * raw


def test_runs_of_two_codes_are_pairs_each_with_its_own():
    older = runs({"layers": {4: 0.04}}).assign(code="old", by_line=lambda t: t["by_line"] - 0.3)
    older["rev"] = "f" + older["rev"].str[1:]
    found = compared(pd.concat([older, runs({"layers": {4: 0.02}})]), any_code=True)
    row = compare.against_reference(found).set_index(["key", "other"]).loc[("layers", "4")]
    assert (row["pairs"], round(row["difference"], 9)) == (16, 0.03)
    shares = compare.effects(found).groupby("key")["share"].first()
    assert shares["code"] > 0.9
    assert len(found.rows) == 48
    assert found.rows["name"].is_unique


def test_two_pairs_have_no_winner():
    known = runs({"layers": {4: 0.02}})
    few = [each["optimizer"] == "adam" and each["kernel_size"] == 3 for each in known["params"]]
    found = compare.against_reference(compared(known[few])).set_index(["key", "other"])
    assert found.loc[("layers", "4"), "pairs"] == 2
    assert found.loc[("layers", "4"), "verdict"] == "too few pairs"
    one = compare.against_reference(compared(known[few][::2]))
    assert set(one["pairs"]) == {1}
    assert "inf" not in compare.markdown(one)


def test_curves_are_of_the_best_and_of_its_like_with_other_dropout():
    comparison = compared(runs({"layers": {3: 0.2}, "kernel_size": {5: 0.1}, "optimizer": {"adam": 0.1}}))
    assert set(compare.best(comparison)) == {f"layers-3_kernel-5_adam_dropout-{value}" for value in ("0", "0.4")}


def test_a_name_under_two_commits_is_two_experiments(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    known = runs({"dropout": {0.4: 0.1}})[:2].assign(name="mine", baseline=["a", "b"], rev=["c" * 40, "d" * 40])
    found = compared(known)
    assert compare.best(found) == {"mine (ccccccc)": "c" * 40, "mine (ddddddd)": "d" * 40}
    assert list(found.rows["name"]) == ["mine (ddddddd)", "mine (ccccccc)"]


@pytest.mark.parametrize("count", [24, 1])
def test_pictures_of_a_grid_and_of_one_run(tmp_path: Path, count: int):
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
