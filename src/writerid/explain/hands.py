"""The map of hands: lines as points in two dimensions, near one another where the network finds them alike."""

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

FEW = 8  # lines; so few are shown by their principal components


def layout(embeddings: np.ndarray, seed: int) -> np.ndarray:
    """Place lines in the plane, float64 (lines, 2), from embeddings, float64 (lines, features).

    t-SNE on up to 50 principal components (L. van der Maaten and G. Hinton, JMLR 9:2579-2605, 2008), on one thread,
    so that sums come out the same each time.
    """
    if len(embeddings) < 2:
        return np.zeros((len(embeddings), 2))
    with threadpool_limits(1):
        standard = StandardScaler().fit_transform(embeddings)
        parts = PCA(min(50, *standard.shape), svd_solver="full").fit_transform(standard)
        if len(parts) < FEW:
            return np.pad(parts, ((0, 0), (0, 2)))[:, :2]
        scale = parts[:, 0].std() or 1.0
        perplexity = min(30.0, (len(parts) - 1) / 3)
        start = parts[:, :2] / scale * 1e-4
        if start.shape[1] < 2:
            start = np.pad(start, ((0, 0), (0, 1)))
        return (
            TSNE(init=start.astype(np.float32), perplexity=perplexity, random_state=seed)
            .fit_transform(parts)
            .astype(np.float64)
        )
