"""Ruled and squared paper: thin lines that run across a whole line image are taken out, strokes across them stay."""

from dataclasses import dataclass, replace

import numpy as np

FAINT = 12  # grey levels by which ruling is darker than what is above and below it at least
CLEAR = 24  # and ink: what is that dark beside a ruling is a stroke that crosses or touches it
BLOCK = 64  # pixels; ruling is looked for in blocks, across which it may rise or fall
DARK, THROUGHOUT = 0.5, 0.9  # share of such pixels in a ruled row of a block, and of blocks that hold the ruling
FEW_BLOCKS, FEW_DARK = 6, 0.6  # of so few blocks, which a word's own strokes may fill, each must hold more of it
LEAN = 10  # pixels that ruling may rise or fall from one end to the other
SQUARES = 4  # upright lines that make squared paper
LIKE, FREE = 0.75, 0.3  # share of a rule's pixels beside no stroke that look like it, and share that are beside none
Line = tuple[int, int, int]  # the row where a rule begins, by how much it falls to the last column, half its thickness


@dataclass(frozen=True)
class Rule:
    """How rules look: the grey value of paper, by how much they are darker, half their thickness, and how they fall."""

    paper: float
    depth: float
    half: int
    fall: int


def without_ruling(grey: np.ndarray) -> np.ndarray:
    """Return a line, dark on light, uint8 (height, width), without the ruling of its paper; itself if it has none.

    Upright lines are taken out only where there are level ones too, and several: a letter may be as high as the image.
    Then all that look like the level ones are, also those that strokes hide for the most part.
    """
    found = _rulings(grey)
    if not found:
        return grey
    if rule := _measured(grey, found):
        upright = replace(rule, fall=-round(rule.fall * grey.shape[0] / grey.shape[1]))  # once rows are columns
        columns = _like(grey.T, upright)
        if len(columns) >= SQUARES:
            return _without(_without(grey, _like(grey, rule), rule).T, columns, upright).T
    return _wiped(grey, found)


