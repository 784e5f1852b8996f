"""What a benchmark trains on."""

from pathlib import Path

import numpy as np

from writerid.crops import windows
from writerid.crops.windows import CROP
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


def project_data() -> training.Data:
    """Return what the project's own train stage would read."""
    packed = windows.read(Path("data/crops"), ("train", "validation"), Path("data/lines.csv"))
    provenance = models.Provenance(packed.writers, [], [])
    return training.Data(packed.strips, packed.tables["train"], packed.tables["validation"], provenance)
