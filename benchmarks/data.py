"""What a benchmark trains on."""

import numpy as np

from writerid.crops.windows import CROP, Packed
from writerid.network import models, training

WRITERS = 50  # of random data
COLUMNS = 1_000_000  # of its strips: too many for a processor's cache
CROPS = 10_000


def random_data(height: int, width: int) -> training.Data:
    """Return strips and crops of random pixels and labels, for where only the time counts."""
    rng = np.random.default_rng(0)
    strips = rng.integers(0, 256, (COLUMNS, height), np.uint8)
    crops = np.zeros(CROPS, CROP)
    crops["start"] = rng.integers(COLUMNS - width, size=CROPS)
    crops["label"] = rng.integers(WRITERS, size=CROPS)
    return training.Data(strips, crops, crops, models.Provenance([], [], []))


def data_of(packed: Packed) -> training.Data:
    """Return what the train stage would make of the crops."""
    provenance = models.Provenance(packed.writers, [], [])
    return training.Data(packed.strips, packed.tables["train"], packed.tables["validation"], provenance)
