"""The Keras network: its shape comes from parameters, and the reference's is one of them."""

import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path

import keras
import numpy as np
from keras import layers as kl
from pydantic import TypeAdapter

from writerid.base import schema
from writerid.base.errors import InputError, brief
from writerid.base.files import atomic, readable
from writerid.base.geometry import POOLED_LAYERS
from writerid.base.randomness import Use, stream
from writerid.dataset.splits import SideLine
from writerid.network.augmentation import CHANGES, Augment
from writerid.network.resident import Resident
from writerid.scores.embedding import Embedding

BN_MOMENTUM = 0.9  # Keras's 0.99 lags too far behind in runs of a few hundred steps
RETRAIN = "run train again (`dvc repro --force train`)"
_PROVENANCE = "provenance.json"
_EMBEDDING = "embedding/"


class Network(schema.Network):
    """The parameters of a network, with the size of a crop in pixels and the number of classes.

    Pixels are scaled to 0..1, from black to white; with `invert`, from paper to ink. Each layer is a convolution
    ("same" padding; the first with stride 2), in the first three layers 2x2 max pooling, batch normalisation if
    wanted, and ReLU. The number of filters doubles from layer to layer as long as maps are pooled. The head averages
    over the map, or flattens it into one hidden layer of `dense_units`; dropout stands before the last layer.

    Pooling comes before normalisation and ReLU, on a quarter of the values: without normalisation that gives the
    same numbers as after them, and with it nearly the same for less work.

    With invert=False, layers=3, kernel_size=3, filters=32, batch_norm=False, head="dense", dense_units=512 and
    dropout=0.4 this is the network of the published reference.
    """

    height: int
    width: int
    classes: int


@dataclass(frozen=True)
class Provenance:
    """What a model knows and has seen: the writers by label, the lines of the two sides it saw, and unseen writers.

    It is kept in the model's file, so that no later edit of a table can hide what the model was fitted on.
    """

    writers: Sequence[str]
    train: Sequence[SideLine]
    validation: Sequence[SideLine]
    unseen: Sequence[str] = ()


def build(
    network: Network,
    seed: int,
    precision: str = "float32",
    *,
    augment: bool = False,
    strips: np.ndarray | None = None,
) -> keras.Model:
    """Build a network from grey crops, uint8 (batch, height, width), to logits, float32 (batch, classes).

    For training only: with `augment` it takes the changes of each crop (see augmentation.draw) as a second input; with
    `strips` it takes crops by their start columns, int32 (batch,), from strips that it keeps on the device.
    The initial weights follow from the seed. `precision` is a Keras dtype policy; logits are always float32.
    """
    draw = stream(seed, Use.WEIGHTS)

    def glorot() -> keras.initializers.Initializer:
        return keras.initializers.GlorotUniform(int(draw.integers(2**31)))

    if strips is None:
        inputs = [keras.Input((network.height, network.width), dtype="uint8", name="crop")]
        crop = inputs[0]
    else:
        inputs = [keras.Input((), dtype="int32", name="start")]
        crop = Resident(strips, network.width)(inputs[0])
    x = kl.Reshape((network.height, network.width, 1), name="channel")(crop)
    x = kl.Rescaling(-1 / 255 if network.invert else 1 / 255, offset=network.invert, name="scale", dtype=precision)(x)
    if augment:
        inputs.append(keras.Input((CHANGES,), dtype="float32", name="changes"))
        x = Augment(paper=0.0 if network.invert else 1.0)(x, inputs[1])
    for layer in range(1, network.layers + 1):
        x = kl.Conv2D(
            network.filters * 2 ** min(layer - 1, POOLED_LAYERS - 1),
            network.kernel_size,
            strides=2 if layer == 1 else 1,
            padding="same",
            use_bias=not network.batch_norm,
            kernel_initializer=glorot(),
            name=f"conv{layer}",
            dtype=precision,
        )(x)
        if layer <= POOLED_LAYERS:
            x = kl.MaxPooling2D(2, name=f"pool{layer}", dtype=precision)(x)
        if network.batch_norm:
            x = kl.BatchNormalization(momentum=BN_MOMENTUM, name=f"norm{layer}", dtype=precision)(x)
        x = kl.ReLU(name=f"relu{layer}", dtype=precision)(x)
    if network.head == "average":
        x = kl.GlobalAveragePooling2D(name="average", dtype=precision)(x)
    else:
        x = kl.Flatten(name="flatten", dtype=precision)(x)
        x = kl.Dense(
            network.dense_units,
            activation="relu",
            kernel_initializer=glorot(),
            name="dense1",
            dtype=precision,
        )(x)
    x = kl.Dropout(network.dropout, seed=seed, name="dropout", dtype=precision)(x)
    logits = kl.Dense(network.classes, kernel_initializer=glorot(), name="logits", dtype="float32")(x)
    return keras.Model(inputs if augment else inputs[0], logits, name="writerid")


