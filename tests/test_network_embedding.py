"""A network's embedding: fitted on training lines, kept in its file, refused where it is not whole."""

import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.test_models import SEEN, TINY
from writerid.base.errors import InputError
from writerid.crops.windows import CROP, Packed
from writerid.network import embedding
from writerid.network.models import add_embedding, build, load, load_embedding, save
from writerid.scores.embedding import Embedding, means

FITTED = Embedding(np.arange(4.0), np.arange(8.0).reshape(4, 2))


@pytest.fixture
def packed() -> Packed:
    """Lines of 60 columns: 30 of each of three writers, all trained on, the last with its first crop only."""
    rng = np.random.default_rng(0)
    ends = np.arange(91) * 60
    table = np.zeros(180, CROP)
    table["line"] = np.repeat(np.arange(90), 2)
    table["start"], table["label"] = ends[table["line"]] + np.tile([3, 30], 90), table["line"] % 3
    strips = rng.integers(0, 256, (5400, 32)).astype(np.uint8)
    return Packed(strips, {"train": table[:-2]}, {}, ends, 24, ["a", "b", "c"])


def test_it_is_fitted_on_whole_lines_of_each_training_writer(packed: Packed):
    model = build(TINY, seed=0)
    fitted = embedding.fit(model, packed)
    assert fitted.projection.shape == (model.get_layer("logits").input.shape[-1], 2)
    crops = embedding.even_crops(packed.ends, np.array([0, 89]), 24)
    np.testing.assert_array_equal(crops["start"], [0, 18, 36, 5340, 5358, 5376])
    np.testing.assert_array_equal(crops["line"], [0, 0, 0, 89, 89, 89])
    few = replace(packed, tables={"train": packed.tables["train"][packed.tables["train"]["line"] < 12]})
    rows = np.arange(12)
    vectors = embedding.features(model, packed.strips, embedding.even_crops(packed.ends, rows, 24))
    np.testing.assert_allclose(embedding.fit(model, few).mean, means(vectors, np.repeat(rows, 3)).mean(axis=0))


def test_a_features_product_with_the_last_layer_is_the_logits(packed: Packed):
    model = build(TINY, seed=0)
    crops = packed.tables["train"][:5]
    kernel, bias = model.get_layer("logits").get_weights()
    cut = np.stack([packed.strips[start : start + 24].T for start in crops["start"]])
    np.testing.assert_allclose(
        embedding.features(model, packed.strips, crops) @ kernel + bias, model.predict(cut, verbose=0), rtol=1e-4
    )


def test_it_is_kept_in_the_models_file_to_the_byte(tmp_path: Path):
    path = tmp_path / "m.keras"
    save(build(TINY, seed=1), SEEN, path)
    add_embedding(path, FITTED)
    once = path.read_bytes()
    add_embedding(path, FITTED)
    assert path.read_bytes() == once
    found = load_embedding(path)
    np.testing.assert_array_equal(found.mean, FITTED.mean)
    np.testing.assert_array_equal(found.projection, FITTED.projection)
    assert load(path)[1] == SEEN
    with zipfile.ZipFile(path) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_file_without_a_whole_embedding_is_refused(tmp_path: Path):
    path = tmp_path / "m.keras"
    with pytest.raises(InputError, match="there is no such file"):
        load_embedding(path)
    path.write_bytes(b"junk")
    with pytest.raises(InputError, match=r"has no embedding that could be read .*; run train again"):
        load_embedding(path)
    save(build(TINY, seed=1), SEEN, path)
    with pytest.raises(InputError, match="has no embedding that could be read"):
        load_embedding(path)
    for wrong in (replace(FITTED, mean=np.zeros(3)), replace(FITTED, mean=np.full(4, np.nan))):
        add_embedding(path, wrong)
        with pytest.raises(InputError, match="its embedding is not one"):
            load_embedding(path)
