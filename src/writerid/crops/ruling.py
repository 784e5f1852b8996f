"""Ruled and squared paper: thin lines that run across a whole line image are taken out, strokes across them stay."""

import numpy as np

FAINT = 12  # grey levels by which ruling is darker than what is above and below it at least
CLEAR = 24  # and ink: what is that dark beside a ruling is a stroke that crosses or touches it
BLOCK = 64  # pixels; ruling is looked for in blocks, across which it may rise or fall
DARK, THROUGHOUT = 0.5, 0.9  # share of such pixels in a ruled row of a block, and of blocks that hold the ruling
FEW_BLOCKS, FEW_DARK = 6, 0.6  # of so few blocks, which a word's own strokes may fill, each must hold more of it
LEAN = 10  # pixels that ruling may rise or fall from one end to the other
SQUARES = 4  # upright lines that make squared paper


def without_ruling(grey: np.ndarray) -> np.ndarray:
    """Return a line, dark on light, uint8 (height, width), without the ruling of its paper; itself if it has none.

    Upright lines are taken out only where there are level ones too, and several: a letter may be as high as the image.
    """
    rows = _rulings(grey, BLOCK)
    if not rows:
        return grey
    cleaned = _wiped(grey, rows)
    columns = _rulings(cleaned.T, max(8, cleaned.shape[0] // 4))
    return _wiped(cleaned.T, columns).T if len(columns) >= SQUARES else cleaned


def _rulings(grey: np.ndarray, block: int) -> list[tuple[int, int, int]]:
    """Find level rulings: first row, by how much it falls to the last column, and half its thickness, in pixels."""
    height, width = grey.shape
    blocks, every = width // block, max(1, block // 8)
    if blocks < 4 or height < 24:
        return []
    thickest = max(3, min(grey.shape) // 16)
    share = DARK if blocks >= FEW_BLOCKS else FEW_DARK
    some = grey[:, : blocks * block].reshape(height, blocks, block)[:, :, ::every]
    if (
        _thin(some[:, :: blocks // 4], thickest + 1, share).any(axis=0).mean() < 0.5
    ):  # most paper is plain: a glance tells
        return []
    dark = _thin(some, thickest + 1, share)
    if dark.any(axis=0).mean() < THROUGHOUT:
        return []
    near = dark.copy()  # a row above or below will do
    near[1:] |= dark[:-1]
    near[:-1] |= dark[1:]
    rulings: list[tuple[int, int, int]] = []

    def places(fall: int) -> tuple[np.ndarray, np.ndarray]:
        shift = np.rint(np.linspace(0, fall, blocks)).astype(int)
        return np.clip(np.arange(height)[:, None] + shift, 0, height - 1), np.arange(blocks)

    for fall in sorted(range(-LEAN, LEAN + 1), key=lambda fall: (-dark[places(fall)].mean(axis=1).max(), abs(fall))):
        throughout = near[places(fall)].mean(axis=1) >= THROUGHOUT
        edges = np.flatnonzero(np.diff(np.concatenate([[False], throughout, [False]])))
        for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
            middle, half = (first + end - 1) // 2, (end - first) // 2
            inside = half < middle < height - half - 1
            if end - first <= thickest + 2 and inside and all(abs(middle - row) > half + at for row, _, at in rulings):
                rulings.append((middle, fall, half))
    return rulings


def _thin(some: np.ndarray, reach: int, share: float) -> np.ndarray:
    """Where thin dark lines run through a block: bool (rows, blocks), from pixels, uint8 (rows, blocks, some)."""
    dark = np.zeros(some.shape[:2], bool)
    beside = np.minimum(some[: -2 * reach], some[2 * reach :])
    darker = np.minimum(some[reach:-reach], 255 - FAINT) + np.uint8(FAINT) < beside
    dark[reach:-reach] = darker.sum(axis=2, dtype=np.uint8) >= share * some.shape[2]
    return dark


def _wiped(grey: np.ndarray, rulings: list[tuple[int, int, int]]) -> np.ndarray:
    """Fill rulings with what is above and below them, except where that is ink."""
    height, width = grey.shape
    cleaned = grey.copy()
    columns = np.arange(width)
    for first, fall, half in rulings:
        middle = np.rint(first + np.linspace(0, fall, width)).astype(int)
        above = grey[np.clip(middle - half - 1, 0, height - 1), columns].astype(int)
        below = grey[np.clip(middle + half + 1, 0, height - 1), columns].astype(int)
        paper = np.quantile(np.concatenate([above, below]), 0.75)
        free = np.flatnonzero(np.minimum(above, below) > paper - CLEAR)
        for offset in range(-half, half + 1):
            rows = np.clip(middle[free] + offset, 0, height - 1)
            cleaned[rows, free] = np.maximum(cleaned[rows, free], (above[free] + below[free]) // 2)
    return cleaned
