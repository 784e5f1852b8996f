"""What likenesses are worth, learned from documents whose writers are known: arrays in, a Calibration out."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from sklearn.linear_model import LogisticRegression

from writerid.identifier.decide import NONE_FROM, Calibration, decide
from writerid.scores.calibration import temperature
from writerid.scores.embedding import means, unit

FINER = 20  # times as fine a temperature as for log-probabilities: cosines lie closer together
DRAWS = 20  # galleries of unseen writers that are drawn
MOST_LINES = 8  # of a form that a person is enrolled by


class Lines(NamedTuple):
    """Lines of a side: the mean vector of the crops of each, float (lines, dimensions), how many crops these are, and
    the form and the writer of each, text (lines,)."""

    vectors: np.ndarray
    crops: np.ndarray
    form: np.ndarray
    writer: np.ndarray

    def at(self, rows: np.ndarray) -> "Lines":
        """Return some of the lines."""
        return Lines(*(column[rows] for column in self))

    def grouped(self, group: np.ndarray) -> "Lines":
        """Return documents: the mean of the crops of each group's lines, brought to length 1; crops are lines then."""
        _, first, inverse, counts = np.unique(group, return_index=True, return_inverse=True, return_counts=True)
        weighted = means(self.vectors * self.crops[:, None], inverse) * counts[:, None]
        return Lines(unit(weighted), counts, self.form[first], self.writer[first])

    def documents(self) -> dict[str, "Lines"]:
        """Return single lines, and forms."""
        return {"line": self.grouped(np.arange(len(self.form))), "form": self.grouped(self.form)}


class Asked(NamedTuple):
    """Documents that were held against candidates: likenesses, float64 (documents, candidates), the place of the true
    writer among these, -1 where it is none of them, and the mean number of lines of a document."""

    likeness: np.ndarray
    true: np.ndarray
    lines: float


def asked(documents: Lines, references: np.ndarray, names: np.ndarray) -> Asked:
    """Hold documents against the references, (candidates, dimensions) of length 1, of writers of these names."""
    place = {name: number for number, name in enumerate(names.tolist())}
    true = np.array([place.get(name, -1) for name in documents.writer.tolist()], int)
    return Asked(documents.vectors @ references.T, true, float(documents.crops.mean()))


def trained(known: Lines, unseen: Lines | None, references: np.ndarray, names: np.ndarray) -> Calibration:
    """Fit on documents by the writers whom the network knows, not trained on, and by unseen ones."""
    tried = {}
    others = unseen.documents() if unseen else {}
    for level, documents in known.documents().items():
        own = asked(documents, references, names)
        tried[level] = [own, asked(others[level], references, names)] if unseen else [own]
    return _fitted(tried, len(names), len(set(unseen.writer.tolist())) if unseen else 0)


def enrolled(unseen: Lines | None, rng: np.random.Generator, hardest: float = 1.0) -> Calibration | None:
    """Fit on galleries of unseen writers, enrolled by a form each, others by turns; None where writers are too few.

    hardest: the share of strangers' documents by which the odds are fitted, those most like somebody enrolled.
    """
    tried = galleries(unseen, rng) if unseen else None
    if tried is None or unseen is None:
        return None
    gallery = tried["form"][0].likeness.shape[1]
    return _fitted(tried, gallery, len(set(unseen.writer.tolist())) - gallery, hardest)


def galleries(unseen: Lines, rng: np.random.Generator) -> dict[str, list[Asked]] | None:
    """Draw DRAWS galleries: half of the writers who have two forms and more, enrolled by up to MOST_LINES of one."""
    several = [name for name in np.unique(unseen.writer) if len(set(unseen.form[unseen.writer == name])) > 1]
    if len(several) < 4:
        return None
    tried: dict[str, list[Asked]] = {"line": [], "form": []}
    for _ in range(DRAWS):
        chosen = np.sort(rng.permutation(several)[: len(several) // 2])
        rows, used = [], []
        for name in chosen:
            form = rng.choice(np.unique(unseen.form[unseen.writer == name]))
            used.append(form)
            rows.append(rng.permutation(np.flatnonzero(unseen.form == form))[:MOST_LINES])
        gallery = np.concatenate([unseen.at(own).grouped(np.zeros(len(own), int)).vectors for own in rows])
        rest = unseen.at(np.flatnonzero(~np.isin(unseen.form, used)))
        for level, documents in rest.documents().items():
            tried[level].append(asked(documents, gallery, chosen))
    return tried


def errors(tried: list[Asked], calibration: Calibration) -> dict[str, int]:
    """Count documents: of candidates those named wrong and those refused, of strangers those taken for a candidate."""
    counts = {"known": 0, "wrong": 0, "refused": 0, "strangers": 0, "accepted": 0}
    for one in tried:
        for likeness, true in zip(one.likeness, one.true.tolist(), strict=True):
            _, none = decide(likeness, round(one.lines), calibration)
            refused = none >= NONE_FROM
            if true < 0:
                counts["strangers"] += 1
                counts["accepted"] += not refused
            else:
                counts["known"] += 1
                counts["refused"] += refused
                counts["wrong"] += not refused and int(likeness.argmax()) != true
    return counts


def _fitted(tried: Mapping[str, list[Asked]], gallery: int, strangers: int, hardest: float = 1.0) -> Calibration:
    found = []
    documents = 1
    for of_level in tried.values():
        own = [(one.likeness[one.true >= 0], one.true[one.true >= 0]) for one in of_level if (one.true >= 0).any()]
        likeness, true = (np.concatenate(column) for column in zip(*own, strict=True))
        by = temperature(likeness * FINER, true) / FINER
        nearest = np.concatenate([one.likeness.max(axis=1) for one in of_level])
        is_known = np.concatenate([one.true >= 0 for one in of_level])
        slope, offset = _odds(nearest, is_known, hardest) if strangers else (0.0, 0.0)
        found.append((max(1.0, float(np.mean([one.lines for one in of_level]))), by, slope, offset))
        others = [count for one in of_level if (count := int((one.true < 0).sum()))]  # each time strangers were tried
        documents = max(2, sum(others) // max(1, len(others)))
    lines, temperatures, slopes, offsets = (list(column) for column in zip(*sorted(found), strict=True))
    return Calibration(lines, temperatures, slopes, offsets, gallery, float(np.log(documents + 1)), strangers)


def _odds(nearest: np.ndarray, is_known: np.ndarray, hardest: float) -> tuple[float, float]:
    """Logistic regression of being known on the likeness to the nearest; either is as likely before."""
    hard = is_known | (nearest >= np.quantile(nearest[~is_known], 1 - hardest))
    nearest, is_known = nearest[hard], is_known[hard]
    mean, spread = float(nearest.mean()), max(float(nearest.std()), 1e-6)
    model = LogisticRegression(class_weight="balanced").fit(((nearest - mean) / spread)[:, None], is_known)
    slope = float(model.coef_[0, 0]) / spread
    return slope, float(model.intercept_[0]) - slope * mean
