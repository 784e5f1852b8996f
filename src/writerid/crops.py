"""Crops: windows into the strips, and the rows of the tables that name them."""

import numpy as np

# One row a crop: its first column in the strips, the row of its line in lines.csv, and its writer's label.
CROP = np.dtype([("start", "<i8"), ("line", "<i4"), ("label", "<i4")])


def gather(strips: np.ndarray, starts: np.ndarray, width: int) -> np.ndarray:
    """Copy crops out of the strips: uint8 (crops, height, width) for start columns (crops,)."""
    crops = np.empty((len(starts), width, strips.shape[1]), np.uint8)
    for crop, start in zip(crops, starts.tolist(), strict=True):
        crop[:] = strips[start : start + width]
    return crops.transpose(0, 2, 1)
