"""Which writers take part, and what a dataset holds: counts, and what is unusual about it."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from writerid.base.errors import InputError, shown
from writerid.dataset.iam import is_iam
from writerid.dataset.left_out import REASONS, LeftOut
from writerid.dataset.survey import Line

FORMS_TO_SPLIT = 3  # a writer needs so many for split.group_by: form: one a side
LINES_TO_SPLIT = 10  # and about so many lines for split.group_by: line, which deals them out at random
MANY, HALF = 0.1, 0.5  # share of images left out, of one writer's lines


def select(lines: Sequence[Line], *, min_forms: int, top_writers: int | None) -> tuple[list[Line], list[LeftOut]]:
    """Choose the writers that take part: those with enough forms, and of those the ones with most lines.

    Ties for `top_writers` go to the writer whose id sorts first.

    Raises InputError where fewer than two writers are left.
    """
    by_writer: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        by_writer[line.writer].append(line)
    forms = {writer: len({line.form for line in own}) for writer, own in by_writer.items()}
    enough = [writer for writer in by_writer if forms[writer] >= min_forms]
    ranked = sorted(enough, key=lambda writer: (-len(by_writer[writer]), writer))
    chosen = set(ranked[:top_writers])
    if len(chosen) < 2:
        held = f"only writer {shown(next(iter(chosen)))} has" if chosen else "no writer has"
        raise InputError(
            f"writers: of {len(by_writer)} in the dataset {held} min_forms: {min_forms} or more forms, and "
            f"identification needs two\n{_what_is_possible(by_writer, forms)}"
        )
    left_out = []
    for writer in sorted(set(by_writer) - chosen):
        reason = "not_top" if writer in enough else "few_forms"
        detail = f"writer {writer}, {forms[writer]} forms, {len(by_writer[writer])} lines"
        left_out += [LeftOut(line.path, reason, detail) for line in by_writer[writer]]
    return [line for line in lines if line.writer in chosen], left_out


def summary(
    lines: Sequence[Line], left_out: Sequence[LeftOut], *, layout: str = "", notes: Sequence[str] = (), others: int = 0
) -> dict[str, Any]:
    """Count what takes part and what was left out, by reason, and warn of what is unusual.

    `layout` says how the writers are known, `notes` what that leaves to be said, and `others` counts the files that
    are no images.
    """
    per_writer = sorted(Counter(line.writer for line in lines).values())
    forms = sorted(Counter(writer for _, writer in {(line.form, line.writer) for line in lines}).values())
    counts = Counter(item.reason for item in left_out)
    return {
        "images": len(lines) + len(left_out),
        "lines": len(lines),
        "writers": len(per_writer),
        "forms": sum(forms),
        "lines_per_writer": _spread(per_writer),
        "forms_per_writer": _spread(forms),
        "left_out": {reason: counts[reason] for reason in REASONS},
        "other_files": others,
        "iam": is_iam({line.form: line.writer for line in lines}),
        "layout": layout,
        "warnings": [*warnings(lines, left_out), *notes],
    }


def warnings(lines: Sequence[Line], left_out: Sequence[LeftOut]) -> list[str]:
    """Say in a sentence each what is unusual about a dataset and may mislead a training."""
    said = []
    unread = Counter(item.reason for item in left_out if item.reason not in ("few_forms", "not_top"))
    if unread.total() > MANY * (len(lines) + len(left_out)):
        reasons = ", ".join(f"{count} {reason}" for reason, count in unread.most_common())
        said.append(f"{unread.total()} of {len(lines) + len(left_out)} images could not be used: {reasons}")
    writer, most = Counter(line.writer for line in lines).most_common(1)[0]
    if most >= HALF * len(lines) and len({line.writer for line in lines}) > 2:
        said.append(f"writer {shown(writer)} has {most} of {len(lines)} lines")
    negative = sum(line.negative for line in lines)
    if negative:
        said.append(f"{negative} of {len(lines)} lines are light on dark; they are turned to dark on light")
    scanners: dict[str, set[str]] = defaultdict(set)
    for line in lines:
        scanners[line.form].add(f"{line.mode}, {line.dpi} dpi")
    mixed = sorted(form for form, kinds in scanners.items() if len(kinds) > 1)
    if mixed:
        kinds = "; ".join(sorted(scanners[mixed[0]]))
        said.append(f"{len(mixed)} forms hold scans of several kinds, such as {shown(mixed[0])}: {kinds}")
    return said


def _what_is_possible(by_writer: Mapping[str, Sequence[Line]], forms: Mapping[str, int]) -> str:
    """Say what each kind of split needs and how many writers have it, with all that must be set for it."""
    by_form = sum(count >= FORMS_TO_SPLIT for count in forms.values())
    by_line = [writer for writer, own in by_writer.items() if len(own) >= LINES_TO_SPLIT]
    ways = []
    if by_form >= 2:
        ways.append(f"set min_forms: {FORMS_TO_SPLIT} (split.group_by: form), which {by_form} writers have")
    if len(by_line) >= 2:
        least = min(forms[writer] for writer in by_line)
        ways.append(
            f"set split.group_by: line, min_forms: {least} and top_writers: {len(by_line)}, the writers with "
            f"{LINES_TO_SPLIT} lines or more"
        )
    advice = "; or ".join(ways) if ways else "this dataset allows neither; add forms of two writers or more"
    return (
        f"split.group_by: form needs {FORMS_TO_SPLIT} forms a writer, line needs about {LINES_TO_SPLIT} lines a writer "
        f"(and tests on sheets that were trained on): {advice}"
    )


def _spread(counts: list[int]) -> dict[str, int]:
    return {"least": counts[0], "median": counts[len(counts) // 2], "most": counts[-1]}
