"""Networks: the reference's is one of them, files are the same to the byte, and bad files are refused."""

import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from benchmarks import reference
from tests.conftest import tiny_network
from writerid.base.errors import InputError
from writerid.dataset.splits import SideLine
from writerid.network.models import Provenance, build, load, save

SEEN = Provenance(
    ["a", "b", "c"], [SideLine("f-00", "f", "a", "0f"), SideLine("g-00", "g", "b")], [SideLine("h-00", "h", "c")], ["d"]
)
TINY = tiny_network()


def test_the_reference_network_layer_by_layer():
    """Against the published Keras Sequential, written out."""
    kl = keras.layers
    published = keras.Sequential(
        [
            keras.Input((113, 113, 1)),
            kl.Conv2D(32, 3, strides=2, padding="same", activation="relu"),
            kl.MaxPooling2D(2, 2),
            kl.Conv2D(64, 3, padding="same", activation="relu"),
            kl.MaxPooling2D(2, 2),
            kl.Conv2D(128, 3, padding="same", activation="relu"),
            kl.MaxPooling2D(2, 2),
            kl.Flatten(),
            kl.Dense(512, activation="relu"),
            kl.Dropout(0.4),
            kl.Dense(50),
        ]
    )
    ours = build(reference.NETWORK, seed=0)
    assert ours.count_params() == published.count_params()
    published.set_weights(ours.get_weights())
    crops = np.random.default_rng(0).integers(0, 256, (4, 113, 113)).astype(np.uint8)
    expected = published.predict(crops[..., None].astype(np.float32) / 255, verbose=0)
    np.testing.assert_allclose(ours.predict(crops, verbose=0), expected, rtol=1e-4, atol=1e-5)


def test_inverted_crops():
    model = build(TINY, seed=0)
    scaled = keras.Model(model.inputs, model.get_layer("scale").output)
    white, black = (np.full((1, 32, 24), tone, np.uint8) for tone in (255, 0))
    np.testing.assert_allclose(scaled.predict(white, verbose=0), 0, atol=1e-6)
    np.testing.assert_allclose(scaled.predict(black, verbose=0), 1)


@pytest.mark.parametrize("head", ["average", "dense"])
@pytest.mark.parametrize("layers", range(1, 7))
def test_every_depth_and_head(head: Any, layers: int):
    network = tiny_network(height=113, width=113, classes=7, layers=layers, filters=2, head=head)
    logits = keras.ops.convert_to_numpy(build(network, seed=0)(np.zeros((2, 113, 113), np.uint8)))
    assert logits.shape == (2, 7)
    assert logits.dtype == np.float32


def test_initial_weights_follow_from_the_seed():
    one, same, other = (build(TINY, seed).get_weights() for seed in (1, 1, 2))
    assert all((a == b).all() for a, b in zip(one, same, strict=True))
    assert not all((a == b).all() for a, b in zip(one, other, strict=True))


def test_mixed_precision_keeps_float32_logits():
    model = build(TINY, seed=0, precision="mixed_bfloat16")
    assert model.get_layer("conv1").compute_dtype == "bfloat16"
    assert model.output.dtype == "float32"


def test_saved_files_hold_no_clock(tmp_path: Path):
    for name in ("a.keras", "b.keras"):
        save(build(TINY, seed=1), SEEN, tmp_path / name)
    assert (tmp_path / "a.keras").read_bytes() == (tmp_path / "b.keras").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.keras") as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_saved_model_predicts_the_same(tmp_path: Path):
    model = build(TINY, seed=1)
    save(model, SEEN, tmp_path / "m.keras")
    crops = np.random.default_rng(0).integers(0, 256, (3, 32, 24)).astype(np.uint8)
    loaded, provenance = load(tmp_path / "m.keras")
    assert provenance == SEEN
    np.testing.assert_array_equal(loaded.predict(crops, verbose=0), model.predict(crops, verbose=0))


def test_files_that_are_no_model(tmp_path: Path):
    path = tmp_path / "m.keras"
    with pytest.raises(InputError, match="there is no such file"):
        load(path)
    path.write_bytes(b"junk")
    with pytest.raises(InputError, match="not a whole model of writers"):
        load(path)
    save(build(TINY, seed=1), SEEN, path)
    path.write_bytes(path.read_bytes()[:-500])
    with pytest.raises(InputError, match="not a whole model of writers"):
        load(path)
    other = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    other.save(path)
    with pytest.raises(InputError, match="not a whole model of writers"):
        load(path)
    save(other, SEEN, path)
    with pytest.raises(InputError, match="not a network from crops to its writers"):
        load(path)
    save(build(TINY, seed=1), replace(SEEN, writers=["a", "b"]), path)
    with pytest.raises(InputError, match="not a network from crops to its writers"):
        load(path)


def test_code_in_a_model_file_is_not_run(tmp_path: Path):
    path = tmp_path / "m.keras"
    inputs = keras.Input((32, 24))
    flat = keras.layers.Flatten()(keras.layers.Lambda(lambda x: x * 2)(inputs))
    keras.Model(inputs, flat).save(path)
    with pytest.raises(InputError, match="not a whole model of writers"):
        load(path)
