"""Peers: other people's networks, trained on the project's own crops and tested on the same lines, beside its own.

    python -m benchmarks.peers ARCHIVE [--minutes 3.8] [--group-by form] [--pages PAGES] [--only NAME ...]

Lines are those of fold 0 of seed 0, all writers known. The networks are rebuilt from what their authors published:

- `notebook, three layers`: github.com/diegocasmo/iam_writer_recognition, 0.810 by crop of lines split at random.
- `notebook, four layers`: github.com/aabhashbasnet/iam-writer-identification, 0.723 by crop and 0.915 by line of lines
  split at random, which also chose the epoch.
- `ResNet-18`: K. He et al., CVPR 2016, with one channel; no network like it is known for this set.

Each sees crops of the size and in the tones that it was made for, ResNet-18 the recommended ones. Each is trained for
so many minutes, of one core or of all together, by Adam at its usual rate of 0.001, on batches that the project draws;
CHECKS times it is looked at by CHOOSING validation crops, and the best is kept. The default is about what the
recommended fit takes. `recommended` is that fit itself, by the train stage and its own budget, whatever --minutes says.

Printed are, of the test side, accuracies with 95 % intervals over forms; accuracy by line with strokes wider and
thinner (see writerid.explain.traits); the mean average precision of strangers' lines on PAGES, an archive or folder
that benchmarks.strangers reads, with the embedding that the project's own network gets; seconds of training, of all
cores together; and how many crops were seen in them.
"""

import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import layers as kl

from benchmarks import reference, scratch, strangers, tables
from benchmarks.accuracy import FOLDS, RECOMMENDED
from benchmarks.data import data_of
from writerid.base.params import load
from writerid.base.patterns import text_pattern
from writerid.base.schema import Recipe
from writerid.crops import tones, windows
from writerid.crops.choice import evenly
from writerid.crops.windows import Packed
from writerid.evaluation.reported import decide
from writerid.explain.traits import Trait, changed, traits
from writerid.network import devices, embedding, models, training
from writerid.scores.decisions import figures

MINUTES = 3.8
CHECKS, CHOOSING = 6, 1000
STROKES = "width of strokes"


class Peer(NamedTuple):
    """A network, from height, width and classes; the crops that it sees; and how its batches are drawn."""

    build: Callable[[int, int, int], keras.Model]
    crop: Mapping[str, Any]
    recipe: Mapping[str, Any]


def network(height: int, width: int, classes: int, body: Callable[[keras.KerasTensor], Any]) -> keras.Model:
    """Build a network from grey crops, uint8 (batch, height, width), black as 0, to logits; `body` is between."""
    crop = keras.Input((height, width), dtype="uint8", name="crop")
    pixels = kl.Rescaling(1 / 255)(kl.Reshape((height, width, 1))(crop))
    return keras.Model(crop, kl.Dense(classes, name="logits")(body(pixels)))


