"""The stage enrol, as the pipeline runs it on the tiny data, and the network that it exports."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT, Run
from writerid.identifier.identify import Identifier


def test_the_pipeline_makes_an_identifier_that_knows_its_lines(clone: Path, run: Run):
    folder = clone / "models" / "identifier"
    assert sorted(path.name for path in folder.iterdir()) == sorted(
        ["README.md", "identifier.json", "network.onnx", "references.npz"]
    )
    settings = json.loads((folder / "identifier.json").read_text())
    assert settings["preparation"]["height"] == settings["preparation"]["width"] == 32
    assert {writer["kind"] for writer in settings["writers"]} == {"drawn"}
    assert str(ROOT) not in (folder / "identifier.json").read_text()
    card = (folder / "README.md").read_text()
    assert "{" not in card
    assert "must not be used" in card
    assert "too good**" not in card  # no form is on two sides
    identifier = Identifier.load(folder)
    answer = identifier.identify(clone / "data" / "synthetic.zip")
    assert answer.used > 20

    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for path in folder.iterdir():
        path.unlink()
    run(sys.executable, "-m", "stages.enrol")
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_exported_network_agrees_with_keras(tmp_path: Path):
    """In a process of its own: the export needs TensorFlow, and other tests may have chosen another backend."""
    script = """
import sys
import keras
import numpy as np
from writerid.network import export, models
from writerid.scores.embedding import Embedding
import onnxruntime
rng = np.random.default_rng(0)
for head in ("average", "dense"):
    network = models.Network(invert=True, layers=3, kernel_size=3, filters=4, batch_norm=True, head=head, dense_units=8,
        dropout=0.2, height=32, width=48, classes=5)
    model = models.build(network, 0)
    inner = model.get_layer("logits").input
    size = int(inner.shape[1])
    embedding = Embedding(rng.normal(size=size), rng.normal(size=(size, 3)))
    first, again = export.to_onnx(model, embedding), export.to_onnx(model, embedding)
    assert first == again
    crops = rng.integers(0, 256, (7, 32, 48)).astype(np.uint8)
    logits, vectors = onnxruntime.InferenceSession(first).run(["logits", "vectors"], {"crop": crops})
    features = np.asarray(keras.Model(model.inputs, inner)(crops))
    np.testing.assert_allclose(logits, np.asarray(model(crops)), atol=1e-4)
    np.testing.assert_allclose(vectors, (features - embedding.mean) @ embedding.projection, atol=1e-4)
"""
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src"), "KERAS_BACKEND": "tensorflow"}
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]


def test_the_saved_model_agrees_with_the_identifiers_network(clone: Path, run: Run):
    """In a process of its own, as above."""
    run(sys.executable, "-m", "writerid", "export", "--to", "saved")
    script = """
import numpy as np
import onnxruntime
import tensorflow as tf
crops = np.random.default_rng(0).integers(0, 256, (5, 32, 32)).astype(np.uint8)
loaded = tf.saved_model.load("saved")  # which holds the weights, as long as it is kept
logits = loaded.serve(crops).numpy()
session = onnxruntime.InferenceSession("models/identifier/network.onnx")
np.testing.assert_allclose(logits, session.run(["logits"], {"crop": crops})[0], atol=1e-4)
"""
    run(sys.executable, "-c", script)
