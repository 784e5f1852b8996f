"""Reads layout files, ALTO 2 to 4 and PAGE XML of any year, whatever made them.

ALTO is kept by the Library of Congress (www.loc.gov/standards/alto); PAGE is from S. Pletschacher and A.
Antonacopoulos, The PAGE format framework, ICPR 2010. eScriptorium and kraken write either, Transkribus PAGE.
"""

from collections.abc import Callable, Iterator
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from writerid.base.errors import brief
from writerid.dataset.pages import alto, page_xml
from writerid.dataset.pages.layout import PageLayout, UnusableLayout
from writerid.dataset.pages.xml_tree import local

MAX_BYTES = 2**25  # of a layout file; a full page with every letter's outline has some 2**21
MAX_LINES = 2000  # on a page
_READERS: dict[str, Callable[[Element], Iterator[PageLayout]]] = {"alto": alto.pages, "PcGts": page_xml.pages}


def read_layout(content: bytes) -> list[PageLayout] | None:
    """Return the pages of a layout file; None where it is XML of another kind (METS, TEI).

    Entities are not expanded and nothing outside the file is read.

    Raises UnusableLayout where it is not XML, too large, or holds no page.
    """
    if len(content) > MAX_BYTES:
        raise UnusableLayout(f"over {MAX_BYTES // 2**20} MiB")
    try:
        root = fromstring(content)
    except DefusedXmlException:  # a ValueError, too
        raise UnusableLayout("declares entities, which a layout file has no need of") from None
    except (ParseError, ValueError, LookupError) as error:  # LookupError: an encoding that nobody knows
        raise UnusableLayout(f"not well-formed XML ({brief(error)})") from None
    reader = _READERS.get(local(root))
    if reader is None:
        return None
    layouts = list(reader(root))
    if not layouts:
        raise UnusableLayout("holds no page")
    most = max(len(layout.lines) for layout in layouts)
    if most > MAX_LINES:
        raise UnusableLayout(f"{most} lines on one page; {MAX_LINES} are the most")
    return layouts
