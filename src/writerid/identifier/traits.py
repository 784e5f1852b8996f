"""What can be measured on any line: whether a scan is like those that the identifier was tried on."""

from collections.abc import Mapping

import numpy as np

from writerid.dataset.ink import MIN_CONTRAST, paper_and_ink

TRAITS = {
    "height": "the writing is {} than any that it was tried on ({:.1f} times)",
    "stroke": "the strokes are {} than any that it was tried on ({:.1f} times)",
    "soft": "the edges of strokes are {} than any that it was tried on ({:.1f} times)",
}
WORDS = {"height": ("smaller", "larger"), "stroke": ("thinner", "thicker"), "soft": ("harder", "softer")}
NEAREST_LINE = "nearest"  # no trait of a line: the least likeness of a document to the nearest line trained on
SLACK = 1.15  # by so much a trait may lie outside of what was seen
FAR = 1.5  # and from here on the scan cannot be judged


def traits(strip: np.ndarray) -> np.ndarray:
    """Measure a line as the network sees it, uint8 (columns, height): float64 (3,), see TRAITS.

    In pixels how high the writing is, and how thick its strokes; and of what is dark the share that is grey.
    """
    paper, ink = paper_and_ink(strip)
    if paper - ink < MIN_CONTRAST:
        return np.full(len(TRAITS), np.nan)
    dark = strip < (paper + ink) / 2
    of_row = np.cumsum(dark.sum(axis=0))
    first, last = np.searchsorted(of_row, of_row[-1] * np.array([0.05, 0.95]))
    runs = max(int(np.count_nonzero(dark & ~np.roll(dark, 1, axis))) for axis in (0, 1))
    stroke = int(of_row[-1]) / max(1, runs)
    inked = strip < 0.85 * paper
    soft = float((inked & (strip > ink + 0.25 * (paper - ink))).sum() / max(1, int(inked.sum())))
    return np.array([last - first + 1, stroke, soft + 0.05])


def seen(measured: np.ndarray) -> dict[str, tuple[float, float]]:
    """Return the lowest and the highest value of each trait, of documents, float64 (documents, traits)."""
    whole = measured[np.isfinite(measured).all(axis=1)]
    low, high = np.quantile(whole, [0.005, 0.995], axis=0) if len(whole) else (np.zeros(3), np.full(3, 1e9))
    return {name: (float(low[place]), float(high[place])) for place, name in enumerate(TRAITS)}


def unlike(measured: np.ndarray, known: Mapping[str, tuple[float, float]]) -> tuple[list[str], bool]:
    """Say in what a document, float64 (traits,), is unlike those that were seen, and whether too much to be judged."""
    warnings, far = [], False
    for name, value in zip(TRAITS, measured.tolist(), strict=True):
        low, high = known[name]
        by = max(low / max(value, 1e-9), value / max(high, 1e-9))
        if by > SLACK:
            warnings.append(TRAITS[name].format(WORDS[name][value > high], by))
            far |= by > FAR and name != "soft"
    return warnings, far