def _rulings(grey: np.ndarray) -> list[Line]:
    """Find level rulings, the clearest first."""
    height, width = grey.shape
    blocks, every = width // BLOCK, BLOCK // 8
    if blocks < 4 or height < 24:
        return []
    thickest = max(3, min(grey.shape) // 16)
    share = DARK if blocks >= FEW_BLOCKS else FEW_DARK
    some = grey[:, : blocks * BLOCK].reshape(height, blocks, BLOCK)[:, :, ::every]
    if _thin(some[:, :: blocks // 4], thickest + 1, share).any(axis=0).mean() < 0.5:
        return []  # most paper is plain: a glance tells
    dark = _thin(some, thickest + 1, share)
    if dark.any(axis=0).mean() < THROUGHOUT:
        return []
    near = dark.copy()  # a row above or below will do
    near[1:] |= dark[:-1]
    near[:-1] |= dark[1:]
    rulings: list[Line] = []

    def places(fall: int) -> tuple[np.ndarray, np.ndarray]:
        shift = np.rint(np.linspace(0, fall, blocks)).astype(int)
        return np.clip(np.arange(height)[:, None] + shift, 0, height - 1), np.arange(blocks)

    for fall in sorted(range(-LEAN, LEAN + 1), key=lambda fall: (-dark[places(fall)].mean(axis=1).max(), abs(fall))):
        for first, last in _runs(near[places(fall)].mean(axis=1) >= THROUGHOUT, thickest + 2):
            middle, half = (first + last) // 2, (last - first + 1) // 2
            inside = half < middle < height - half - 1
            if inside and all(abs(middle - row) > half + at for row, _, at in rulings):
                rulings.append((middle, fall, half))
    return rulings


def _thin(some: np.ndarray, reach: int, share: float) -> np.ndarray:
    """Where thin dark lines run through a block: bool (rows, blocks), from pixels, uint8 (rows, blocks, some)."""
    dark = np.zeros(some.shape[:2], bool)
    beside = np.minimum(some[: -2 * reach], some[2 * reach :])
    darker = np.minimum(some[reach:-reach], 255 - FAINT) + np.uint8(FAINT) < beside
    dark[reach:-reach] = darker.sum(axis=2, dtype=np.uint8) >= share * some.shape[2]
    return dark


def _wiped(grey: np.ndarray, rulings: list[Line]) -> np.ndarray:
    """Fill rulings with what is above and below them, except where that is ink."""
    cleaned = grey.copy()
    for row, fall, half in rulings:
        above, below = (grey[_along(grey, row, fall, step)].astype(int) for step in (-half - 1, half + 1))
        free = np.minimum(above, below) > np.quantile(np.concatenate([above, below]), 0.75) - CLEAR
        for step in range(-half, half + 1):
            at = _along(grey, row, fall, step)
            cleaned[at] = np.where(free, np.maximum(cleaned[at], (above + below) // 2), cleaned[at])
    return cleaned


def _along(grey: np.ndarray, row: int, fall: int, step: int) -> tuple[np.ndarray, np.ndarray]:
    """Places so many rows below a row that falls, where it would leave the image at the image's edge."""
    height, width = grey.shape
    return np.clip(np.rint(row + np.linspace(0, fall, width)).astype(int) + step, 0, height - 1), np.arange(width)


def _measured(grey: np.ndarray, rules: list[Line]) -> Rule | None:
    """Measure the clearest rule and those that fall alike, where no stroke is near.

    None where they are too faint to be told from paper, or too thick.
    """
    reach, fall = max(3, min(grey.shape) // 16) + 2, rules[0][1]
    found = []
    for row in [row for row, own, _ in rules if own == fall]:
        across = np.array([grey[_along(grey, row, fall, step)] for step in range(-reach, reach + 1)], np.int16)
        paper, beside = np.quantile(across[[0, -1]], 0.75), np.minimum(across[0], across[-1])
        free = beside > paper - CLEAR
        if free.any():
            depths = np.median((beside - across)[:, free], axis=1)
            found.append((paper, depths.max(), np.count_nonzero(depths >= 0.4 * depths.max())))
    if not found:
        return None
    paper, depth, thick = np.median(found, axis=0).tolist()
    thin = thick <= max(4, len(grey) // 24)  # what is thicker are the feet of letters
    return Rule(paper, depth, (int(thick) + 1) // 2, fall) if depth >= FAINT and thin else None


def _like(grey: np.ndarray, rule: Rule) -> list[Line]:
    """Find all level rules that look like one, and fall like it."""
    width, reach = grey.shape[1], 2 * rule.half + 1
    level = np.pad(grey.astype(np.int16), ((reach + 1,) * 2, (0, 0)), constant_values=int(rule.paper))
    shift = np.rint(np.linspace(0, rule.fall, width)).astype(int)
    level = level[np.clip(np.arange(len(level))[:, None] + shift, 0, len(level) - 1), np.arange(width)]
    beside = np.minimum(level[: -2 * reach], level[2 * reach :])  # of each row, and one more at either edge
    darker = beside - level[reach:-reach]
    on_stroke = darker > 1.4 * rule.depth + 8
    free = (beside > rule.paper - max(CLEAR, rule.depth / 2)) & ~on_stroke
    ruled = free & (darker >= 0.4 * rule.depth)
    near, free = ruled[:-2] | ruled[1:-1] | ruled[2:], free[1:-1]
    count = free.sum(axis=1)
    there = ((near & free).sum(axis=1) >= LIKE * count) & (count >= FREE * width)
    found = _runs(there, 2 * rule.half + 3)
    return [((first + last) // 2, rule.fall, max(rule.half, (last - first + 1) // 2)) for first, last in found]


def _runs(true: np.ndarray, longest: int) -> list[tuple[int, int]]:
    """First and last places of what is true side by side, up to so many."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], true, [False]])))
    places = zip(edges[::2].tolist(), (edges[1::2] - 1).tolist(), strict=True)
    return [(first, last) for first, last in places if last - first < longest]


def _without(grey: np.ndarray, rules: list[Line], rule: Rule) -> np.ndarray:
    """Fill rules with what is above or below them, except what is ink.

    Ink is what is much darker than rules; where no ink is, it is what does not lie between paper.
    """
    darkest = rule.paper - 1.4 * rule.depth - 8
    told = np.quantile(grey, 0.01) <= darkest - 0.2 * rule.depth
    cleaned = grey.copy()
    for row, fall, half in rules:
        above, below = (grey[_along(grey, row, fall, step)] for step in (-half - 1, half + 1))
        fill, free = np.maximum(above, below), np.minimum(above, below) > rule.paper - CLEAR
        for step in range(-half, half + 1):
            at = _along(grey, row, fall, step)
            own = cleaned[at]
            cleaned[at] = np.where(own > darkest if told else free, np.maximum(own, fill), own)
    return cleaned
