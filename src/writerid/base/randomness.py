"""Random streams: all follow from the seed, and no two uses share one."""

from enum import IntEnum

import numpy as np


class Use(IntEnum):
    """What randomness is drawn for. A number is never given to another use: results would change, or be entangled."""

    SYNTHESIS = 1
    SPLIT = 2
    CROPS = 3
    WEIGHTS = 4
    BATCHES = 5
    DROPOUT = 6
    INTERVALS = 7
    LINES_READ = 8
    FIDELITY = 9
    GROWN_IMAGES = 10
    TRAITS = 11
    LAYOUT = 12
    GRID = 13
    UNSEEN = 14
    ENROLMENT = 15
    LOOK = 16
    DOCUMENTS = 17


def stream(seed: int, use: Use, *key: int) -> np.random.Generator:
    """Return the random stream of a use, and within it of a key such as an epoch or a row.

    `default_rng([seed, 0])` would be the stream of `default_rng(seed)`; spawn keys keep all apart.
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(use, *key)))


def text_key(text: str) -> int:
    """Return the key of a name, such as a writer's: a number that no other text has."""
    return int.from_bytes(text.encode("utf-8"), "big")
