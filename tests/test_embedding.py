"""Documents' vectors: what they are invariant to, and that what one writer varies in counts little."""

import numpy as np
import pytest
from sklearn.decomposition import PCA

from writerid.scores import retrieval
from writerid.scores.embedding import (
    DIMENSIONS,
    UNLABELLED,
    WHITENED,
    fit,
    fit_unlabelled,
    means,
    side_by_side,
    unit,
)


def documents(writers: int = 12, each: int = 10, features: int = 8, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Writers differ in the first three features; the last one is loud, and tells nothing."""
    rng = np.random.default_rng(seed)
    writer = np.repeat(np.arange(writers), each)
    hand = np.zeros((writers, features))
    hand[:, :3] = 3 * rng.normal(size=(writers, 3))
    vectors = hand[writer] + 0.3 * rng.normal(size=(len(writer), features)) + 5
    vectors[:, -1] += 40 * rng.normal(size=len(writer))
    return vectors, writer


def test_what_one_writer_varies_in_counts_little_for_writers_never_seen():
    fitted = fit(*documents(seed=0))
    vectors, writers = documents(seed=1)
    forms = np.arange(len(writers))

    def first(made: np.ndarray) -> float:
        return float(retrieval.search(made, writers, forms).first.mean())

    assert first(fitted.embed(vectors)) > 0.85 > 0.7 > first(unit(vectors - vectors.mean(axis=0)))


def test_an_embedding_is_of_length_1_and_of_the_mean_of_its_pieces():
    vectors, writers = documents()
    fitted = fit(vectors, writers)
    assert fitted.projection.shape == (8, 8)
    np.testing.assert_allclose(np.linalg.norm(fitted.embed(vectors), axis=1), 1)
    np.testing.assert_allclose(means(vectors, writers)[3], vectors[writers == 3].mean(axis=0))


def test_no_more_dimensions_than_writers_tell_apart_and_than_wanted():
    few, writers = documents(writers=4)
    assert fit(few, writers).projection.shape == (8, 3)
    many, writers = documents(writers=80, each=3, features=100)
    assert fit(many, writers).projection.shape == (100, DIMENSIONS)
    assert fit_unlabelled(np.tile(many, (2, 2))).projection.shape == (200, UNLABELLED)
    assert fit_unlabelled(few[:3]).projection.shape == (8, 1)
    assert fit_unlabelled(few[:20]).projection.shape == (8, 5)


def test_two_writers_of_two_documents_each_are_told_apart():
    writers = np.array([0, 0, 1, 1])
    vectors = np.column_stack([[0.0, 0.2, 3.0, 3.1], [5.0, -5.0, 5.0, -5.0]])  # the second varies within each writer
    fitted = fit(vectors, writers)
    assert fitted.projection.shape == (2, 1)
    np.testing.assert_array_equal(
        np.sign(fitted.embed(vectors)[:, 0]), np.sign(fitted.embed(vectors)[0]) * [1, 1, -1, -1]
    )


@pytest.mark.parametrize("writers", [np.arange(6), np.array([0, 0, 0, 1, 2, 3])])
def test_where_writers_cannot_be_told_apart_documents_are_centred(writers: np.ndarray):
    vectors = np.random.default_rng(0).normal(size=(6, 4))
    np.testing.assert_allclose(fit(vectors, writers).embed(vectors), unit(vectors - vectors.mean(axis=0)))


def test_features_that_never_vary_and_writers_of_one_document_do_no_harm():
    vectors, writers = documents()
    vectors[:, 4] = 0.0
    writers[-1] = 99
    assert np.isfinite(fit(vectors, writers).embed(vectors)).all()


def test_features_of_dead_filters_do_no_harm():
    """Never 0 by much, the same in all documents of a writer, the same as another, or few documents."""
    for writers, each in ((12, 10), (3, 2), (2, 2)):
        vectors, writer = documents(writers, each)
        vectors[:, 0] = 1e-30 * vectors[:, 1]
        vectors[:, 2] = writer
        vectors[:, 3] = vectors[:, 4]
        fitted = fit(vectors, writer)
        assert writers < 12 or not fitted.projection[[0, 2]].any()  # they never vary within a writer; few: centred
        embedded = fitted.embed(vectors)
        assert np.isfinite(embedded).all()
        np.testing.assert_allclose(np.linalg.norm(embedded, axis=1), 1)
    assert not fit(np.ones((6, 3)), np.repeat([0, 1], 3)).embed(np.ones((6, 3))).any()


def test_whitening_without_writers_is_scikit_learns_and_knows_no_axes():
    vectors, _ = documents()
    expected = PCA(8, svd_solver="full").fit_transform(vectors)
    expected /= expected.std(axis=0) ** WHITENED
    found = fit_unlabelled(vectors).embed(vectors)
    np.testing.assert_allclose(np.abs(found), np.abs(unit(expected)))
    turned = vectors @ np.linalg.qr(np.random.default_rng(0).normal(size=(8, 8)))[0] * 3 + 1
    np.testing.assert_allclose(found @ found.T, (again := fit_unlabelled(turned).embed(turned)) @ again.T, atol=1e-9)


def test_documents_that_are_all_alike_have_no_direction():
    assert not fit_unlabelled(np.ones((4, 3))).embed(np.ones((4, 3))).any()


def test_side_by_side_is_the_mean_of_both_likenesses():
    rng = np.random.default_rng(0)
    one, other = unit(rng.normal(size=(5, 3))), unit(rng.normal(size=(5, 7)))
    both = side_by_side(one, other)
    np.testing.assert_allclose(both @ both.T, (one @ one.T + other @ other.T) / 2)


def test_a_vector_of_length_0_stays():
    assert not unit(np.zeros((1, 3))).any()