def save(model: keras.Model, provenance: Provenance, path: Path) -> None:
    """Save an uncompiled model as .keras, byte for byte the same for the same weights.

    Keras writes the time of saving into the archive's entries and its metadata; both are set to fixed values. The
    provenance is kept in the archive beside what Keras puts there.
    """
    with atomic(path) as temporary:
        model.save(temporary)
        with zipfile.ZipFile(temporary) as archive:
            content = {name: archive.read(name) for name in sorted(archive.namelist())}
        metadata = json.loads(content["metadata.json"])
        metadata["date_saved"] = "1980-01-01@00:00:00"
        content["metadata.json"] = json.dumps(metadata).encode()
        content[_PROVENANCE] = json.dumps(asdict(provenance)).encode()
        _write(temporary, content)


def _write(path: Path, content: Mapping[str, bytes]) -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(zipfile.ZipInfo(name), data)  # without the time of writing


def add_embedding(path: Path, embedding: Embedding) -> None:
    """Put an embedding into the file of its network, in place of any that is there."""
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    for name, array in (("mean", embedding.mean), ("projection", embedding.projection)):
        buffer = BytesIO()
        np.save(buffer, array)
        content[f"{_EMBEDDING}{name}.npy"] = buffer.getvalue()
    with atomic(path) as temporary:
        _write(temporary, content)


def load_embedding(path: Path) -> Embedding:
    """Load the embedding that belongs to a network; raises InputError where the file has none that is whole."""
    try:
        with zipfile.ZipFile(readable(path)) as archive:
            mean, projection = (
                np.load(BytesIO(archive.read(f"{_EMBEDDING}{name}.npy"))) for name in ("mean", "projection")
            )
    except (zipfile.BadZipFile, KeyError, ValueError, EOFError) as error:
        raise InputError(f"{path}: has no embedding that could be read ({brief(error)}); {RETRAIN}") from None
    whole = mean.ndim == 1 and projection.ndim == 2 and len(mean) == len(projection)
    if not (whole and np.isfinite(mean).all() and np.isfinite(projection).all()):
        raise InputError(f"{path}: its embedding is not one; {RETRAIN}")
    return Embedding(mean, projection)


def load(path: Path) -> tuple[keras.Model, Provenance]:
    """Load a model for prediction, and what it knows and has seen.

    Code that a model file may carry is never run.

    Raises InputError where the file is missing or is not a whole model of this project.
    """
    if not zipfile.is_zipfile(readable(path)):
        raise InputError(f"{path}: not a whole model of writers (damaged or cut off); {RETRAIN}")
    try:
        model = keras.models.load_model(path, compile=False, safe_mode=True)
        with zipfile.ZipFile(path) as archive:
            provenance = TypeAdapter(Provenance).validate_json(archive.read(_PROVENANCE))
    except Exception as error:  # Keras raises many kinds on files that are damaged or not its own
        raise InputError(f"{path}: not a whole model of writers ({brief(error)}); {RETRAIN}") from None
    shapes = [tuple(tensor.shape) for tensor in (*model.inputs, *model.outputs)]
    known = {layer.name for layer in model.layers} >= {"conv1", "logits"}
    if [len(shape) for shape in shapes] != [3, 2] or shapes[1][1] != len(provenance.writers) or not known:
        raise InputError(f"{path}: not a network from crops to its writers; {RETRAIN}")
    return model, provenance
