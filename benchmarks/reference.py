"""The published reference: its network, and its own way of making batches.

tests/test_models.py holds the network against Keras's own layers.
"""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from writerid.base.schema import Augmentation, Recipe
from writerid.network import models

ACCURACY = 0.8128  # of test crops
EPOCHS, STEPS = 8, 1000
LINES = 16  # in a batch, with all their crops

NETWORK = models.Network(
    height=113,
    width=113,
    classes=50,
    invert=False,
    layers=3,
    kernel_size=3,
    filters=32,
    batch_norm=False,
    head="dense",
    dense_units=512,
    dropout=0.4,
)
RECIPE = Recipe(
    backend="tensorflow",
    optimizer="adam",
    learning_rate=0.001,
    schedule="constant",
    warmup_steps=0,
    label_smoothing=0.0,
    batch_size=64,
    epochs=EPOCHS,
    steps_per_epoch=STEPS,
    balance=0.0,
    augment=Augmentation(share=0, scale=0, slant=0, rotation=0, shift=0, stroke=0, blur=0, contrast=1),
    precision="auto",
    seed=0,
)


def batches(images: list[Path], labels: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield batches as the reference does: images opened, scaled to the crop's height and cropped on the fly.

    Each holds the crops of LINES lines, uint8 (crops, height, width), cut at random at a tenth of the possible
    columns, and one-hot labels, float32 (crops, classes). Lines narrower than a crop are left out.
    """
    rng = np.random.default_rng(0)
    one_hot = np.eye(NETWORK.classes, dtype=np.float32)
    order = rng.permutation(len(images))
    for first in range(0, len(order) - LINES + 1, LINES):
        crops, own = [], []
        for number in order[first : first + LINES]:
            with Image.open(images[number]) as image:
                width = round(image.width * NETWORK.height / image.height)
                line = np.asarray(image.convert("L").resize((width, NETWORK.height)))
            columns = width - NETWORK.width + 1
            for start in rng.integers(max(columns, 0), size=max(columns // 10, 0)) if columns > 0 else ():
                crops.append(line[:, start : start + NETWORK.width])
                own.append(labels[number])
        yield np.stack(crops), one_hot[own]
