"""Walking an XML tree without regard to namespaces, which differ from version to version."""

from collections.abc import Iterator
from xml.etree.ElementTree import Element


def local(element: Element) -> str:
    """Name of an element without its namespace; empty for comments."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def child(element: Element, *names: str) -> Element | None:
    """The element's first child of the first of these names that it has any of."""
    for name in names:
        for one in element:
            if local(one) == name:
                return one
    return None


def descendants(element: Element, name: str) -> Iterator[Element]:
    """All elements of a name below an element, in the order of the file."""
    return (one for one in element.iter() if local(one) == name)


def lines_within(page: Element) -> Iterator[tuple[Element, tuple[Element, ...]]]:
    """Every TextLine below an element, in the order of the file, with the elements around it, outermost first."""
    waiting: list[tuple[Element, tuple[Element, ...]]] = [(page, ())]
    while waiting:
        element, around = waiting.pop()
        if local(element) == "TextLine":
            yield element, around
        elif len(around) < 32:  # regions are nested in regions, but not without end
            waiting.extend((one, (*around, element)) for one in reversed(element))


def number(element: Element, name: str) -> float:
    """An attribute as a number; 0 where it is missing or none."""
    try:
        value = float(element.get(name, "0"))
    except ValueError:
        return 0.0
    return value if abs(value) < 1e7 else 0.0  # neither is nan
