"""Temperatures: found again where they were put in, and never without bounds."""

import numpy as np
import pytest

from writerid.scores.calibration import scaled, temperature
from writerid.scores.decisions import ece, log_softmax


@pytest.mark.parametrize("true", [0.5, 1.0, 3.0])
def test_a_temperature_is_found_again(true: float):
    rng = np.random.default_rng(0)
    calibrated = log_softmax(rng.normal(size=(20_000, 5)) * 2)
    labels = np.array([rng.choice(5, p=np.exp(row)) for row in calibrated])
    found = temperature(calibrated * true, labels)
    assert found == pytest.approx(true, rel=0.05)
    assert ece(scaled(calibrated * true, found), labels) < 0.02


def test_a_few_items_that_are_all_right_make_nobody_infinitely_sure():
    labels = np.arange(10) % 3
    log_probs = log_softmax(5.0 * np.eye(3)[labels])
    confidence = np.exp(scaled(log_probs, temperature(log_probs, labels)).max(axis=1))
    np.testing.assert_allclose(confidence, 11 / 12, atol=1e-3)


def test_the_most_likely_class_stays():
    log_probs = log_softmax(np.random.default_rng(0).normal(size=(50, 4)))
    np.testing.assert_array_equal(scaled(log_probs, 7.0).argmax(axis=1), log_probs.argmax(axis=1))
