"""State of an interrupted fit, kept outside DVC's outputs until the fit is done.

A state belongs to one key, a hash of everything that the result depends on. After any change no old state is used.
"""

import hashlib
import json
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

import keras
import numpy as np

from writerid.base import declaration
from writerid.base.files import atomic
from writerid.network import devices
from writerid.network.resident import weights

FOLDER = Path(".state")
Row = dict[str, float]


def key(settings: object, arrays: Iterable[np.ndarray]) -> str:
    """Return a state's name: a hash of settings, input arrays, the train stage's code, device and package versions."""
    digest = hashlib.blake2b(repr(settings).encode(), digest_size=12)
    for array in arrays:
        digest.update(repr((array.shape, array.dtype)).encode())
        digest.update(np.ascontiguousarray(array).view(np.uint8).data)
    digest.update(declaration.digest("train").encode())
    digest.update(json.dumps(devices.describe(), sort_keys=True).encode())
    return digest.hexdigest()


class State:
    """What a fit needs to go on after its last finished epoch, in a folder of its own."""

    def __init__(self, name: str) -> None:
        self.folder = FOLDER / f"train-{name}"
        self._file = self.folder / "state.npz"
        self._checkpoints: list[str] = []

    def save(self, model: keras.Model, rows: list[Row], checkpoint: Path) -> None:
        """Keep the fit as it is after an epoch: weights, optimizer, the log so far and the new checkpoint."""
        with atomic(self.folder / checkpoint.name) as temporary:
            shutil.copyfile(checkpoint, temporary)
        self._checkpoints.append(checkpoint.name)
        log = json.dumps({"rows": rows, "checkpoints": self._checkpoints})
        variables = {f"v{i}": keras.ops.convert_to_numpy(v) for i, v in enumerate(_variables(model))}
        # Written last and in one step, so that a state names only epochs whose checkpoints are whole.
        with atomic(self._file) as temporary:
            np.savez(temporary, log=np.array(log), **variables)

    def restore(self, model: keras.Model, checkpoints: Path) -> list[Row]:
        """Put a compiled model and checkpoints back to where a run was interrupted; return its log, [] if none was."""
        if not self._file.is_file():
            return []
        variables = _variables(model)
        try:
            with np.load(self._file) as saved:
                log = json.loads(str(saved["log"]))
                values = [saved[f"v{i}"] for i in range(len(variables))]
            for name in log["checkpoints"]:
                shutil.copyfile(self.folder / name, checkpoints / name)
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
            print("the state that an interrupted run left is damaged; training starts anew")
            return []
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)
        self._checkpoints = log["checkpoints"]
        rows: list[Row] = log["rows"]
        return rows

    def clear(self) -> None:
        """Remove this state, and those that fits with other parameters left, which nobody will need."""
        self._file.unlink(missing_ok=True)  # first, so that no state outlives its checkpoints
        shutil.rmtree(FOLDER, ignore_errors=True)


def _variables(model: keras.Model) -> list[keras.Variable]:
    if not model.optimizer.built:
        model.optimizer.build(model.trainable_variables)
    return [*weights(model), *model.optimizer.variables]
