"""95 % intervals by resampling whole groups, such as writers: what one group holds is alike and counts once."""

import numpy as np


def draws(groups: int, resamples: int, rng: np.random.Generator) -> np.ndarray:
    """How often each group stands in each resample, int (resamples, groups)."""
    return rng.multinomial(groups, np.full(groups, 1 / groups), size=resamples)
