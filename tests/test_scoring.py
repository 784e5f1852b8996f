"""Figures, against their definitions by hand and against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, log_loss, top_k_accuracy_score

from writerid.scores.confusion import counts, pairs, recall
from writerid.scores.decisions import (
    Decisions,
    accuracy,
    baselines,
    ece,
    figures,
    log_softmax,
    nll,
    ranks,
    vote,
)


@pytest.fixture
def decisions() -> Decisions:
    rng = np.random.default_rng(0)
    forms = np.repeat(np.arange(40), 5)
    labels = forms % 8
    logits = rng.normal(size=(200, 8)) + 2 * np.eye(8)[labels]
    return Decisions(log_softmax(logits), labels, forms)


def test_log_softmax_is_stable():
    log_probs = log_softmax(np.array([[1000.0, 0.0], [-1000.0, -1000.0]], np.float32))
    np.testing.assert_allclose(np.exp(log_probs).sum(axis=1), 1)
    np.testing.assert_allclose(log_probs[1], np.log([0.5, 0.5]))


def test_accuracy_and_nll_are_scikit_learns(decisions: Decisions):
    probabilities = np.exp(decisions.log_probs)
    for k in (1, 5):
        expected = top_k_accuracy_score(decisions.labels, probabilities, k=k)
        assert np.mean(ranks(decisions.log_probs, decisions.labels) < k) == pytest.approx(expected)
    assert accuracy(decisions.log_probs, decisions.labels) == np.mean(ranks(decisions.log_probs, decisions.labels) < 1)
    assert nll(decisions.log_probs, decisions.labels) == pytest.approx(log_loss(decisions.labels, probabilities))


def test_an_undecided_network_is_not_right_by_luck():
    assert accuracy(np.zeros((3, 4)), np.zeros(3, int)) == 0


def test_vote_is_the_mean_log_probability():
    log_probs = np.log([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
    voted = np.exp(vote(log_probs, np.array([0, 0, 1])))
    geometric = np.sqrt([0.9 * 0.2, 0.1 * 0.8])
    np.testing.assert_allclose(voted, np.stack([geometric / geometric.sum(), np.array([0.3, 0.7])]))


def test_ece_by_hand():
    log_probs = np.log([[0.9, 0.1], [0.9, 0.1], [0.6, 0.4], [0.6, 0.4]])
    assert ece(log_probs, np.array([0, 1, 0, 0])) == pytest.approx((abs(1 - 1.8) + abs(2 - 1.2)) / 4)


def test_a_calibrated_network_has_a_small_ece():
    rng = np.random.default_rng(0)
    probabilities = rng.dirichlet(np.ones(5), 20_000)
    labels = np.array([rng.choice(5, p=p) for p in probabilities])
    assert ece(np.log(probabilities), labels) < 0.015


def test_figures(decisions: Decisions):
    found = figures(decisions)
    predicted = decisions.log_probs.argmax(axis=1)
    assert found["items"] == 200
    assert found["accuracy"] == pytest.approx(np.mean(predicted == decisions.labels))
    assert found["balanced_accuracy"] == pytest.approx(balanced_accuracy_score(decisions.labels, predicted))
    assert found["macro_f1"] == pytest.approx(f1_score(decisions.labels, predicted, average="macro"))
    for name in ("accuracy", "top5_accuracy", "balanced_accuracy", "balanced_top5_accuracy"):
        assert found[f"{name}_low"] < found[name] < found[f"{name}_high"]
    for prefix in ("", "balanced_"):
        for bound in ("", "_low", "_high"):
            assert found[f"{prefix}top5_accuracy{bound}"] > found[f"{prefix}accuracy{bound}"]


def test_balanced_accuracy_is_the_mean_over_writers_whoever_wrote_most():
    labels = np.repeat([0, 1, 2], [90, 6, 4])
    log_probs = np.log(np.full((100, 3), 0.1) + 0.7 * np.eye(3)[np.where(labels == 0, 0, 2)])
    found = figures(Decisions(log_probs, labels, np.arange(100) // 2))
    assert found["balanced_accuracy"] == pytest.approx((1 + 0 + 1) / 3)
    assert found["accuracy"] == pytest.approx(0.94)
    assert found["balanced_accuracy_high"] - found["balanced_accuracy_low"] > 0.2  # so few forms are of the two others


def test_intervals_are_over_forms_and_not_over_crops(decisions: Decisions):
    """Ten copies of every crop are no new evidence; forms of their own are."""
    once = figures(decisions)
    log_probs, labels, forms = (
        np.repeat(array, 10, axis=0) for array in (decisions.log_probs, decisions.labels, decisions.forms)
    )
    copies = figures(Decisions(log_probs, labels, forms))
    assert [copies[f"accuracy{bound}"] for bound in ("_low", "_high")] == pytest.approx(
        [once[f"accuracy{bound}"] for bound in ("_low", "_high")]
    )
    apart = figures(Decisions(log_probs, labels, np.arange(2000)))
    assert apart["accuracy_high"] - apart["accuracy_low"] < 0.5 * (once["accuracy_high"] - once["accuracy_low"])


def test_grouping(decisions: Decisions):
    by_form = decisions.grouped(decisions.forms)
    assert len(by_form.labels) == 40
    np.testing.assert_array_equal(by_form.labels, np.arange(40) % 8)
    assert accuracy(by_form.log_probs, by_form.labels) > accuracy(decisions.log_probs, decisions.labels)


def test_baselines():
    found = baselines({"line": np.array([0, 1, 1, 2])}, classes=10, largest=1)
    assert found == {"chance": {"accuracy": 0.1, "top5_accuracy": 0.5}, "largest_writer": {"line": 0.5}}


def test_confusion_and_the_worst_pairs():
    labels = np.array([0, 0, 0, 0, 1, 1])
    predicted = np.array([0, 0, 0, 1, 2, 1])
    table = counts(predicted, labels, 3)
    np.testing.assert_array_equal(table, [[3, 1, 0], [0, 1, 1], [0, 0, 0]])
    np.testing.assert_allclose(recall(table), np.array([[0.75, 0.25, 0], [0, 0.5, 0.5], [0, 0, 0]]))
    assert pairs(recall(table)) == [(1, 2, 0.5), (0, 1, 0.25)]
    assert pairs(np.eye(3)) == []
