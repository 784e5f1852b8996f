"""Where a network can be looked into: its layers of convolutions, the map before its head, and its embedding."""

from dataclasses import dataclass

import keras
import numpy as np
from keras.layers import Conv2D

from writerid.crops.windows import CROP, gather
from writerid.network.prediction import predict

BATCH = 64  # crops at a time


@dataclass(frozen=True)
class Layer:
    """What leaves a convolution and what belongs to it (pooling, normalisation, ReLU).

    output, and drive, which is the same before the last ReLU: (batch, rows, columns, filters). `field`: side in pixels
    of what one value sees; `step`: pixels from one value to the next.
    """

    output: keras.KerasTensor
    drive: keras.KerasTensor
    field: int
    step: int


class Taps:
    """A network from grey crops to logits, open at its joints; any whose first convolution takes scaled crops."""

    def __init__(self, model: keras.Model) -> None:
        """Find the joints."""
        self.model = model
        first = next(layer for layer in model.layers if isinstance(layer, Conv2D))
        self.kernel = np.asarray(first.get_weights()[0])  # float32 (rows, columns, 1, filters)
        self.height, self.width = model.input_shape[1:3]
        self.layers = _layers(model)
        self._scaled = first.input
        self._scale = keras.Model(model.input, first.input)
        self.to_map = keras.Model(self._scaled, self.layers[-1].output)
        self.from_map = keras.Model(self.layers[-1].output, model.output)
        self.to_logits = keras.Model(self._scaled, model.output)
        self._to_maps = keras.Model(self._scaled, [layer.output for layer in self.layers])

    def scaled(self, crops: np.ndarray) -> np.ndarray:
        """Crops, uint8 (batch, height, width), as the first convolution sees them: float32, with a last axis of 1."""
        return keras.ops.convert_to_numpy(self._scale(crops)).astype(np.float32)

    def to_drive(self, layer: Layer) -> keras.Model:
        """Return the network from scaled crops to what a layer gives before its last ReLU."""
        return keras.Model(self._scaled, layer.drive)

    def maps(self, crops: np.ndarray) -> list[np.ndarray]:
        """What leaves each layer for crops, uint8 (batch, height, width): float32 (batch, rows, columns, filters)."""
        maps = self._to_maps(self.scaled(crops), training=False)
        return [keras.ops.convert_to_numpy(each).astype(np.float32) for each in _listed(maps)]

    def logits(self, crops: np.ndarray) -> np.ndarray:
        """Logits, float32 (crops, classes), of crops, uint8 (crops, height, width)."""
        table = np.zeros(len(crops), CROP)
        table["start"] = np.arange(len(crops)) * self.width
        return predict(self.model, crops.transpose(0, 2, 1).reshape(-1, self.height), table)

    def embed(self, strips: np.ndarray, crops: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Embeddings, float32 (crops, features), which enter the last layer, and logits, float32 (crops, classes)."""
        tapped = keras.Model(self._scaled, [self.model.get_layer("logits").input, self.model.output])
        parts: list[list[np.ndarray]] = [[], []]
        for start in range(0, len(crops), BATCH):
            batch = gather(strips, crops["start"][start : start + BATCH], self.width)
            for part, output in zip(parts, tapped(self.scaled(batch), training=False), strict=True):
                part.append(keras.ops.convert_to_numpy(output).astype(np.float32))
        embeddings, logits = (np.concatenate(part) for part in parts)
        return embeddings, logits


def _layers(model: keras.Model) -> list[Layer]:
    """Each convolution with all that follows it up to the next one or the head."""
    layers: list[Layer] = []
    field = step = 1
    output = drive = None
    first = next(number for number, layer in enumerate(model.layers) if isinstance(layer, Conv2D))
    for layer in model.layers[first:]:
        if len(layer.output.shape) != 4:
            break
        if isinstance(layer, Conv2D):
            if output is not None:
                layers.append(Layer(output, drive, field, step))
            field, step = field + (layer.kernel_size[0] - 1) * step, step * layer.strides[0]
        elif isinstance(layer, keras.layers.MaxPooling2D | keras.layers.AveragePooling2D):
            field, step = field + (layer.pool_size[0] - 1) * step, step * layer.strides[0]
        output = layer.output
        drive = layer.input if isinstance(layer, keras.layers.ReLU | keras.layers.Activation) else output
    return [*layers, Layer(output, drive, field, step)]


def _listed(outputs: object) -> list:
    return list(outputs) if isinstance(outputs, list | tuple) else [outputs]
