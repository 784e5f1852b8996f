"""A document's vector: the mean of its pieces' vectors, scaled by what tells writers apart, of length 1."""

from dataclasses import dataclass

import numpy as np

DIMENSIONS = 64  # at most
UNLABELLED, WHITENED = 100, 0.75  # dimensions at most, and how far they are brought to one variance; 1: all the way


@dataclass(frozen=True)
class Embedding:
    """An affine map fitted on training writers: mean, float64 (features,), and projection (features, dimensions)."""

    mean: np.ndarray
    projection: np.ndarray

    def embed(self, documents: np.ndarray) -> np.ndarray:
        """Vectors of length 1, float64 (documents, dimensions), from the means of pieces, (documents, features)."""
        return unit((documents - self.mean) @ self.projection)


def fit(documents: np.ndarray, writers: np.ndarray) -> Embedding:
    """Fit on documents by known writers: float (documents, features), and int (documents,).

    Linear discriminant analysis (R. Fisher, Annals of Eugenics 7:179-188, 1936): in its space the documents of one
    writer vary alike in all directions, so that what one writer varies in counts little. The covariances are shrunk
    (O. Ledoit and M. Wolf, J. Multivariate Analysis 88:365-411, 2004). Writers of one document take no part, nor do
    features that never vary within a writer, such as those of a dead filter. Where fewer than two writers are left, or
    their documents vary in too few directions, documents are only centred.
    """
    from sklearn.discriminant_analysis import LinearDiscriminantAnalysis  # here: the identifier does without
    from threadpoolctl import threadpool_limits

    documents = documents.astype(np.float64)
    mean, features = documents.mean(axis=0), documents.shape[1]
    _, writer, counts = np.unique(writers, return_inverse=True, return_counts=True)
    several = counts[writer] > 1
    classes = np.count_nonzero(counts > 1)
    centred = Embedding(mean, np.eye(features)[:, :DIMENSIONS])
    if classes < 2:
        return centred
    within = (documents - means(documents, writer)[writer]).std(axis=0)
    varies = within > 1e-9 * within.max()
    analysis = LinearDiscriminantAnalysis(solver="eigen", shrinkage="auto")
    try:
        with threadpool_limits(1):  # so that sums come out the same each time
            analysis.fit(documents[several][:, varies], writers[several])
    except (np.linalg.LinAlgError, ValueError):  # what varies has no inverse, or nothing varies
        return centred
    projection = np.zeros((features, min(DIMENSIONS, classes - 1, analysis.scalings_.shape[1])))
    projection[varies] = analysis.scalings_[:, : projection.shape[1]]
    return Embedding(mean, projection)


def fit_unlabelled(documents: np.ndarray) -> Embedding:
    """Fit on documents, float (documents, features), of whom nobody knows the writers.

    They are brought nearer to one variance in up to UNLABELLED directions, those in which they vary most; in no more
    than a quarter of their number, since in as many directions as there are documents all would be equally far apart.
    """
    from sklearn.decomposition import PCA  # here, too
    from threadpoolctl import threadpool_limits

    dimensions = max(1, min(UNLABELLED, len(documents) // 4, documents.shape[1]))
    with threadpool_limits(1), np.errstate(invalid="ignore"):  # shares of no variance
        parts = PCA(dimensions, random_state=0).fit(documents)
    deviation = np.sqrt(parts.explained_variance_)
    scale = np.where(deviation > 1e-6 * deviation.max(), np.maximum(deviation, 1e-300) ** -WHITENED, 0)
    return Embedding(parts.mean_, parts.components_.T * scale)


def means(vectors: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Mean vector of each group, float64 (groups, features), of the group of each, int (items,), 0..G-1, none empty."""
    total = np.zeros((int(groups.max()) + 1, vectors.shape[1]))
    np.add.at(total, groups, vectors.astype(np.float64))
    return total / np.bincount(groups)[:, None]


def halves(forms: np.ndarray) -> np.ndarray:
    """Which half of which form each line is of, int (lines,), 0..halves-1, from its form, int (lines,).

    The first half of a form holds the lines up to its middle one.
    """
    half = np.zeros(len(forms), int)
    for form in np.unique(forms):
        own = np.flatnonzero(forms == form)
        half[own] = np.arange(len(own)) * 2 >= len(own)
    return np.unique(forms * 2 + half, return_inverse=True)[1]


def unit(vectors: np.ndarray) -> np.ndarray:
    """Vectors, (items, features), brought to length 1; one of length 0 stays."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.where(length > 0, length, 1)


def side_by_side(*kinds: np.ndarray) -> np.ndarray:
    """Vectors of length 1 that are as alike as those of several kinds, (documents, any) of length 1, are on average."""
    return unit(np.hstack(kinds))
