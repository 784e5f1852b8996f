"""Documents that are found through those that they are most like."""

import numpy as np

from benchmarks.similarity_graph import NEIGHBOURS, WIDTH, across, likeness, search


def directions(*degrees: float) -> np.ndarray:
    return np.column_stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))])


def test_likeness_is_as_worked_out_by_hand():
    """Three documents, of which each has the other two as neighbours, and one who asks."""
    asking, collection = directions(10), directions(0, 40, 90)
    near = np.exp(-((1 - np.cos(np.radians([[10, 30, 80], [0, 40, 90], [40, 0, 50], [90, 50, 0]]))) ** 2) / WIDTH)
    asks = near[0] + near[0, 0] * near[1] + near[0, 1] * near[2]  # its two neighbours are the first two
    found = [
        near[1 + own] + sum(near[1 + own, other] * near[1 + other] for other in {0, 1, 2} - {own}) for own in range(3)
    ]
    cosines = [asks @ own / np.linalg.norm(asks) / np.linalg.norm(own) for own in found]
    assert NEIGHBOURS == 2
    np.testing.assert_allclose(likeness(asking, collection), [cosines])


def test_nobody_asks_with_the_rest_of_a_page():
    """What a line finds is the same whatever else stands on its page; within a page nothing is asked."""
    pages = np.array([0, 0, 1, 1, 2, 2, 3])
    alike = across(directions(0, 20, 5, 30, 60, 90, 80), pages)
    assert np.isnan(alike[pages[:, None] == pages]).all()
    assert not np.isnan(alike[pages[:, None] != pages]).any()
    other = across(directions(0, 77, 5, 30, 60, 90, 80), pages)
    np.testing.assert_array_equal(alike[0], other[0])


def test_a_line_is_found_through_its_page():
    """The line at 40 degrees is nearer to another's, at 75, than to one that asks, at 0; not so its page."""
    vectors, pages, writers = (
        directions(0, 8, 14, 40, 75, 86, 97),
        np.array([0, 1, 1, 1, 2, 2, 2]),
        np.array([0, 0, 0, 0, 1, 1, 1]),
    )
    alike = across(vectors, pages)
    assert alike[3, 0] > alike[3, 4] and vectors[3] @ vectors[0] < vectors[3] @ vectors[4]
    found, rate = search(alike, writers)
    assert found.document.tolist() == [0, 1, 2, 3]
    assert found.first.all() and (found.average_precision == 1).all()
    assert (found.relevant.tolist(), found.gallery.tolist()) == ([3, 1, 1, 1], [6, 4, 4, 4])
    asked = ~np.isnan(alike)
    same, scores = (writers[:, None] == writers)[asked], alike[asked]
    errors = [((scores[same] < at).mean(), (scores[~same] >= at).mean()) for at in np.sort(scores)]
    missed, alarms = min(errors, key=lambda each: abs(each[0] - each[1]))
    assert min(missed, alarms) - 1e-9 <= rate <= max(missed, alarms) + 1e-9
