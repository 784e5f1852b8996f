"""Scores of hands that were never seen: worked examples, scikit-learn's figures, and those of `lir` 1.3.1."""

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from writerid.scores import open_set, ratio_fitting, resampling, retrieval, verification
from writerid.scores.open_set import Answers

Draw = Callable[..., tuple[np.ndarray, np.ndarray, np.ndarray]]


@pytest.fixture
def draw() -> Draw:
    def draw(writers: int = 12, forms: int = 3, lines: int = 4, spread: float = 0.8, seed: int = 0):
        """Vectors of length 1, float64 (documents, 8), their writers and their forms."""
        rng = np.random.default_rng(seed)
        form = np.repeat(np.arange(writers * forms), lines)
        writer = form // forms
        vectors = rng.normal(size=(writers, 8))[writer] + spread * rng.normal(size=(len(form), 8))
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True), writer, form

    return draw


def unit(*degrees: float) -> np.ndarray:
    angle = np.radians(degrees)
    return np.column_stack([np.cos(angle), np.sin(angle)])


def test_retrieval_by_hand():
    """Documents on a circle, so that the nearest are those of the least angle between."""
    vectors = unit(0, 1, 10, 20, 31)
    writers, forms = np.array([0, 0, 1, 0, 0]), np.array([0, 0, 1, 2, 3])
    found = retrieval.search(vectors, writers, forms)
    # at 0: never 1, which is of its own form; then 10 (another's), 20, 31. At 20: 10, 31, 1, 0.
    np.testing.assert_array_equal(found.document, [0, 1, 3, 4])
    np.testing.assert_array_equal(found.gallery, [3, 3, 4, 4])
    np.testing.assert_array_equal(found.relevant, [2, 2, 3, 3])
    precision = [(1 / 2 + 2 / 3) / 2, (1 / 2 + 2 / 3) / 2, (1 / 2 + 2 / 3 + 3 / 4) / 3, (1 + 2 / 3 + 3 / 4) / 3]
    np.testing.assert_allclose(found.average_precision, precision)
    np.testing.assert_array_equal(found.first, [False, False, False, True])
    np.testing.assert_array_equal(found.first_two, [False, False, False, False])


def test_hard_top_2_needs_both_and_asks_only_where_there_are_two():
    vectors = unit(0, 1, 2, 50, 51)
    writers, forms = np.array([0, 0, 0, 1, 1]), np.arange(5)
    found = retrieval.search(vectors, writers, forms)
    np.testing.assert_array_equal(found.first_two, [True, True, True, False, False])
    assert retrieval.summary(found, writers)["hard_top2"] == 1


def test_average_precision_is_scikit_learns(draw: Draw):
    vectors, writers, forms = draw(spread=1.5)
    found = retrieval.search(vectors, writers, forms)
    assert len(found.document) == len(vectors)
    for document, precision in zip(found.document, found.average_precision, strict=True):
        others = forms != forms[document]
        expected = average_precision_score(writers[others] == writers[document], vectors[others] @ vectors[document])
        assert precision == pytest.approx(expected)


