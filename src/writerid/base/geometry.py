"""Sizes known in advance: of lines in the strips, and of the network's feature maps."""

from itertools import pairwise

import numpy as np

# Pixels. A longer image would grow to gigabytes when it is scaled from a few rows to the height of a crop.
MAX_SIDE = 2**15
POOLED_LAYERS = 3  # the first layers, as many as the reference has, end in 2x2 pooling
FITTING = 0.95  # share of lines that fit the height of a crop unshrunk, where all lines have one scale


def line_scales(sizes: np.ndarray, height: int, fit: str, first: np.ndarray | float = 1.0) -> np.ndarray:
    """By how much each line is scaled, float64 (lines,), for crops `height` pixels high.

    Parameters: `sizes` (lines, 2) holds the width and height of each image in pixels. fit `line`: each line fills the
    height, so that one without ascenders is written large. `dataset`: all lines have one scale, which keeps how large
    a hand writes; the few that would be too high fill the height. `first`, float64 (lines,), is by how
    much they are scaled first, to have one resolution; it is part of what is returned.
    """
    fills = height / sizes[:, 1]
    if fit == "line":
        return fills
    return np.minimum(fills, first * (height / np.quantile(sizes[:, 1] * first, FITTING, method="higher")))


def strip_widths(sizes: np.ndarray, scales: np.ndarray, width: int) -> np.ndarray:
    """Columns of each line in the strips, int64 (lines,), at least one crop `width` wide; sizes, scales as above."""
    return np.maximum(np.rint(sizes[:, 0] * scales).astype(np.int64), width)


def feature_maps(height: int, width: int, layers: int) -> list[tuple[int, int]]:
    """Sizes (height, width) of the maps that enter each convolution, and of the one that leaves the last.

    The first convolution has stride 2 and keeps a border ("same" padding); 2x2 pooling drops an odd row or
    column, as in the reference.
    """
    sizes = [(height, width)]
    for layer in range(layers):
        height, width = sizes[-1]
        if layer == 0:
            height, width = (height + 1) // 2, (width + 1) // 2
        if layer < POOLED_LAYERS:
            height, width = height // 2, width // 2
        sizes.append((height, width))
    return sizes


def check_network(height: int, width: int, layers: int, kernel_size: int) -> list[str]:
    """Problems, one line each, of a network of so many layers on crops of height x width pixels.

    A kernel that is more than twice as large as its map has weights that never meet anything but the border.
    """
    maps = [min(size) for size in feature_maps(height, width, layers)]
    for layer, (entering, leaving) in enumerate(pairwise(maps), start=1):
        largest = 2 * entering - 1
        if kernel_size > largest or leaving < 1:
            ways = [f"layers up to {layer - 1}"] if layer > 1 else []
            ways += [f"a kernel_size up to {largest}"] if entering > 0 and leaving > 0 else []
            return [
                f"layers: {layers} with kernel_size: {kernel_size} does not fit crops of {height} x {width} pixels, "
                f"layer {layer} sees maps only {entering} high or wide; "
                f"take {' or '.join([*ways, 'larger crops'])} (crop.height, crop.width)"
            ]
    return []
