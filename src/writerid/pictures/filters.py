"""The network from inside: its first filters, what drives the deeper ones, and the maps of a line."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from writerid.explain.activations import Driven
from writerid.pictures.canvas import sheet

ADDS, TAKES = (0, 90, 180), (190, 30, 30)  # colours of weights above and below zero
DEEP = (70, 20, 130)  # of what a filter answers strongly
SIDE = 96  # pixels that a small square is drawn with


def filters(kernel: np.ndarray, path: Path) -> None:
    """Draw the filters of a first layer, float (rows, columns, 1, filters), on one scale around zero."""
    limit = float(np.abs(kernel).max()) or 1.0
    share = kernel[:, :, 0].transpose(2, 0, 1)[..., None] / limit
    colour = 255 - np.abs(share) * (255 - np.where(share > 0, ADDS, TAKES))
    cells = [(str(number), _enlarged(np.rint(weights).astype(np.uint8))) for number, weights in enumerate(colour)]
    heading = (
        f"The {len(cells)} filters of the first layer, each {kernel.shape[0]} x {kernel.shape[1]} pixels: how much a "
        f"pixel adds to\nthe filter's answer (blue) or takes from it (red); the fullest colour stands for {limit:.2g}"
    )
    sheet(cells, heading, path, across=min(8, len(cells)), columns=SIDE)


def driven(layers: Sequence[Driven], path: Path) -> None:
    """Draw, for some filters of each layer, the real pieces of writing that drive it most and the grown image."""
    across = max(len(layer.filters) for layer in layers)
    cells = []
    for place, layer in enumerate(layers, start=1):
        side = layer.patches.shape[-1]
        for number, patches, grown in zip(layer.filters, layer.patches, layer.grown, strict=True):
            four = np.block([list(patches[:2]), list(patches[2:])])
            cells.append(
                (f"layer {place}, filter {number} ({side} x {side})", np.hstack([_square(four), _square(grown)]))
            )
        cells += [("", np.full((1, 1), 255, np.uint8))] * (across - len(layer.filters))
    heading = (
        "What drives a filter most: at the left four real pieces of writing, each of another line, at the right an "
        "image grown by gradient ascent.\nIn brackets: the pixels that the filter sees."
    )
    sheet(cells, heading, path, across=across)


def maps(line: np.ndarray, layers: Sequence[tuple[str, np.ndarray]], heading: str, path: Path) -> None:
    """Draw maps of a line, uint8 (height, columns), through every layer, the line above each column of maps.

    `layers`: the name of each, and some of its maps, float (maps, rows, columns), from 0 up and over the line's whole
    width; dark is strong.
    """
    across = max(len(values) for _, values in layers)
    cells = [("the line", line)] * across
    for name, layer in layers:
        shares = layer / np.maximum(layer.max(axis=(1, 2), keepdims=True), 1e-9)
        drawn = np.rint(255 - shares[..., None] * (255 - np.array(DEEP))).astype(np.uint8)
        rows = np.arange(line.shape[0]) * drawn.shape[1] // line.shape[0]
        cells += [(name, values[rows]) for values in drawn]
        cells += [("", np.full((1, 1), 255, np.uint8))] * (across - len(drawn))
    sheet(cells, heading, path, across=across)


def _enlarged(pixels: np.ndarray) -> np.ndarray:
    """Enlarge a small square, each pixel to a square of its colour."""
    times = max(1, SIDE // len(pixels))
    return pixels.repeat(times, axis=0).repeat(times, axis=1)


def _square(pixels: np.ndarray) -> np.ndarray:
    """Bring a square, uint8 (side, side), to the side of twice SIDE, between lines of paper."""
    at = np.arange(2 * SIDE) * len(pixels) // (2 * SIDE)
    return np.pad(pixels[np.ix_(at, at)], 4, constant_values=255)
