"""Scans of several resolutions in one dataset: by how much each form is scaled so that all have one.

The resolution is a scan's. It is told by the image file where that can be believed, or else by the size of the writing,
but only as far as hands do not differ by themselves: how large a hand writes is worth knowing. Writing sizes of 452
forms by 50 writers of IAM differ by a factor of 2.3 between the second and the ninety-eighth percentile and by 2.7 at
most, those of 151 pages by 119 others by 2.0 and 2.2; neighbours in size by 1.1 at most, forms of a writer by 5 %.
"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np

from writerid.base.errors import InputError
from writerid.base.parallel import ordered_map
from writerid.dataset.archive import Archive
from writerid.dataset.images import UnusableImage
from writerid.dataset.survey import Line

CREDIBLE = (100, 1200)  # dots an inch; scanners have them, and many a program writes 1, 72 or 96 of its own accord
HANDS, GAP = 2.6, 1.6  # ratios between percentiles 98 and 2 of sizes, and between neighbours, that no hands have
ENDS = (0.02, 0.98)
# Ratio between those percentiles in a group whose scans may have one resolution although others have another: half of
# it would show. Where all but a few scans lie in one group, hands' own ratio will do.
ALIKE, FEW = 2.0, 0.1
MEASURED = 5  # lines of a scan, the widest


def one_resolution(archive: Archive, lines: Sequence[Line]) -> tuple[np.ndarray, list[str]]:
    """Return by how much to scale each line, float64 (lines,), and notes on it: 1 and none where all are alike.

    Images are opened again only if the heights of lines, or what their files say, hint at several resolutions.
    """
    scans: dict[tuple[str, int], list[int]] = defaultdict(list)
    for row, line in enumerate(lines):
        scans[line.form, line.dpi].append(row)
    heights = np.array([np.median([lines[row].height for row in rows]) for rows in scans.values()])
    dpi = np.array([said for _, said in scans], float)
    scales = np.ones(len(lines))
    if len(set(dpi[_credible(dpi)])) < 2 and not differ(np.log(heights)):
        return scales, []
    from writerid.dataset.writing_size import writing_size  # with scipy, see pages.recognition

    widest = [sorted(rows, key=lambda row: -lines[row].width)[:MEASURED] for rows in scans.values()]

    def measure(row: int) -> float | None:
        try:
            return writing_size(archive.decode(lines[row].path))
        except UnusableImage as unusable:
            raise InputError(f"{archive.path}: {lines[row].path}: {unusable.detail}; it has just changed") from None

    found = iter(ordered_map(measure, [row for rows in widest for row in rows], "map_writers", " sizes"))
    sizes = np.array([_middle([next(found) for _ in rows]) for rows in widest])
    of_scan, note = scan_scales(sizes, heights, dpi)
    for rows, scale in zip(scans.values(), of_scan.tolist(), strict=True):
        scales[rows] = scale
    return scales, [note] if note else []


def scan_scales(sizes: np.ndarray, heights: np.ndarray, dpi: np.ndarray) -> tuple[np.ndarray, str]:
    """Return by how much to scale each scan, float64 (scans,), and a note on it, empty where all scales are 1.

    Parameters, float64 (scans,): the size of the writing in pixels, NaN where it cannot be told; the height of its
    lines in pixels; what its file says of its resolution, 0 if nothing.
    """
    if np.isnan(sizes).all():
        sizes = heights
    sizes = np.where(np.isnan(sizes), heights * np.nanmedian(sizes / heights), sizes)
    logs, by_file = np.log(sizes), np.zeros(len(sizes))
    told = _credible(dpi)
    if len(set(dpi[told])) > 1:
        by_file[told] = np.log(np.median(dpi[told]) / dpi[told])
        if np.std((logs + by_file)[told]) > np.std(logs[told]):
            by_file[:] = 0  # the files say otherwise than the ink
    logs = logs + by_file
    scales, ways = by_file.copy(), ["what their files say"] if by_file.any() else []
    if differ(logs):  # several resolutions; scans that lie close together, and apart from others, share one
        order = np.argsort(logs)
        groups = np.split(order, np.flatnonzero(np.diff(logs[order]) >= np.log(GAP)) + 1)
        usual = np.median(logs[max(groups, key=len)])
        for group in groups:
            alone = _spread(logs[group]) >= np.log(HANDS if len(group) >= (1 - FEW) * len(logs) else ALIKE)
            scales[group] += usual - (logs[group] if alone else np.median(logs[group]))
            way = "the size of their writing, each form by itself" if alone else "the usual size of their writing"
            ways += [way] if way not in ways else []
    if not ways:
        return np.ones(len(scales)), ""
    low, high = np.exp([scales.min(), scales.max()])
    return np.exp(scales), (
        f"scans of several resolutions are brought to one, scaled by {low:.2f} to {high:.2f}, by {' and '.join(ways)}"
    )


def differ(logs: np.ndarray) -> bool:
    """Whether sizes, as logarithms, float64 (scans,), differ by more than hands do."""
    return bool(_spread(logs) >= np.log(HANDS) or np.diff(np.sort(logs)).max(initial=0) >= np.log(GAP))


def _spread(logs: np.ndarray) -> float:
    low, high = np.quantile(logs, ENDS)
    return float(high - low)


def _credible(dpi: np.ndarray) -> np.ndarray:
    return (dpi >= CREDIBLE[0]) & (dpi <= CREDIBLE[1])


def _middle(sizes: Sequence[float | None]) -> float:
    known = [size for size in sizes if size is not None]
    return float(np.median(known)) if known else np.nan
