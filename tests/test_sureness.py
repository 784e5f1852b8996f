"""Which writers are confused, and how sure the network is where it is right and where it is wrong."""

import numpy as np
import pytest

from writerid.explain import confusions, sureness


def test_confused_writers_stand_together():
    recall = np.eye(6)
    recall[0] = [0.5, 0, 0, 0, 0, 0.5]
    recall[2] = [0, 0, 0.6, 0.4, 0, 0]
    order = list(confusions.order(recall))
    assert sorted(order) == [0, 1, 2, 3, 4, 5]
    assert abs(order.index(0) - order.index(5)) == 1
    assert abs(order.index(2) - order.index(3)) == 1
    assert list(confusions.order(np.eye(2))) == [0, 1]


def test_entries_of_the_confusion_matrix():
    rows = confusions.entries(np.array([[3, 1], [0, 0]]), ["a", "b"])
    assert rows == [("a", "a", 3, "0.7500", 0, 0), ("a", "b", 1, "0.2500", 0, 1)]


def test_examples_and_reliability():
    probability = np.array([[0.9, 0.1], [0.8, 0.2], [0.45, 0.55], [0.3, 0.7]])
    labels = np.array([0, 1, 1, 1])
    found = sureness.examples(np.log(probability), labels, 2)
    assert [(own.kind, own.number) for own in found] == [
        ("surest_wrong", 1),
        ("least_sure", 2),
        ("least_sure", 3),
        ("surest_right", 0),  # the only one left: no line is shown twice
    ]
    assert found[0].classes == (0, 1)
    one = sureness.examples(np.log(probability), labels, 1)
    assert [own.number for own in one] == [1, 2, 0]
    none_wrong = sureness.examples(np.log(probability), probability.argmax(axis=1), 3)
    assert [(own.kind, own.number) for own in none_wrong] == [
        ("least_sure", 2),
        ("least_sure", 3),
        ("least_sure", 1),
        ("surest_right", 0),
    ]
    six = np.array([[0.9, 0.1], [0.89, 0.11], [0.88, 0.12], [0.2, 0.8], [0.45, 0.55], [0.6, 0.4]])
    right = sureness.examples(np.log(six), six.argmax(axis=1), 2)[2:]
    assert [own.number for own in right] == [0, 3]  # one a writer first


def test_reliability_by_bins_that_hold_enough():
    sure = np.array([0.55] * 3 + [0.7] * 8 + [0.8] * 12 + [0.95] * 4)
    right = np.arange(27) % 3 > 0
    log_probs, labels = np.log(np.column_stack([sure, 1 - sure])), np.where(right, 0, 1)
    bins = sureness.reliability(log_probs, labels, np.arange(27))
    assert [own.items for own in bins] == [11, 16]  # three are too few, and so are the last four
    assert bins[0].confidence == pytest.approx((3 * 0.55 + 8 * 0.7) / 11)
    assert bins[0].accuracy == pytest.approx(right[:11].mean())
    for own in bins:
        assert 0 <= own.low < own.accuracy < own.high <= 1
    few = sureness.reliability(np.log([[0.9, 0.1], [0.6, 0.4]]), np.array([0, 1]), np.array([0, 1]))
    assert [own.items for own in few] == [2]
    of_three_forms = sureness.reliability(log_probs, labels, np.arange(27) % 3)
    assert all(
        wide.high - wide.low > 1.5 * (own.high - own.low) for wide, own in zip(of_three_forms, bins, strict=True)
    )
