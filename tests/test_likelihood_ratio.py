"""Likelihood ratios: worked examples, numbers of `lir` 1.3.1, and that few writers never claim much."""

import json
import subprocess
import sys
from collections.abc import Callable

import numpy as np
import pytest

from tests.conftest import ROOT
from writerid.scores import ratio_curves, ratio_fitting, verification
from writerid.scores.likelihood_ratio import Calibrator, log10_ratio, number, plain, restored
from writerid.scores.verification import Pairs

# Bounds that lir.algorithms.bayeserror.elub of version 1.3.1 gives, on a grid of 0.01.
ELUB: dict[str, tuple[list[float], list[float], tuple[float, float]]] = {
    "few": ([2.0, 1.1, 0.3, -0.2], [0.5, -0.4, -0.9, -1.3, -2.1, 0.3], (-0.15, 0.14)),
    "some": ([*np.linspace(0.2, 6, 40)], [*np.linspace(-6, 0.3, 90)], (-1.46, 1.80)),
    "apart": ([5.0] * 20, [-5.0] * 45, (-1.31, 1.64)),
}


@pytest.mark.parametrize("name", ELUB)
def test_bounds_are_lirs(name: str):
    same, different, expected = ELUB[name]
    kind = np.repeat([1.0, 0.0], [len(same), len(different)])
    found = ratio_fitting.bounds(np.array(same + different), kind, 1 - kind)
    assert found == pytest.approx(expected, abs=0.0101)


def test_ratios_that_mislead_are_bounded_to_0():
    kind = np.repeat([1.0, 0.0], [3, 3])
    assert ratio_fitting.bounds(np.array([-2.0, -1, -1, 1, 1, 2]), kind, 1 - kind) == (0, 0)


def test_the_line_is_lirs_where_sources_are_many():
    """lir.algorithms.logistic_regression.LogitCalibrator(C=1e9) of version 1.3.1, on the same numbers."""
    rng = np.random.default_rng(0)
    score = np.round(np.concatenate([rng.normal(0.6, 0.2, 40), rng.normal(0, 0.2, 300)]), 3)
    kind = np.repeat([1e6, 0.0], [40, 300])
    slope, intercept = ratio_fitting.line(score, kind, 1e6 - kind)
    found = intercept + slope * np.array([0, 0.3, 0.6])
    np.testing.assert_allclose(found, [-2.35756222, -0.16836758, 2.02082707], atol=1e-3)


def test_the_line_is_the_true_ratio_of_two_normal_distributions():
    """Of means 0.6 and 0 and deviation 0.2 the natural logarithm of the ratio is 0.6 / 0.2**2 * (score - 0.3)."""
    score = np.linspace(-1, 1.6, 2001)
    own, theirs = (np.exp(-(((score - mean) / 0.2) ** 2) / 2) for mean in (0.6, 0.0))
    slope, intercept = ratio_fitting.line(score, 1e6 * own, 1e6 * theirs)
    assert (slope, intercept) == pytest.approx((15 / np.log(10), -4.5 / np.log(10)), rel=1e-3)


def test_scores_that_say_nothing_or_the_contrary_get_a_ratio_of_1():
    flat, one = np.ones(4), np.array([0.0, 0, 1, 1])
    assert ratio_fitting.line(np.arange(4.0), flat, flat) == pytest.approx((0, 0))
    assert ratio_fitting.line(np.arange(4.0), 1 - one, one) == (0, 0)
    assert ratio_fitting.line(np.ones(1), flat[:1], flat[:1]) == (0, 0)


Make = Callable[..., Pairs]


