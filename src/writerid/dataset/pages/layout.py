"""What a page's lines are: where each lies on the page, and what is known of it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np


@dataclass(frozen=True)
class LineRegion:
    """A line on a page; all coordinates are pixels of the page's image, x before y.

    `outline` is a polygon, float64 (points, 2); None where the layout file tells no place. `baseline` is float64
    (points, 2) in the direction of reading. `turned` is by how many degrees clockwise the writing lies turned, where
    the region says so and the baseline does not tell. `tags` are the types that the file gives the line and its region.
    """

    name: str
    outline: np.ndarray | None
    baseline: np.ndarray | None = None
    text: str = ""
    tags: tuple[str, ...] = ()
    turned: float = 0.0

    def scaled(self, x: float, y: float) -> "LineRegion":
        """Return the line with its coordinates multiplied."""
        by = np.array([x, y])
        outline = None if self.outline is None else self.outline * by
        return replace(self, outline=outline, baseline=None if self.baseline is None else self.baseline * by)
