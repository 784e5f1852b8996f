"""The network as ONNX, which needs neither Keras nor TensorFlow: from crops to logits and vectors."""

import tempfile
import warnings
from pathlib import Path

import keras
import numpy as np
import onnx

from writerid.scores.embedding import Embedding

NAMES = ("logits", "vectors")  # of the outputs


def to_onnx(model: keras.Model, embedding: Embedding) -> bytes:
    """Return a network and its embedding as an ONNX file, the same bytes for the same weights.

    It takes crops, uint8 (crops, height, width), named `crop`, and returns `logits`, float32 (crops, classes), and
    `vectors`, float32 (crops, dimensions): the mean vector of a document's crops, brought to length 1, is what
    scores.embedding makes of it. Needs TensorFlow as Keras's backend.
    """
    features = model.get_layer("logits").input
    project = keras.layers.Dense(embedding.projection.shape[1], name=NAMES[1], dtype="float32")
    both = keras.Model(model.inputs, [model.output, project(features)])
    project.set_weights([embedding.projection, -embedding.mean @ embedding.projection])
    both([np.zeros((1, *model.input_shape[1:]), np.uint8)])  # Keras exports only what was called once
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(action="ignore"):  # of Keras's own making
        path = Path(folder, "network.onnx")
        both.export(path, format="onnx", verbose=False)
        return _plain(onnx.load(path)).SerializeToString(deterministic=True)


def _plain(network: onnx.ModelProto) -> onnx.ModelProto:
    """Name everything by its place in the network: exported names hold counters that grow with what ran before."""
    graph = network.graph
    weights = {each.name: each for each in graph.initializer}
    names = {"": "", graph.input[0].name: "crop"}
    names |= {each.name: NAMES[place] for place, each in enumerate(graph.output)}
    for place, node in enumerate(graph.node):
        node.name = f"{node.op_type}{place}"
        for name in (*node.input, *node.output):
            names.setdefault(name, f"{'weights' if name in weights else 'values'}{len(names)}")
        node.input[:] = [names[name] for name in node.input]
        node.output[:] = [names[name] for name in node.output]
    for each in (*graph.input, *graph.output, *weights.values()):
        each.name = names[each.name]
    for each in (*graph.input, *graph.output):
        each.type.tensor_type.shape.dim[0].dim_param = "crops"
    used = sorted(weights.values(), key=lambda each: int(each.name.removeprefix("weights")))
    copies = [onnx.TensorProto.FromString(each.SerializeToString()) for each in used]
    del graph.initializer[:], graph.value_info[:]
    graph.initializer.extend(copies)
    graph.name, graph.doc_string, network.doc_string = "writerid", "", ""
    onnx.checker.check_model(network)
    return network
