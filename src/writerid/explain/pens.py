"""Lines as another pen would have written them: ballpoint, felt pen, pencil, ink that fades.

Lines are uint8 (height, columns), dark on light, and keep their size. Widths are shares of the line's height.
"""

import numpy as np
from scipy.ndimage import gaussian_filter

from writerid.dataset.ink import paper_and_ink
from writerid.explain.shapes import strokes

THINNER, PATCH = 1 / 128, 1 / 16  # of a ballpoint: its strokes, and how far it is from dark to pale
WIDER = 1 / 64  # of a felt pen
GRAIN = 1 / 128  # of a pencil on rough paper
END = 1 / 3  # of the darkness at the beginning of a line, where ink fades


def ballpoint(line: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Thin strokes, here dark and there pale."""
    return _inked(strokes(line, -THINNER), np.clip(0.75 + 0.25 * _noise(line, PATCH, rng), 0.3, 1))


def felt(line: np.ndarray) -> np.ndarray:
    """Wide strokes, dark up to their edges."""
    return np.maximum(_inked(strokes(line, WIDER), 1.5), np.uint8(paper_and_ink(line)[1]))


def pencil(line: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Grey strokes with the grain of the paper in them."""
    return _inked(line, np.clip(0.6 + 0.25 * _noise(line, GRAIN, rng), 0.1, 1))


def fading(line: np.ndarray) -> np.ndarray:
    """Ink that gets paler from the beginning of the line to its end."""
    return _inked(line, np.linspace(1, END, line.shape[1]))


def _inked(line: np.ndarray, darkness: np.ndarray | float) -> np.ndarray:
    """Make ink so many times as dark against the paper, by pixel or by column."""
    paper = float(paper_and_ink(line)[0])
    return np.clip(np.rint(paper - (paper - line) * darkness), 0, 255).astype(np.uint8)


def _noise(line: np.ndarray, share: float, rng: np.random.Generator) -> np.ndarray:
    """Noise of mean 0 and deviation 1, alike over a share of the height; float64 (height, columns)."""
    noise = gaussian_filter(rng.standard_normal(line.shape), share * len(line))
    return (noise - noise.mean()) / noise.std()
