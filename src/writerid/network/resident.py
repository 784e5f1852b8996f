"""Strips kept in the memory of the device, so that each training step gathers its crops there."""

import keras
import numpy as np
from keras import ops

SHARE = 0.5  # of the device's memory that strips may take; the rest is the network's


def fits(strips: np.ndarray, memory: int | None) -> bool:
    """Whether strips fit into a device's memory of so many bytes; None: the device has no memory of its own."""
    return memory is not None and strips.nbytes <= SHARE * memory


class Resident(keras.layers.Layer):
    """Gathers crops, uint8 (batch, height, width), from the strips at start columns, int32 (batch,).

    The strips, uint8 (columns, height), are held as a weight: every backend keeps weights on the device.
    """

    def __init__(self, strips: np.ndarray, width: int) -> None:
        super().__init__(name="resident", dtype="uint8")
        self._width = width
        self._strips = self.add_weight(
            shape=strips.shape, dtype="uint8", initializer="zeros", trainable=False, name="strips"
        )
        self._strips.assign(strips)

    def call(self, starts: keras.KerasTensor) -> keras.KerasTensor:
        """Gather a batch of crops."""
        columns = starts[:, None] + ops.arange(self._width, dtype="int32")
        return ops.transpose(ops.take(self._strips, columns, axis=0), (0, 2, 1))


def weights(model: keras.Model) -> list[keras.Variable]:
    """All variables of a model, in order, without resident strips, which are data."""
    return [weight for layer in model.layers if not isinstance(layer, Resident) for weight in layer.weights]
