"""What an identifier learns from documents whose writers are known: how sure to be, and on how many that was tried."""

import numpy as np
import pytest

from writerid.identifier import fit
from writerid.identifier.fit import Lines
from writerid.scores.embedding import unit


def lines(forms: dict[str, int], seed: int = 0, of_form: int = 3) -> Lines:
    """Lines by writers who have so many forms each: vectors near the writer's own."""
    rng = np.random.default_rng(seed)
    form, writer, vectors = [], [], []
    for name, count in forms.items():
        own = rng.normal(size=16)
        for number in range(count):
            for _ in range(of_form):
                form.append(f"{name}-{number}")
                writer.append(name)
                vectors.append(own + 0.3 * rng.normal(size=16))
    return Lines(unit(np.array(vectors)), np.full(len(form), 4), np.array(form), np.array(writer))


def test_the_gallery_that_is_recorded_is_the_one_that_was_drawn():
    """Only writers with two forms can be enrolled by one and asked about by another; the rest are strangers."""
    unseen = lines({f"w{number:02d}": 2 if number < 6 else 1 for number in range(20)})
    found = fit.enrolled(unseen, np.random.default_rng(0))
    assert found is not None
    assert (found.gallery, found.strangers) == (3, 17)


@pytest.mark.parametrize("forms", [1, 4])
def test_the_odds_are_bounded_by_the_strangers_documents_that_were_tried(forms: int):
    known = lines({f"k{number}": 2 for number in range(5)}, seed=1)
    references = known.grouped(known.writer)
    unseen = lines({f"u{number}": forms for number in range(10)}, seed=2)
    found = fit.trained(known, unseen, references.vectors, references.writer)
    assert found.bound == pytest.approx(np.log(10 * forms + 1))
    assert fit.trained(known, None, references.vectors, references.writer).strangers == 0
