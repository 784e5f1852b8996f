"""Which pixels speak for a writer: gradient x input, integrated gradients and Grad-CAM, by crop and over lines.

What is explained is a class's logit less the mean of all logits: what the class gains over the others.
"""

from collections.abc import Callable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops
from PIL import Image

from writerid.crops.windows import gather
from writerid.dataset.ink import paper_and_ink
from writerid.explain.taps import BATCH, Taps
from writerid.network.gradients import gradient

IG_STEPS = 12
Method = Callable[[Taps, np.ndarray, np.ndarray], np.ndarray]


def gradient_x_input(taps: Taps, crops: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Gradient times difference from blank paper, float32 (crops, height, width).

    Parameters: crops, uint8 (crops, height, width), and the class that is explained for each, int (crops,). Positive
    where the ink speaks for the class (A. Shrikumar et al., Not just a black box, 2016).
    """
    scaled, blank = taps.scaled(crops), taps.scaled(blank_paper(crops))
    return ((scaled - blank) * gradient(_gain(taps.to_logits, classes), scaled))[..., 0]


def integrated_gradients(taps: Taps, crops: np.ndarray, classes: np.ndarray, steps: int = IG_STEPS) -> np.ndarray:
    """Gradients averaged on the way from blank paper to the crop, times the difference; shapes as above.

    The sum over a crop is, but for the coarseness of the steps, what the crop gains over blank paper (M. Sundararajan
    et al., Axiomatic attribution for deep networks, ICML 2017).
    """
    scaled, blank = taps.scaled(crops), taps.scaled(blank_paper(crops))
    total = np.zeros_like(scaled)
    for step in range(steps):
        total += gradient(_gain(taps.to_logits, classes), blank + (scaled - blank) * np.float32((step + 0.5) / steps))
    return ((scaled - blank) * total / steps)[..., 0]


def grad_cam(taps: Taps, crops: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """Where the map before the head speaks for the class, from 0 up, at the crop's size; shapes as above.

    (R. Selvaraju et al., Grad-CAM, ICCV 2017).
    """
    maps = keras.ops.convert_to_numpy(taps.to_map(taps.scaled(crops), training=False)).astype(np.float32)
    weights = gradient(_gain(taps.from_map, classes), maps).mean(axis=(1, 2), keepdims=True)
    coarse = np.maximum((weights * maps).sum(axis=-1), 0)
    size = (crops.shape[2], crops.shape[1])
    return np.stack([np.asarray(Image.fromarray(each).resize(size, Image.Resampling.BILINEAR)) for each in coarse])


METHODS: dict[str, Method] = {
    "integrated_gradients": integrated_gradients,
    "gradient_x_input": gradient_x_input,
    "grad_cam": grad_cam,
}


def gains(taps: Taps, crops: np.ndarray, classes: np.ndarray) -> np.ndarray:
    """What is explained: each crop's logit of its class less the mean of its logits, float64 (crops,)."""
    logits = keras.ops.convert_to_numpy(taps.to_logits(taps.scaled(crops), training=False)).astype(np.float64)
    return logits[np.arange(len(crops)), classes] - logits.mean(axis=1)


def blank_paper(crops: np.ndarray) -> np.ndarray:
    """Crops of the same size and paper without any ink, uint8 (crops, height, width)."""
    blank = np.empty_like(crops)
    for empty, crop in zip(blank, crops, strict=True):
        empty[:] = paper_and_ink(np.ascontiguousarray(crop))[0]
    return blank


def over_lines(
    taps: Taps, strips: np.ndarray, lines: Sequence[np.ndarray], targets: Sequence[int], method: Method
) -> list[np.ndarray]:
    """Evidence over whole lines, float32 (height, columns) each: that of their crops, averaged where they lap.

    Parameters: strips, uint8 (columns, height); the crops of each line (see windows.CROP), and the class explained.
    """
    starts = np.concatenate([crops["start"] for crops in lines])
    classes = np.repeat(np.asarray(targets), [len(crops) for crops in lines])
    parts = [slice(start, start + BATCH) for start in range(0, len(starts), BATCH)]
    by_crop = np.concatenate([method(taps, gather(strips, starts[part], taps.width), classes[part]) for part in parts])
    whole, end = [], 0
    for crops in lines:
        first, columns = int(crops["start"].min()), int(np.ptp(crops["start"])) + taps.width
        total, times = np.zeros((taps.height, columns), np.float32), np.zeros(columns, np.float32)
        for evidence, at in zip(by_crop[end : end + len(crops)], crops["start"] - first, strict=True):
            total[:, at : at + taps.width] += evidence
            times[at : at + taps.width] += 1
        end += len(crops)
        whole.append(total / np.maximum(times, 1))
    return whole


def _gain(network: keras.Model, classes: np.ndarray) -> Callable[[Any], Any]:
    """From a network's inputs to the classes' logits less the mean of all logits."""
    weight = np.eye(network.output_shape[-1], dtype=np.float32)[classes] - np.float32(1 / network.output_shape[-1])
    weights = ops.convert_to_tensor(weight)
    return lambda tensor: ops.sum(network(tensor, training=False) * weights, axis=1)
