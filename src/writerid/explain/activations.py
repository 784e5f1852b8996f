"""What drives a filter: the real crops that move it most, and an image grown by gradient ascent."""

from dataclasses import dataclass

import numpy as np
from keras import ops
from scipy.ndimage import gaussian_filter

from writerid.explain.taps import BATCH, Layer, Taps
from writerid.gradients import gradient

FILTERS = 6  # of each layer
PATCHES = 4  # real patches of each filter
ASCENT_STEPS = 30
ASCENT_RATE = 0.06  # of the range of grey values a step


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
        for layer, maps in enumerate(taps.maps(crops[start : start + BATCH])):
            flat = maps.reshape(len(maps), -1, maps.shape[-1])
            peaks[layer].append(flat.max(axis=1))
            places[layer].append(flat.argmax(axis=1))
    found = []
    for number, layer in enumerate(taps.layers):
        peak, place = np.concatenate(peaks[number]), np.concatenate(places[number])
        filters = np.sort(np.argsort(-peak.std(axis=0), kind="stable")[:FILTERS])
        side = min(layer.field + layer.field % 2, taps.height, taps.width)
        columns = layer.output.shape[2]
        patches = np.stack(
            [
                np.stack(
                    [
                        _patch(crops[crop], divmod(int(place[crop, own]), columns), layer.step, side)
                        for crop in _strongest(peak[:, own], lines)
                    ]
                )
                for own in filters
            ]
        )
        found.append(Driven(layer, filters, patches, _grow(taps, layer, filters, side, rng)))
    return found


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
    """Grow an image for each filter by gradient ascent on its mean over the map, from faint noise; uint8.

    (D. Erhan et al., Visualizing higher-layer features of a deep network, 2009.) Grey values stay in their range, and
    a slight blur now and then keeps the fine patterns away that no pen can draw.
    """
    network = taps.to_layer(layer)
    own = np.eye(layer.output.shape[-1], dtype=np.float32)[filters]

    def drive(tensor):  # type: ignore[no-untyped-def]
        return ops.sum(ops.mean(network(tensor, training=False), axis=(1, 2)) * own, axis=1)

    images = rng.normal(0.5, 0.05, (len(filters), taps.height, taps.width, 1)).astype(np.float32)
    for step in range(ASCENT_STEPS):
        slope = gradient(drive, images)
        scale = np.sqrt((slope**2).mean(axis=(1, 2, 3), keepdims=True)) + 1e-12
        images = np.clip(images + ASCENT_RATE * slope / scale, 0, 1).astype(np.float32)
        if step % 5 == 4:
            images = gaussian_filter(images, (0, 0.7, 0.7, 0))
    black, white = taps.scaled(
        np.stack(
            [np.zeros((2, taps.height, taps.width), np.uint8)[0], np.full((taps.height, taps.width), 255, np.uint8)]
        )
    )
    grey = (images - black) / (white - black)
    top, left = (taps.height - side) // 2, (taps.width - side) // 2
    return np.clip(np.rint(255 * grey[:, top : top + side, left : left + side, 0]), 0, 255).astype(np.uint8)
