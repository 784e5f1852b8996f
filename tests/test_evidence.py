"""Evidence of what the network looks at: on networks so small that one can say what must come out."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from tests.conftest import tiny_network
from writerid.crops.windows import CROP
from writerid.explain import attribution, fidelity
from writerid.explain.taps import Taps
from writerid.network.gradients import gradient
from writerid.network.models import build


def test_gradients_are_those_of_calculus():
    x = np.array([[1.0, -2.0, 3.0]], np.float32)
    np.testing.assert_allclose(gradient(lambda t: keras.ops.sum(t**3, axis=1), x), 3 * x**2, rtol=1e-6)


def test_a_network_is_open_at_its_joints(taps: Taps, crops: np.ndarray):
    assert [(layer.field, layer.step) for layer in taps.layers] == [(5, 4), (17, 8), (41, 16), (73, 16)]
    assert [maps.shape for maps in taps.maps(crops)] == [(5, 8, 10, 4), (5, 4, 5, 8), (5, 2, 2, 16), (5, 2, 2, 16)]
    pixels = keras.ops.convert_to_tensor(taps.scaled(crops))
    whole, *parts = (
        keras.ops.convert_to_numpy(logits)
        for logits in (taps.model(crops), taps.to_logits(pixels), taps.from_map(taps.to_map(pixels)))
    )
    for part in parts:
        np.testing.assert_allclose(part, whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("head", ["average", "dense"])
def test_any_network_of_the_family_can_be_looked_into(head: Any, crops: np.ndarray):
    own = Taps(build(tiny_network(width=40, layers=1, invert=False, batch_norm=False, head=head), seed=0))
    for method in attribution.METHODS.values():
        assert method(own, crops, np.zeros(5, int)).shape == crops.shape


def test_integrated_gradients_add_up_to_what_is_explained(taps: Taps, crops: np.ndarray):
    classes = np.array([0, 1, 2, 0, 1])
    found = attribution.integrated_gradients(taps, crops, classes, steps=200).sum(axis=(1, 2))
    gained = attribution.gains(taps, crops, classes) - attribution.gains(taps, attribution.blank_paper(crops), classes)
    np.testing.assert_allclose(found, gained, atol=0.02 * np.abs(gained).max())


def test_evidence_is_on_the_ink(taps: Taps, crops: np.ndarray):
    for method in (attribution.integrated_gradients, attribution.gradient_x_input):
        assert not method(taps, crops, np.zeros(5, int))[crops == 255].any()
    cam = attribution.grad_cam(taps, crops, np.zeros(5, int))
    assert cam.shape == crops.shape
    assert cam.min() >= 0


def test_evidence_of_crops_is_averaged_where_they_lap(taps: Taps):
    strips = np.full((70, 32), 255, np.uint8)
    table = np.array([(0, 0, 0), (20, 0, 0), (30, 0, 0)], CROP)

    def ones(_: Taps, crops: np.ndarray, classes: np.ndarray) -> np.ndarray:
        return np.ones(crops.shape, np.float32)

    one, other = attribution.over_lines(taps, strips, [table, table[1:]], [0, 1], ones)
    assert (one == np.ones((32, 70))).all()
    assert (other == np.ones((32, 50))).all()


class OneSpot:
    """A stand-in for a network that is sure of class 1 by the ink of one cell alone."""

    def __init__(self) -> None:
        self.height, self.width = 32, 40

    def logits(self, crops: np.ndarray) -> np.ndarray:
        ink = (255.0 - crops[:, 8:16, 16:24]).mean(axis=(1, 2)) / 255
        return np.column_stack([np.zeros(len(crops)), 20 * ink - 4]).astype(np.float32)


def test_deletion_and_insertion_reward_the_map_that_knows(crops: np.ndarray, monkeypatch: pytest.MonkeyPatch):
    def methods(marks: np.ndarray) -> dict[str, Callable]:
        return {"integrated_gradients": lambda taps, own, classes: np.broadcast_to(marks, own.shape)}

    spot = np.zeros((32, 40))
    spot[8:16, 16:24] = 1
    written = np.zeros_like(crops)  # ink everywhere but a border of paper, so that blank paper is known
    written[:, :10] = 255
    written[:, 8:16, 16:24] = 0
    one_spot: Taps = OneSpot()  # type: ignore[assignment]
    areas = {}
    for name, marks in (("right", spot), ("wrong", -spot)):
        monkeypatch.setattr(fidelity, "METHODS", methods(marks))
        found = fidelity.measure(one_spot, written, np.ones(5, int), np.random.default_rng(0))
        areas[name] = found.figures(np.arange(5))
        assert {row[:2] for row in found.rows()} >= {("deletion", "random"), ("insertion", "ink")}
        for curves in (found.deletion, found.insertion):  # both ends are the same for all orders
            ends = np.array([values[:, [0, -1]] for values in curves.values()])
            assert np.ptp(ends, axis=0).max() < 1e-6
    right, wrong = (areas[name] for name in ("right", "wrong"))
    own = "integrated_gradients"
    assert right["deletion"][own]["area"] < right["deletion"]["random"]["area"] < wrong["deletion"][own]["area"]
    assert right["insertion"][own]["area"] > right["insertion"]["random"]["area"] > wrong["insertion"][own]["area"]
    assert right["deletion"][own]["over_random_low"] > 0 > wrong["deletion"][own]["over_random_high"]
    assert right["deletion"][own]["over_random_p"] < 0.1


def test_evidence_is_compared_form_by_form():
    """Ten crops of each form, all alike: no more is known than of one."""
    shares = np.linspace(0, 1, 6)
    rng = np.random.default_rng(0)
    by_form = {name: rng.random((4, 6)) for name in ("integrated_gradients", *fidelity.BASELINES)}
    few = fidelity.Fidelity(shares, by_form, by_form).figures(np.arange(4))
    copies = {name: np.repeat(values, 10, axis=0) for name, values in by_form.items()}
    many = fidelity.Fidelity(shares, copies, copies).figures(np.repeat(np.arange(4), 10))
    assert many["deletion"]["integrated_gradients"] == pytest.approx(few["deletion"]["integrated_gradients"])
    alone = fidelity.Fidelity(shares, copies, copies).figures(np.zeros(40, int))["insertion"]["integrated_gradients"]
    assert (alone["area_low"], alone["area_high"], alone["over_ink_low"], alone["over_ink_p"]) == (0, 1, -1, 1)
