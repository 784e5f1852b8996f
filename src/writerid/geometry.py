"""The sizes of the network's feature maps, known without building it."""

from itertools import pairwise

POOLED_LAYERS = 3  # the first layers, as many as the reference has, end in 2x2 pooling


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
    """Problems, one line each, of a network of so many layers on crops of height x width pixels."""
    maps = [min(size) for size in feature_maps(height, width, layers)]
    for layer, (smallest, leaving) in enumerate(pairwise(maps), start=1):
        if kernel_size > smallest or leaving < 1:
            ways = [f"layers up to {layer - 1}"] if layer > 1 else []
            ways += [f"a kernel_size up to {smallest}"] if smallest > 0 and leaving > 0 else []
            return [
                f"layers: {layers} with kernel_size: {kernel_size} does not fit crops of {height} x {width} pixels, "
                f"layer {layer} sees maps only {smallest} high or wide; "
                f"take {' or '.join([*ways, 'larger crops'])} (crop.height, crop.width)"
            ]
    return []
