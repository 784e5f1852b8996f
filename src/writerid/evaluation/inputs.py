"""What evaluate and explain look at: a model, and the crops of sides that it may be judged on."""

from collections.abc import Sequence
from pathlib import Path

import keras

from writerid.base.errors import InputError
from writerid.crops import windows
from writerid.crops.windows import Packed
from writerid.dataset.splits import UNSEEN, check_apart
from writerid.network import models
from writerid.network.models import RETRAIN, Provenance


def read(model: Path, crops: Path, lines: Path, sides: Sequence[str]) -> tuple[keras.Model, Packed, Provenance]:
    """Read a model, the crops of some sides, and what the model knows and has seen.

    Raises InputError where a file is missing or damaged; where the model is of crops of another size, or of other
    writers; and where it has seen a line, or under `split.group_by: form` a form, of the test side, or knows a writer
    of the unseen side.
    """
    network, provenance = models.load(model)
    packed = windows.read(crops, sides, lines)
    size, wanted = tuple(network.input_shape[1:]), (packed.strips.shape[1], packed.width)
    if size != wanted:
        raise InputError(
            f"{model}: takes crops of {size[0]} x {size[1]} pixels, those in {crops} are {wanted[0]} x {wanted[1]}; "
            f"{RETRAIN}"
        )
    if list(provenance.writers) != list(packed.writers):
        known, there = _first(provenance.writers), _first(packed.writers)
        raise InputError(f"{model}: knows other writers ({known}) than {crops} ({there}); {RETRAIN}")
    judged = {side: packed.side_lines(side) for side in sides if side in ("test", UNSEEN)}
    check_apart(
        {"train": provenance.train, "validation": provenance.validation, **judged},
        packed.group_by,
        "run split, crop and train again (`dvc repro --force`)",
    )
    return network, packed, provenance


def _first(names: Sequence[str]) -> str:
    return f"{len(names)}: {', '.join(names[:3])}{', ...' if len(names) > 3 else ''}"
