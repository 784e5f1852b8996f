"""The model card: what an identifier is for, what it was made from, how good it is, and where it fails."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from writerid.identifier.bundle import ENROLLED, TRAINED, Preparation
from writerid.identifier.decide import Calibration
from writerid.scores.intervals import share

if TYPE_CHECKING:
    from writerid.identifier.making import Origin

CARD = """# An identifier of writers

Says which of {writers} known writers wrote a scanned line or page, or that none of them did, and how much likelier two
documents are so alike if one person wrote both than if two did. `writerid identify page.jpg` asks it.

## For whom

For people who sort and study handwriting, such as archivists and historians, and who look at the writing themselves.
What it says is a hint where to look, with how sure it is; it is never a proof.

**It must not be used** to decide about a person: not in court, not for examinations, contracts or employment, not to
unmask somebody who wrote without a name. Handwriting is personal data: enrol only people who agreed to it.

## Made from

{lines} reference lines of {writers} writers of {dataset}{drawn}.
Lines are scaled so that {scale} fill the height of a crop of {height} x {width} pixels, tone `{tone}`.
Digests of what it was made from are in `identifier.json`.

## How good

On test forms of the known writers{strangers}.

| | {columns} |
|---|---|---|
{rows}

Intervals are of 95 % and take each form or line for independent of others, so they are rather too narrow. The
threshold was set by the same unseen writers, if any, so the last row is rather too good.{shared}

{enrolled}

## Where it fails

* On hands, pens, papers and scanners unlike those above: it was tried on {dataset} only{unlike}.
* On short documents: a single line is told less surely than a page.
* On scans much coarser or finer than those above, on several lines in one image, and on print, drawings and blank
  paper: where it notices, it says that it cannot judge; it does not notice everything.
* On disguised or imitated writing, and on people who were not enrolled and write like one who was.
"""


STRANGERS = """, and on forms of {} writers whom the network never saw.
Before it looks, it takes it for as likely as not that the writer is among the known ones"""
SHARED_FORMS = """
Lines were split at random (`split.group_by: line`), so the network has learned from lines of most of these forms: the
rows of known writers are **too good**, and on new pages by these writers it is surer than it should be."""
NO_STRANGERS = """.
There were no unseen writers (`split.unseen_writers: 0`), so it **cannot tell that somebody is none of its writers**"""


def text(
    origin: "Origin",
    how: Preparation,
    group_by: str,
    calibration: Mapping[str, Calibration],
    comparison: Mapping[str, Any],
    figures: Mapping[str, Mapping[str, int]],
    writers: int,
    lines: int,
) -> str:
    """Return the card; `figures` are fit.errors by level, on test and unseen documents; group_by: see Split."""
    strangers = calibration[TRAINED].strangers
    rows = []
    for title, part, whole in (
        ("known writer: named wrong", "wrong", "known"),
        ("known writer: refused", "refused", "known"),
        ("somebody else: taken for a known writer", "accepted", "strangers"),
    ):
        cells = [_share(figures[level][part], figures[level][whole]) for level in ("line", "form")]
        rows.append(f"| {title} | {' | '.join(cells)} |")
    enrolled = "People can be enrolled without training."
    if ENROLLED in calibration:
        enrolled += (
            f" How sure to be of them was learned on galleries of {calibration[ENROLLED].gallery} of the unseen\n"
            "writers, enrolled by one form each; of larger galleries the odds are lowered in proportion."
        )
        if origin.drawn:
            enrolled += (
                "\nOf the strangers only the quarter that was most like somebody enrolled counted: people's hands are\n"
                "closer to each other than drawn ones."
            )
    if comparison:
        one = comparison.get("form", comparison["line"])
        enrolled += (
            f"\n\nComparisons of two documents never claim a log10 likelihood ratio below {one['lower']:.1f} or above "
            f"{one['upper']:.1f}.\nThey were measured on {one['population']};\nso few do not bear out more."
        )
    return CARD.format(
        writers=writers,
        lines=lines,
        dataset=origin.dataset,
        drawn=", drawn by a program: no person is among them" if origin.drawn else "",
        scale=f"{how.largest:g} pixels of a scan" if how.largest else "they",
        height=how.height,
        width=how.width,
        tone=how.tone,
        strangers=STRANGERS.format(strangers) if strangers else NO_STRANGERS,
        columns="single lines | forms",
        rows="\n".join(rows),
        enrolled=enrolled,
        shared=SHARED_FORMS if group_by == "line" else "",
        unlike=", and not on any real handwriting" if origin.drawn else "",
    )


def _share(part: int, whole: int) -> str:
    if not whole:
        return "not known"
    _, low, high = share((np.arange(whole) < part).astype(float), np.ones(whole))
    return f"{part} of {whole} ({low:.1%} to {high:.1%})"