@pytest.fixture
def make() -> Make:
    def make(writers: int = 10, forms: int = 3, copies: int = 1, spread: float = 0.8, seed: int = 0) -> Pairs:
        rng = np.random.default_rng(seed)
        form = np.repeat(np.arange(writers * forms), copies)
        hands = rng.normal(size=(writers, 8))
        sheets = hands[np.arange(writers * forms) // forms] + spread * rng.normal(size=(writers * forms, 8))
        vectors = sheets[form] / np.linalg.norm(sheets[form], axis=1, keepdims=True)
        return verification.pairs(vectors, form // forms, form)

    return make


def fit(pairs: Pairs, resamples: int = 100) -> Calibrator:
    found = ratio_fitting.fit(pairs, "made up", resamples, np.random.default_rng(0))
    assert found is not None
    return found


@pytest.mark.parametrize("writers", [3, 10, 30])
def test_few_writers_never_claim_much_however_far_apart_they_are(make: Make, writers: int):
    found = fit(make(writers, spread=0.001))
    assert np.isfinite(found[:4]).all()
    assert found.upper <= np.log10(writers * (writers - 1) / 2 + 1)
    assert found.lower >= -np.log10(writers + 1)
    assert found.upper > 0.5 * np.log10(writers * (writers - 1) / 2 + 1)  # but something


def test_more_pairs_of_the_same_writers_claim_no_more(make: Make):
    once, often = fit(make()), fit(make(copies=3))
    assert once[:4] == pytest.approx(often[:4], abs=0.05)
    np.testing.assert_allclose(once.resampled, often.resampled, atol=0.2)


def test_the_interval_is_over_writers_and_within_the_bounds(make: Make):
    found = fit(make())
    scores = np.linspace(-1, 1, 21)
    ratio = log10_ratio(found, scores)
    assert (ratio.low <= ratio.value).all()
    assert (ratio.value <= ratio.high).all()
    assert (np.diff(ratio.value) >= 0).all()
    assert (ratio.low[0], ratio.high[-1]) == (found.lower, found.upper)
    more = fit(make(writers=60))
    wide, narrow = (each.high - each.low for each in (log10_ratio(own, 0.4) for own in (found, more)))
    assert narrow < wide
    one = log10_ratio(found, 0.5)
    assert one.value.shape == one.low.shape == ()
    assert float(one.value) == pytest.approx(ratio.value[15])


def test_of_too_few_writers_nothing_is_fitted(make: Make):
    rng = np.random.default_rng(0)
    assert ratio_fitting.fit(make(writers=2), "", 10, rng) is None
    assert ratio_fitting.fit(make(writers=9, forms=1), "", 10, rng) is None
    assert ratio_fitting.fit(make(writers=1, forms=9), "", 10, rng) is None
    assert np.isnan(ratio_fitting.crossed(make(writers=4))).any()
    assert np.isfinite(ratio_fitting.crossed(make(writers=5))).all()
    assert len(fit(make(writers=3)).resampled) > 10


def test_ratios_are_fitted_on_other_writers(make: Make):
    """What the writers of a pair are like does not move the ratio that the pair's score is given."""
    made = make(writers=12)
    before = ratio_fitting.crossed(made)
    assert np.isfinite(before).all()
    theirs = np.isin(made.writers, (0, 10))  # all of one fold
    moved = Pairs(np.where(theirs.any(axis=1), 0.3 * made.score, made.score), made.writers)
    inside = theirs.all(axis=1)
    after = ratio_fitting.crossed(Pairs(np.where(inside, made.score, moved.score), made.writers))
    np.testing.assert_allclose(after[inside], before[inside], atol=0.01)
    assert verification.cllr(before, made.same) < 0.7


SAME = np.repeat([True, False], [4, 6])
RATIOS = np.array([2.0, 1.1, 0.3, -0.2, 0.5, -0.4, -0.9, -1.3, -2.1, 0.3])


def test_cross_entropy_is_lirs():
    """lir.plotting.expected_calibration_error.calculate_ece of version 1.3.1, with the ratios, PAV's, and without."""
    found = ratio_curves.by_prior(RATIOS, SAME)
    at = [np.flatnonzero(np.isclose(found.log10_odds, odds))[0] for odds in (-2, -1, 0, 1, 2)]
    expected = (
        (0.05595888, 0.28607636, 0.62481855, 0.27333547, 0.05475541),
        (0.03718988, 0.19467387, 0.40456275, 0.16353458, 0.02863469),
        (0.08013605, 0.43949699, 1, 0.43949699, 0.08013605),
    )
    np.testing.assert_allclose([curve[at] for curve in found[1:]], expected, atol=1e-7)


def test_tippetts_curves_by_hand():
    found = ratio_curves.tippett(RATIOS, SAME)
    assert (found.same[0], found.different[0], found.same[-1], found.different[-1]) == (1, 1, 0, 0)
    at = np.searchsorted(found.log10_ratio, 0.3)
    assert (found.same[at], found.different[at]) == (0.5, pytest.approx(1 / 6))
    exact = ratio_curves.tippett(np.array([-0.9, 0.9]), np.array([False, True]))
    assert exact.same[exact.log10_ratio <= 0.9 + 1e-9][-1] == 1  # "at least" so high
    assert ratio_curves.misleading(RATIOS, SAME) == (1 / 4, 2 / 6)
    assert ratio_curves.misleading(np.zeros(10), SAME) == (0, 0)


def test_it_can_be_kept_as_json(make: Make):
    found = fit(make(), 5)
    again = restored(json.loads(json.dumps(plain(found))))
    np.testing.assert_array_equal(again.resampled, found.resampled)
    assert again._replace(resampled=found.resampled) == found


@pytest.mark.parametrize(
    "change",
    [
        {"slope": None},
        {"slope": -1.0},
        {"lower": 1.0},
        {"upper": float("nan")},
        {"resampled": []},
        {"resampled": [[1, 0, -1]]},
        {"resampled": [[1, 0, -1, -1]]},
        {"writers": "many"},
    ],
)
def test_what_is_no_calibrator_is_refused(change: dict[str, object]):
    content = {"slope": 1, "intercept": 0, "lower": -1, "upper": 1, "resampled": [[1, 0, -1, 1]], "writers": 3}
    assert restored({**content, "population": ""}).upper == 1
    with pytest.raises(ValueError, match="no calibrator"):
        restored({**content, "population": "", **change})
    with pytest.raises(ValueError, match="no calibrator: KeyError"):
        restored(content)


def test_to_apply_one_takes_numpy_alone():
    told = (
        "import sys, writerid.scores.likelihood_ratio as m;print({'scipy', 'sklearn', 'keras', 'dvc'} & {*sys.modules})"
    )
    found = subprocess.run([sys.executable, "-c", told], cwd=ROOT / "src", capture_output=True, check=True)
    assert found.stdout.strip() == b"set()"


@pytest.mark.parametrize(("log10", "told"), [(0, "1.0"), (0.5, "3.2"), (0.998, "10"), (1.6, "40"), (3.1, "1,300")])
def test_ratios_have_two_digits(log10: float, told: str):
    assert number(log10) == told
