"""The benchmark of other people's networks, on lines that are made here."""

import itertools
import math
from pathlib import Path

import keras
import numpy as np
import pytest

from benchmarks import peers, reference
from tests.conftest import dataset_members, write_zip
from writerid.crops.windows import CROP, Packed
from writerid.network import training
from writerid.network.resume import Row


@pytest.mark.parametrize(
    ("name", "size", "weights"),
    [
        ("notebook, three layers", (113, 113), 827_698),  # as its notebook prints
        ("notebook, four layers", (113, 113), 656_434),  # as its notebook prints
        # the 11,689,512 of 1,000 classes and three channels, but for two channels and 950 classes
        ("ResNet-18", (64, 112), 11_689_512 - 2 * 64 * 7 * 7 - 950 * 513),
    ],
)
def test_networks_have_the_weights_that_were_published(name: str, size: tuple[int, int], weights: int):
    model = peers.PEERS[name].build(*size, 50)
    assert sum(math.prod(each.shape) for each in model.trainable_weights) == weights
    assert model.input_shape == (None, *size)
    assert model.output_shape == (None, 50)


def test_the_weights_with_the_least_loss_are_kept(monkeypatch: pytest.MonkeyPatch):
    crops = np.zeros(40, CROP)
    crops["line"] = np.arange(40)
    strips = np.random.default_rng(0).integers(0, 256, (48, 48), np.uint8)
    packed = Packed(strips, {"train": crops, "validation": crops}, {}, np.array([0, 48]), 48, ["a", "b", "c"])
    losses = [3.0, 1.0, 2.0, 1.5, 4.0, 1.2]
    weights = []

    def validate(model: keras.Model, data: training.Data) -> Row:
        assert data.validation["line"].tolist() == [0, 13, 26, 39]
        weights.append(model.get_weights())
        return {"validation/loss": losses[len(weights) - 1]}

    monkeypatch.setattr(training, "validate", validate)
    monkeypatch.setattr(peers, "CHOOSING", 4)
    monkeypatch.setattr(peers.time, "process_time", itertools.count().__next__)  # a second goes by at each look
    model = peers.four_layers(48, 48, 3)
    seen = peers.fit(model, packed, reference.RECIPE.model_copy(update={"batch_size": 4}), 18)
    assert len(weights) == peers.CHECKS
    assert seen == 4 * (18 - peers.CHECKS)  # the last look of each check trains no more
    assert any((one != other).any() for one, other in zip(weights[1], weights[-1], strict=True))
    for one, kept in zip(weights[1], model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, kept)


def test_a_row(tmp_path: Path):
    archive = write_zip(tmp_path / "set.zip", dataset_members(writers=2, forms=5))
    (tmp_path / "peer").mkdir()
    told = peers.row("notebook, three layers", tmp_path / "peer", archive, "form", 0.1, None)
    assert (told["network"], told["seconds"]) == ("notebook, three layers", 0)
    for level in ("crop", "line", "form"):
        value, low, high = (float(str(told[f"by_{level}{end}"])) for end in ("", "_low", "_high"))
        assert 0 <= low <= value <= high <= 1
    for change in ("wider", "thinner"):
        assert 0 <= float(str(told[f"strokes_{change}_by_line"])) <= 1
    assert int(str(told["crops_seen"])) % reference.RECIPE.batch_size == 0
