"""From what the identifier found to HTML: every page is whole in itself, without scripts and without other files."""

import io
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
