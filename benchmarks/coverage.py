"""How often the 95 % intervals of accuracies hold the truth, and how wide they are, by simulation.

    python -m benchmarks.coverage [--runs 1000]

Forms have 1 to 20 lines; a form's own accuracy is drawn from a beta distribution about the true one, with an
intraclass correlation of 0 (forms alike) to 0.4, or is all or nothing (1). Items are lines, or six crops a line. Beside
the interval (scores/intervals.py) stands the percentile bootstrap over forms (1,000 resamples) that was used before.
"""

from collections.abc import Iterator
from itertools import product

import numpy as np

from benchmarks import tables
from writerid.scores.intervals import share

FORMS = (5, 20, 70, 200)
ACCURACIES = (0.5, 0.9, 0.97, 0.995)
CORRELATIONS = (0.0, 0.1, 0.4, 1.0)
CROPS = (1, 6)
MEASURED = ("held", "width", "bootstrap_held", "bootstrap_width")


def drawn(forms: int, accuracy: float, correlation: float, crops: int, rng: np.random.Generator) -> np.ndarray:
    """What is right and what there is by form, int (2, forms)."""
    items = crops * rng.integers(1, 21, forms)
    if correlation in (0, 1):
        of_form = np.full(forms, accuracy) if correlation == 0 else (rng.random(forms) < accuracy).astype(float)
    else:
        alike = 1 / correlation - 1
        of_form = rng.beta(accuracy * alike, (1 - accuracy) * alike, forms)
    return np.array([rng.binomial(items, of_form), items])


def percentiles(right: np.ndarray, items: np.ndarray, rng: np.random.Generator) -> tuple[float, float]:
    """Bounds of the percentile bootstrap over forms."""
    weights = rng.multinomial(len(items), np.full(len(items), 1 / len(items)), size=1000)
    low, high = np.percentile((weights @ right) / (weights @ items), [2.5, 97.5])
    return float(low), float(high)


def main() -> None:
    """Print the table."""
    parser = tables.parser(__doc__)
    parser.add_argument("--runs", type=tables.positive, default=1000, help="of each setting (%(default)s)")
    options = parser.parse_args()
    tables.show(simulated(options.runs), options.csv)


def simulated(runs: int) -> Iterator[tables.Row]:
    """Yield a row for each setting."""
    rng = np.random.default_rng(0)
    for forms, accuracy, correlation, crops in product(FORMS, ACCURACIES, CORRELATIONS, CROPS):
        tried = []
        for _ in range(runs):
            right, items = drawn(forms, accuracy, correlation, crops, rng)
            for low, high in (share(right, items)[1:], percentiles(right, items, rng)):
                tried += [low <= accuracy <= high, high - low]
        means = np.array(tried, float).reshape(runs, 4).mean(axis=0)
        cells = dict(zip(MEASURED, (f"{mean:.3f}" for mean in means), strict=True))
        yield {"forms": forms, "accuracy": accuracy, "correlation": correlation, "items_a_line": crops, **cells}


if __name__ == "__main__":
    main()