def three_layers(height: int, width: int, classes: int) -> keras.Model:
    """Crops at half the size, filters of 5 x 5 and then of 3 x 3, and two hidden layers."""

    def body(x: keras.KerasTensor) -> Any:
        x = kl.Resizing(height // 2, width // 2)(kl.ZeroPadding2D(1)(x))
        for filters, size, strides in ((32, 5, 2), (64, 3, 1), (128, 3, 1)):
            x = kl.MaxPooling2D()(kl.Conv2D(filters, size, strides, padding="same", activation="relu")(x))
        x = kl.Dropout(0.5)(kl.Flatten()(x))
        for units in (512, 256):
            x = kl.Dropout(0.5)(kl.Dense(units, activation="relu")(x))
        return x

    return network(height, width, classes, body)


def four_layers(height: int, width: int, classes: int) -> keras.Model:
    """Filters of 3 x 3 at full size, without padding, and one hidden layer."""

    def body(x: keras.KerasTensor) -> Any:
        for filters in (32, 64, 128, 128):
            x = kl.MaxPooling2D()(kl.Conv2D(filters, 3, activation="relu")(x))
        return kl.Dropout(0.5)(kl.Dense(128, activation="relu")(kl.Flatten()(x)))

    return network(height, width, classes, body)


def resnet18(height: int, width: int, classes: int) -> keras.Model:
    """Four stages of two blocks of two convolutions; they are normalised with the project's momentum."""

    def convolved(x: keras.KerasTensor, filters: int, size: int, strides: int) -> Any:
        own = kl.Conv2D(filters, size, strides, padding="same", use_bias=False, kernel_initializer="he_normal")
        return kl.BatchNormalization(momentum=models.BN_MOMENTUM)(own(x))

    def body(x: keras.KerasTensor) -> Any:
        x = kl.MaxPooling2D(3, 2, padding="same")(kl.ReLU()(convolved(x, 64, 7, 2)))
        for filters in (64, 128, 256, 512):
            for strides in (1 if filters == 64 else 2, 1):
                inner = convolved(kl.ReLU()(convolved(x, filters, 3, strides)), filters, 3, 1)
                x = kl.ReLU()(kl.Add()([inner, x if strides == 1 else convolved(x, filters, 1, strides)]))
        return kl.GlobalAveragePooling2D()(x)

    return network(height, width, classes, body)


NOTEBOOKS = {"crop.height": 113, "crop.width": 113, "crop.stride": 113, "crop.fit": "line", "crop.min_ink": 0.0}
PEERS = {
    "notebook, three layers": Peer(three_layers, {**NOTEBOOKS, "crop.tone": "raw"}, {"balance": 0.0}),
    "notebook, four layers": Peer(
        four_layers, {**NOTEBOOKS, "crop.tone": "binary"}, {"balance": 1.0, "batch_size": 128}
    ),
    "ResNet-18": Peer(resnet18, {}, {"balance": 0.5}),
}
OURS = "recommended"


def fit(model: keras.Model, packed: Packed, recipe: Recipe, seconds: float) -> int:
    """Train a model for so many seconds of all cores together, keep its best weights, return how many crops it saw."""
    height, width = model.input_shape[1:]
    shape = reference.NETWORK.model_copy(update={"height": height, "width": width, "classes": model.output_shape[1]})
    validation = packed.tables["validation"]
    chosen = validation[evenly(len(validation), CHOOSING)]
    data = replace(data_of(packed), validation=chosen)
    loss = keras.losses.CategoricalCrossentropy(from_logits=True)
    model.compile(optimizer=training.optimizer(recipe), loss=loss, jit_compile=devices.jit())
    batches, seen, least, kept = training.batches(data, recipe, shape, 0), 0, np.inf, model.get_weights()
    started = time.process_time()
    for check in range(1, CHECKS + 1):
        while time.process_time() < started + seconds * check / CHECKS:
            inputs, labels = next(batches)
            model.train_on_batch(inputs["crop"], labels)
            seen += len(labels)
        found = training.validate(model, data)
        if found["validation/loss"] < least:
            least, kept = found["validation/loss"], model.get_weights()
    model.set_weights(kept)
    return seen


def accuracies(model: keras.Model, packed: Packed) -> tables.Row:
    """Return accuracy by crop, line and form of the test side, and by line with strokes wider and thinner."""
    cells: tables.Row = {}
    for level, own in decide(model, packed, "test").by_name().items():
        found = figures(own)
        cells |= tables.bounded(f"by_{level}", (found[f"accuracy{end}"] for end in tables.BOUNDED))
    tone = packed.origin["tone"]
    for trait in traits(tone):
        if trait.trait == STROKES:
            strips, table = changed(packed, packed.tables["test"], _toned(trait, tone), 0)
            other = decide(model, replace(packed, strips=strips, tables={"test": table}), "test")
            cells[f"strokes_{trait.change.split()[-1]}_by_line"] = f"{figures(other.line)['accuracy']:.4f}"
    return cells


def _toned(trait: Trait, tone: str) -> Trait:
    """Where lines are black and white, they are so after the change, too."""
    if tone != "binary":
        return trait
    return replace(trait, apply=lambda line, rng: tones.normalise(trait.apply(line, rng), tone))


def row(
    name: str, folder: Path, archive: Path, group_by: str, seconds: float, pages: strangers.Lines | None
) -> tables.Row:
    """Train a network in an empty folder, and return its row of the table."""
    peer = PEERS.get(name)
    changes = {**FOLDS, "split.group_by": group_by, **(peer.crop if peer else RECOMMENDED)}
    scratch.prepare(folder, archive, changes)
    scratch.measure(["map_writers", "split", "crop"], folder)
    packed = windows.read(folder / "data/crops", ("train", "validation", "test"), folder / "data/lines.csv")
    if peer:
        devices.prepare(reference.RECIPE.seed)
        model = peer.build(packed.strips.shape[1], packed.width, len(packed.writers))
        crops = fit(model, packed, reference.RECIPE.model_copy(update=peer.recipe), seconds)
    else:
        seconds = scratch.measure(["train"], folder).cpu
        model, _ = models.load(folder / "models/model.keras")
        recipe = load(folder / "params.yaml").recipe
        crops = recipe.epochs * recipe.steps_per_epoch * recipe.batch_size
    cells: tables.Row = {"network": name, **accuracies(model, packed)}
    if pages:
        looks = packed.origin["fit"], packed.origin["tone"]
        pieces = strangers.by_network(model, pages, *looks, embedding.fit(model, packed))
        found = strangers.row([pieces], pages)
        cells |= {f"strangers_{name}": found[name] for name in ("map", "map_low", "map_high")}
    return cells | {"seconds": round(seconds), "crops_seen": crops}


def main() -> None:
    """Print the table, a row as soon as it is known."""
    parser = tables.parser(__doc__)
    parser.add_argument("archive", type=Path, metavar="ARCHIVE", help="an archive of lines")
    parser.add_argument("--minutes", type=float, default=MINUTES, help="of training (%(default)s)")
    parser.add_argument("--group-by", choices=("form", "line"), default="form", help="split.group_by (%(default)s)")
    parser.add_argument("--pages", type=Path, metavar="PAGES", help="an archive or folder of strangers' pages")
    parser.add_argument("--text", default="", metavar="PATTERN", help="of PAGES, leave out lines with this text")
    every = [*PEERS, OURS]
    parser.add_argument("--only", nargs="+", choices=every, metavar="NAME", default=every, help="these rows only")
    options = parser.parse_args()
    pages = None
    if options.pages:
        pages = strangers.read(options.pages, text_pattern(options.text, "--text"), re.compile(strangers.WRITER))

    def rows() -> Iterator[tables.Row]:
        for name in options.only:
            with tempfile.TemporaryDirectory() as folder:
                yield row(name, Path(folder), options.archive, options.group_by, 60 * options.minutes, pages)

    tables.show(rows(), options.csv)


if __name__ == "__main__":
    main()
