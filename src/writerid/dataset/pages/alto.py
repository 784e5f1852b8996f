"""ALTO 2 to 4: pages and lines."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element

from writerid.dataset.pages.layout import LineRegion, PageLayout, box, points
from writerid.dataset.pages.xml_tree import child, descendants, lines_within, local, number


def pages(root: Element) -> Iterator[PageLayout]:
    """The pages of an ALTO file; lines are as the file has them, in its own unit."""
    names = [(name.text or "").strip() for name in descendants(root, "fileName")]
    labels = {tag.get("ID"): tag.get("LABEL", "") for tags in descendants(root, "Tags") for tag in tags}
    for page in descendants(root, "Page"):
        whole = child(page, "PrintSpace")
        sized = [one for one in (page, whole) if one is not None and number(one, "WIDTH") > 0 < number(one, "HEIGHT")]
        width, height = (number(sized[0], "WIDTH"), number(sized[0], "HEIGHT")) if sized else (0.0, 0.0)
        lines = tuple(
            _line(line, around, labels, f"line-{count}")
            for count, (line, around) in enumerate(lines_within(page), start=1)
        )
        yield PageLayout(names[0] if names else "", width, height, lines, alto=True)


def _line(line: Element, around: tuple[Element, ...], labels: dict[str | None, str], name: str) -> LineRegion:
    outline = None
    shape = child(line, "Shape")
    polygon = None if shape is None else child(shape, "Polygon")
    if polygon is not None:
        outline = points(polygon.get("POINTS"))
    baseline = points(line.get("BASELINE"))
    if (outline is None or len(outline) < 3) and number(line, "WIDTH") > 0 < number(line, "HEIGHT"):
        outline = box(*(number(line, key) for key in ("HPOS", "VPOS", "WIDTH", "HEIGHT")))
    elif outline is not None and len(outline) < 3:
        outline = None
    tags = [labels.get(tag, tag) for one in (line, *reversed(around)) for tag in one.get("TAGREFS", "").split()]
    tags += [kind for one in around if (kind := one.get("TYPE")) and local(one) != "Page"]
    turns = [number(one, "ROTATION") for one in reversed(around) if one.get("ROTATION")]  # counterclockwise
    return LineRegion(
        line.get("ID") or name,
        outline,
        baseline if baseline is not None and len(baseline) > 1 else None,
        _text(line),
        tuple(dict.fromkeys(tag for tag in tags if tag)),
        -turns[0] if turns else 0.0,
    )


def _text(line: Element) -> str:
    return " ".join(" ".join(one.get("CONTENT", "") for one in line if local(one) in ("String", "HYP")).split())
