"""Enrolling unseen writers by a few lines, without training, and naming their other lines."""

import numpy as np

from writerid.base.randomness import Use, stream
from writerid.evaluation.documents import Crops
from writerid.scores import verification
from writerid.scores.embedding import Embedding, means
from writerid.scores.intervals import share
from writerid.scores.verification import Pairs

LINES = (1, 2, 4, 8)  # of one form by which a writer is enrolled
DRAWS = 20  # random choices of them
TABLE = ("lines", "writers", "accuracy", "accuracy_low", "accuracy_high", "eer", "eer_low", "eer_high")


def enrolment(crops: Crops, embedding: Embedding, resamples: int, seed: int) -> dict[str, dict[str, float]]:
    """How well lines are named when their writers are enrolled by few lines of another form.

    Of each writer of several forms, one that has so many lines is drawn, and the lines of it; the mean vector of their
    crops is the reference. Each line of the enrolled writers' other forms is given to the nearest reference: accuracy,
    with a 95 % interval over writers; and is held against all of them: equal error rate, with one that resamples them.
    """
    lines = embedding.embed(means(crops.vectors, crops.line))
    several = [writer for writer in np.unique(crops.writer) if len(set(crops.form[crops.writer == writer])) > 1]
    size = np.bincount(crops.form)
    result = {}
    for count in LINES:
        own_forms = [np.unique(crops.form[crops.writer == writer]) for writer in several]
        long = [forms[size[forms] >= count] for forms in own_forms]
        enrolled = [(writer, forms) for writer, forms in zip(several, long, strict=True) if len(forms)]
        if len(enrolled) < 2:
            continue
        rng = stream(seed, Use.ENROLMENT, count)
        right, asked = np.zeros(len(lines)), np.zeros(len(lines))
        alike, by = [], []
        writers = np.array([writer for writer, _ in enrolled])
        for _ in range(DRAWS):
            used = [int(rng.choice(forms)) for _, forms in enrolled]
            chosen = [rng.permutation(np.flatnonzero(crops.form == form))[:count] for form in used]
            references = np.stack([crops.vectors[np.isin(crops.line, own)].mean(axis=0) for own in chosen])
            queries = np.flatnonzero(np.isin(crops.writer, writers) & ~np.isin(crops.form, used))
            likeness = lines[queries] @ embedding.embed(references).T
            right[queries] += writers[likeness.argmax(axis=1)] == crops.writer[queries]
            asked[queries] += 1
            alike.append(likeness.ravel())
            by.append(np.stack(np.meshgrid(crops.writer[queries], writers, indexing="ij"), axis=-1).reshape(-1, 2))
        there = asked > 0
        asks = crops.writer[there]
        accuracy = share(np.bincount(asks, weights=right[there] / asked[there]), np.bincount(asks))
        pairs = Pairs(np.concatenate(alike), np.concatenate(by))
        told = verification.summary(pairs, np.full(len(pairs.score), np.nan), resamples, rng)
        result[str(count)] = {
            "writers": len(enrolled),
            **accuracy.named("accuracy"),
            **{name: told[name] for name in ("eer", "eer_low", "eer_high")},
        }
    return result