def test_documents_that_are_all_alike_are_not_found_by_luck():
    found = retrieval.search(np.ones((6, 1)), np.arange(6) // 2, np.arange(6))
    assert not found.first.any()


def test_intervals_of_retrieval_are_over_writers_and_not_documents(draw: Draw):
    """Nine more copies of what each query found are no new evidence."""
    vectors, writers, forms = draw(spread=1.5)
    found = retrieval.search(vectors, writers, forms)
    copies = retrieval.Queries(*(np.tile(getattr(found, field), 10) for field in found.__dataclass_fields__))
    once, many = retrieval.summary(found, writers), retrieval.summary(copies, writers)
    for name in ("map", "top1", "hard_top2"):
        assert [many[f"{name}{end}"] for end in ("_low", "", "_high")] == pytest.approx(
            [once[f"{name}{end}"] for end in ("_low", "", "_high")]
        )
        assert once[f"{name}_low"] < once[name] < once[f"{name}_high"]


# lir.metrics.cllr and cllr_min of version 1.3.1 give these for these ratios (0.3 stands on both sides).
SAME = np.repeat([True, False], [4, 6])
RATIOS = np.array([2.0, 1.1, 0.3, -0.2, 0.5, -0.4, -0.9, -1.3, -2.1, 0.3])
CLLR, CLLR_MIN = 0.6248185489033846, 0.4045627476894453


def shares(scores: np.ndarray, same: np.ndarray) -> verification.Weights:
    return verification.weigh(np.unique(scores, return_inverse=True)[1], same)


def test_cllr_is_lirs():
    assert verification.cllr(RATIOS, SAME) == pytest.approx(CLLR)
    assert verification.cllr_min(shares(RATIOS, SAME)) == pytest.approx(CLLR_MIN)
    assert verification.cllr(np.zeros(10), SAME) == pytest.approx(1)


def test_cllr_min_is_that_of_scikit_learns_isotonic_regression(draw: Draw):
    made = verification.pairs(*draw(spread=1.5))
    weights = np.where(made.same, 1 / made.same.sum(), 1 / (~made.same).sum())
    probability = IsotonicRegression(y_min=0, y_max=1).fit(made.score, made.same, weights).predict(made.score)
    with np.errstate(divide="ignore"):
        expected = verification.cllr(np.log10(probability / (1 - probability)), made.same)
    assert verification.cllr_min(shares(made.score, made.same)) == pytest.approx(expected)


def test_the_equal_error_rate_by_hand():
    """Of four pairs of each kind one is on the wrong side; where no threshold makes both errors equal, between two."""
    same = np.repeat([True, False], 4)
    assert verification.eer(shares(np.array([9, 8, 7, 2, 1, 3, 0, 0]), same)) == pytest.approx(0.25)
    assert verification.eer(shares(np.array([9, 8, 7, 6, 1, 3, 0, 0]), same)) == 0
    assert verification.eer(shares(np.array([1, 0]), np.array([False, True]))) == 1
    assert verification.eer(shares(np.zeros(8), same)) == pytest.approx(0.5)


def test_the_equal_error_rate_lies_on_scikit_learns_curve(draw: Draw):
    made = verification.pairs(*draw(spread=1.5))
    alarms, hits, _ = roc_curve(made.same, made.score, drop_intermediate=False)
    rate = verification.eer(shares(made.score, made.same))
    assert rate == pytest.approx(1 - np.interp(rate, alarms, hits), abs=1e-9)
    assert 0.02 < rate < 0.5


def test_pairs_are_of_different_forms(draw: Draw):
    vectors, writers, forms = draw(writers=4, forms=2, lines=3)
    made = verification.pairs(vectors, writers, forms)
    assert len(made.score) == 24 * 23 // 2 - 8 * 3
    assert made.same.sum() == 4 * 3 * 3


def test_cllr_is_left_out_where_ratios_are_unknown(draw: Draw):
    made = verification.pairs(*draw(writers=2))
    found = verification.summary(made, np.full(len(made.score), np.nan), 10, np.random.default_rng(0))
    assert "cllr" not in found
    assert "cllr_min" in found


def test_figures_of_verification(draw: Draw):
    made = verification.pairs(*draw(spread=1.2))
    found = verification.summary(made, ratio_fitting.crossed(made), 100, np.random.default_rng(0))
    assert (found["same_pairs"], found["different_pairs"]) == (made.same.sum(), (~made.same).sum())
    for name in ("eer", "cllr", "cllr_min", "cllr_cal"):
        assert found[f"{name}_low"] < found[name] < found[f"{name}_high"]
    assert found["cllr"] == pytest.approx(found["cllr_min"] + found["cllr_cal"])
    assert found["cllr_min"] <= found["cllr"] < 1


def answers(confidence: list[float], right: list[bool]) -> Answers:
    return Answers(np.array(confidence), np.arange(len(right)), np.array(right))


def test_the_identification_rate_by_hand():
    """Of ten strangers' documents one may pass at 10 %: the threshold is then the second surest's confidence."""
    known = answers([0.95, 0.9, 0.7, 0.5], [True, False, True, True])
    strangers = np.array([0.8, 0.6, *[0.1] * 8])
    assert open_set.identification_rate(known, strangers, 0.1) == 0.5
    assert open_set.identification_rate(known, strangers, 0.05) == 0.25
    assert open_set.identification_rate(known, strangers, 0.2) == 0.75


def test_a_document_as_sure_as_a_refused_stranger_is_refused():
    assert open_set.identification_rate(answers([0.5], [True]), np.array([0.5]), 0.01) == 0


def test_accuracy_by_coverage_by_hand():
    known = answers([0.9, 0.8, 0.7, 0.6], [True, True, False, True])
    found = open_set.accuracy_by_coverage(known)
    assert list(found) == ["0.5", "0.8", "0.9", "0.95", "1"]
    assert (found["0.5"], found["0.8"], found["1"]) == pytest.approx((1, 2 / 3, 0.75))


def test_the_curve_of_coverage_by_hand():
    known = answers([0.9, 0.8, 0.7, 0.6], [True, True, False, True])
    share, right = open_set.coverage([known])
    assert list(share[[0, 9, 14, 19]]) == pytest.approx([0.05, 0.5, 0.75, 1])
    assert list(right[[0, 4, 9, 14, 19]]) == pytest.approx([1, 1, 1, 2 / 3, 3 / 4])
    both = open_set.coverage([known, answers([0.85, 0.1], [False, False])])[1]  # each stranger's counts for two
    assert list(both[[0, 7, 9, 19]]) == pytest.approx([1, 0.5, 0.5, 3 / 8])


def test_auroc_is_scikit_learns_with_weights_and_with_documents_as_sure():
    rng = np.random.default_rng(0)
    known, strangers = np.round(rng.normal(1, 1, 60), 1), np.round(rng.normal(0, 1, 40), 1)
    weights = rng.integers(0, 3, 100).astype(float)
    expected = roc_auc_score(np.arange(100) < 60, np.concatenate([known, strangers]), sample_weight=weights)
    assert open_set.auroc(known, strangers, weights[:60], weights[60:]) == pytest.approx(expected, abs=1e-12)


def test_figures_of_the_open_set():
    rng = np.random.default_rng(0)
    writers = np.repeat(np.arange(20), 5)
    known = Answers(rng.normal(1.5, 1, 100), writers, rng.random(100) < 0.9)
    strangers = Answers(rng.normal(0, 1, 100), writers, np.zeros(100, bool))
    found = open_set.summary(known, strangers, 100, rng)
    assert found["auroc"] == pytest.approx(np.mean(known.confidence[:, None] > strangers.confidence))
    for name in ("auroc", "identified_at_0.01", "identified_at_0.05"):
        low, value, high = (found[key] for key in (f"{name}_low", name, f"{name}_high"))
        assert low <= value <= high  # type: ignore[operator]


def test_intervals_of_verification_are_those_of_pairs_that_are_drawn_again(draw: Draw):
    """By hand: each resample's pairs are written out as often as their writers are drawn."""
    made = verification.pairs(*draw(writers=6, forms=2, lines=2, spread=1.2))
    ratios = ratio_fitting.crossed(made)
    found = verification.summary(made, ratios, 50, np.random.default_rng(3))
    rates, costs = [], []
    for row in resampling.draws(6, 50, np.random.default_rng(3)):
        one, other = made.writers.T
        again = np.repeat(np.arange(len(one)), np.where(made.same, row[one], row[one] * row[other]))
        rates.append(verification.eer(shares(made.score[again], made.same[again])))
        costs.append(verification.cllr(ratios[again], made.same[again]))
    assert [found["eer_low"], found["eer_high"]] == pytest.approx(np.percentile(rates, [2.5, 97.5]), abs=0.005)
    assert [found["cllr_low"], found["cllr_high"]] == pytest.approx(np.percentile(costs, [2.5, 97.5]))
