"""Changes to training crops that leave the hand the same.

What one hand varies in: size, slant, direction, place. What pens and scanners do: width of strokes, soft or sharp
edges, grey or black.
"""

from collections.abc import Callable

import keras
import numpy as np
from keras import ops

from writerid.base.schema import Augmentation

CHANGES = 9  # numbers that say how one crop is changed
STROKE, BLUR, CONTRAST = range(6, CHANGES)


def draw(augmentation: Augmentation, size: tuple[int, int], count: int, rng: np.random.Generator) -> np.ndarray:
    """Draw the changes of `count` crops of `size` (height, width): float32 (count, CHANGES).

    The first six are an affine map from the changed crop's columns and rows to the crop's own, about its middle; then
    come the change of stroke width and of blur, both -1..1, and how many times as steep edges are.
    """

    changed = rng.random(count) < augmentation.share

    def spread(most: float) -> np.ndarray:
        return changed * rng.uniform(-most, most, count)

    size_x = np.exp(spread(augmentation.scale))
    size_y = size_x * np.exp(spread(augmentation.scale / 3))
    slant, rotation = spread(augmentation.slant), spread(augmentation.rotation)
    shift_x, shift_y = spread(augmentation.shift), spread(augmentation.shift)
    y, x = (np.array(size) - 1) / 2
    return np.column_stack(
        [
            size_x,
            slant + rotation,
            x - size_x * x - (slant + rotation) * y + shift_x,
            -rotation,
            size_y,
            y + rotation * x - size_y * y + shift_y,
            spread(augmentation.stroke),
            spread(augmentation.blur),
            np.exp(np.abs(spread(np.log(augmentation.contrast)))),
        ]
    ).astype(np.float32)


class Augment(keras.layers.Layer):
    """Changes crops, float (batch, height, width, 1), as `draw` says; a layer without weights.

    `paper` is the value that fills what comes in from beyond the border. Ink has the higher values, or, with
    `paper` at 1, the lower ones.
    """

    def __init__(self, paper: float) -> None:
        super().__init__(name="augment", dtype="float32")
        self._paper = paper

    def call(self, pixels: keras.KerasTensor, changes: keras.KerasTensor) -> keras.KerasTensor:
        """Return the changed crops, float32 (batch, height, width, 1), for changes, float32 (batch, CHANGES)."""
        transform = ops.concatenate([changes[:, :6], ops.zeros_like(changes[:, :2])], axis=1)
        pixels = ops.image.affine_transform(pixels, transform, fill_value=self._paper, data_format="channels_last")
        more, less = _of_neighbours(pixels, ops.maximum), _of_neighbours(pixels, ops.minimum)
        stroke, blur, contrast = (changes[:, at][:, None, None, None] for at in range(STROKE, CHANGES))
        pixels = pixels + ops.relu(stroke) * (more - pixels) + ops.relu(-stroke) * (less - pixels)
        pixels = pixels + blur * (_of_neighbours(pixels, ops.add) / 9 - pixels)
        return ops.clip((pixels - 0.5) * contrast + 0.5, 0, 1)


def _of_neighbours(pixels: keras.KerasTensor, join: Callable[..., keras.KerasTensor]) -> keras.KerasTensor:
    """Join each pixel and the eight around it: many times faster on a CPU than pooling with stride 1."""
    padded = ops.pad(pixels, [[0, 0], [1, 1], [1, 1], [0, 0]], "symmetric")
    of_rows = join(join(padded[:, :-2], padded[:, 1:-1]), padded[:, 2:])
    return join(join(of_rows[:, :, :-2], of_rows[:, :, 1:-1]), of_rows[:, :, 2:])
