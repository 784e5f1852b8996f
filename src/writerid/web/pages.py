"""From what the identifier found to HTML: every page is whole in itself, without scripts and without other files."""

import io
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader
from markdown_it import MarkdownIt
from markupsafe import Markup
from PIL import Image

from writerid.base.files import data_url
from writerid.identifier.answers import NONE, percent
from writerid.identifier.evidence import Evidence
from writerid.identifier.scans import Scan
from writerid.web.shelf import Document

PREVIEW = 1000  # pixels of the longer side of a page that is shown
THUMB = 40  # pixels of height of a line that is shown


def render(template: str, **values: Any) -> str:
    """Fill a template of this package; all values are escaped."""
    return _environment().get_template(template).render(style=_style(), **values)


def evidence_page(evidence: Evidence) -> str:
    """Return the evidence for an answer as one HTML file."""
    return render("evidence.html", title=f"Who wrote {evidence.answer.name}?", evidence=evidence)


def png(pixels: np.ndarray) -> str:
    """Return pixels, uint8 (height, width) or (height, width, 3), as the address of a picture that holds itself."""
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return data_url(buffer.getvalue(), "png")


def small(grey: np.ndarray, width: int, height: int) -> np.ndarray:
    """Return a picture, uint8 (height, width), made so small that it fits into a size; itself if it does."""
    image = Image.fromarray(grey)
    image.thumbnail((width, height))
    return np.asarray(image)


def numbered(scans: Sequence[Scan]) -> list[tuple[Scan, int]]:
    """Return scans, and the number of the first line of each."""
    numbers = np.cumsum([0, *(len(scan.lines) for scan in scans)]).tolist()
    return list(zip(scans, numbers[:-1], strict=True))


def preview(scan: Scan, first: int, document: Document) -> dict[str, Any]:
    """Return a page as it is shown: a small picture, and its lines, the first of number `first`, with their outlines
    and small pictures."""
    lines = [
        {
            "number": number,
            "place": number - first + 1,
            "chosen": number in document.chosen,
            "problem": line.problem,
            "points": " ".join(f"{x},{y}" for x, y in line.outline),
            "corner": min(line.outline) if line.outline else None,
            "picture": png(small(line.grey, THUMB * 12, THUMB)) if line.grey.size else "",
        }
        for number, line in enumerate(scan.lines, start=first)
    ]
    whole = png(small(scan.grey, PREVIEW, PREVIEW)) if scan.grey is not None and any(x["points"] for x in lines) else ""
    return {"name": scan.name, "problem": scan.problem, "size": scan.size, "picture": whole, "lines": lines}


def _markdown(text: str) -> Markup:
    """Render Markdown; what is HTML in it, or a picture, is shown as text."""
    return Markup(MarkdownIt("commonmark", {"html": False}).enable("table").disable("image").render(text))


@cache
def _environment() -> Environment:
    environment = Environment(loader=PackageLoader("writerid.web", ""), autoescape=True, trim_blocks=True)
    environment.filters |= {"percent": percent, "png": png, "markdown": _markdown}
    environment.globals["none_of_them"] = NONE
    return environment


@cache
def _style() -> Markup:
    return Markup(files("writerid.web").joinpath("style.css").read_text(encoding="utf-8"))
