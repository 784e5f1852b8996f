"""What drives a filter: the real crops that move it most, and an image grown by gradient ascent."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops
from scipy.ndimage import gaussian_filter

from writerid.explain.taps import BATCH, Layer, Taps
from writerid.network.gradients import gradient

FILTERS = 6  # of each layer
PATCHES = 4  # real patches of each filter
ASCENT_STEPS = 16
ASCENT_RATE = 0.1  # of the range of grey values, a step where the slope is steepest


@dataclass(frozen=True)
class Driven:
    """The filters of one layer that tell crops apart most, and what drives each.

    filters: int (filters,). patches: uint8 (filters, PATCHES, side, side), the strongest first. grown: uint8
    (filters, side, side).
    """

    layer: Layer
    filters: np.ndarray
    patches: np.ndarray
    grown: np.ndarray


def driven(taps: Taps, crops: np.ndarray, lines: np.ndarray, rng: np.random.Generator) -> list[Driven]:
    """What drives the filters of each layer, among crops, uint8 (crops, height, width), of lines, int (crops,).

    The patches of a filter are from different lines, where there are as many.
    """
    peaks: list[list[np.ndarray]] = [[] for _ in taps.layers]  # by layer: (crops, filters)
    places: list[list[np.ndarray]] = [[] for _ in taps.layers]
    for start in range(0, len(crops), BATCH):
        for number, maps in enumerate(taps.maps(crops[start : start + BATCH])):
            flat = maps.reshape(len(maps), -1, maps.shape[-1])
            peaks[number].append(flat.max(axis=1))
            places[number].append(flat.argmax(axis=1))
    layers = []
    for layer, by_batch, places_by_batch in zip(taps.layers, peaks, places, strict=True):
        peak, place = np.concatenate(by_batch), np.concatenate(places_by_batch)
        filters = np.sort(np.argsort(-peak.std(axis=0), kind="stable")[:FILTERS])
        side = min(layer.field + layer.field % 2, taps.height, taps.width)
        columns = layer.output.shape[2]
        patches = np.stack(
            [
                np.stack(
                    [
                        _patch(crops[crop], divmod(int(place[crop, number]), columns), layer.step, side)
                        for crop in _strongest(peak[:, number], lines)
                    ]
                )
                for number in filters
            ]
        )
        layers.append(Driven(layer, filters, patches, _grow(taps, layer, filters, side, rng)))
    return layers


def _strongest(peak: np.ndarray, lines: np.ndarray) -> list[int]:
    order = np.argsort(-peak, kind="stable")
    _, first = np.unique(lines[order], return_index=True)
    chosen = [int(crop) for crop in order[np.sort(first)][:PATCHES]]
    return (chosen + [int(crop) for crop in order if crop not in chosen] + chosen * PATCHES)[:PATCHES]


def _patch(crop: np.ndarray, place: tuple[int, int], step: int, side: int) -> np.ndarray:
    """Return the square, uint8 (side, side), of a crop around a place of the map; at the border it is moved inwards."""
    top, left = (
        int(np.clip((at + 0.5) * step - side / 2, 0, size - side)) for at, size in zip(place, crop.shape, strict=True)
    )
    return crop[top : top + side, left : left + side]


def _grow(taps: Taps, layer: Layer, filters: np.ndarray, side: int, rng: np.random.Generator) -> np.ndarray:
    """Grow an image for each filter by gradient ascent on the middle of its map, from faint noise; uint8.

    (D. Erhan et al., Visualizing higher-layer features of a deep network, 2009.) Grey values stay in their range, a
    slight blur now and then keeps patterns away that no pen can draw, and at the end the contrast is stretched.
    """
    network = taps.to_drive(layer)
    rows, columns, count = layer.drive.shape[1:]
    middles = np.zeros((len(filters), rows, columns, count), np.float32)
    middles[np.arange(len(filters)), rows // 2, columns // 2, filters] = 1

    weights = ops.convert_to_tensor(middles)

    def drive(tensor: Any) -> Any:
        return ops.sum(network(tensor, training=False) * weights, axis=(1, 2, 3))

    images = rng.normal(0.5, 0.05, (len(filters), taps.height, taps.width, 1)).astype(np.float32)
    for step in range(ASCENT_STEPS):
        slope = gradient(drive, images)
        scale = np.abs(slope).max(axis=(1, 2, 3), keepdims=True) + 1e-12
        images = np.clip(images + ASCENT_RATE * slope / scale, 0, 1).astype(np.float32)
        if step % 5 == 4:
            images = gaussian_filter(images, (0, 0.7, 0.7, 0))
    white = taps.scaled(np.full((1, taps.height, taps.width), 255, np.uint8)).max()
    grey = images[..., 0] if white > 0.5 else 1 - images[..., 0]
    middle = (rows // 2, columns // 2)
    return np.stack([_stretched(_patch(image, middle, layer.step, side)) for image in grey])


def _stretched(grey: np.ndarray) -> np.ndarray:
    low, high = np.quantile(grey, [0.01, 0.99])
    return np.rint(255 * np.clip((grey - low) / max(float(high - low), 1e-6), 0, 1)).astype(np.uint8)
