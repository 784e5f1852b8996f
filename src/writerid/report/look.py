"""How charts look, on the page and as pictures, which are the same byte for byte each time and on each machine."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import altair as alt
import vl_convert

from writerid.base.files import atomic
from writerid.pictures.canvas import FONTS

LIGHT = ["#d55e00", "#0072b2", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#8a6d3b", "#777777"]  # told apart with any
DARK = ["#ff9a4d", "#6db6f2", "#3fd0a4", "#e8a3cb", "#f4c04f", "#9ad7ff", "#d2b48c", "#b0b0b0"]  # colour vision
LIGHT_HEAT, DARK_HEAT = ["#fdeada", "#d55e00", "#4d1a00"], ["#3d2b1c", "#ff9a4d", "#fff3e6"]


def look(ink: str, grid: str, font: str = "system-ui, sans-serif", *, dark: bool = False) -> dict[str, Any]:
    """Return Vega's configuration, on light paper or dark."""
    colours, heat = (DARK, DARK_HEAT) if dark else (LIGHT, LIGHT_HEAT)
    axis = {"labelColor": ink, "titleColor": ink, "gridColor": grid, "domainColor": grid, "tickColor": grid}
    legend = {"labelColor": ink, "titleColor": ink, "orient": "bottom", "columns": 2, "labelLimit": 260}
    marks = ("mark", "point", "rule", "line", "circle")
    return {
        "background": "transparent",
        "font": font,
        "view": {"stroke": None},
        "title": {"color": ink, "fontWeight": "normal", "anchor": "start", "fontSize": 12},
        "axis": {**axis, "titleFontWeight": "normal", "labelFontSize": 11},
        "legend": {**legend, "layout": {"bottom": {"direction": "vertical", "anchor": "start"}}},
        "text": {"color": ink},
        "range": {"category": colours, "heatmap": heat},
        **{mark: {"color": colours[1]} for mark in marks},
    }


def save_chart(chart: Any, title: Sequence[str], path: Path) -> None:
    """Write a chart as a PNG on white."""
    _fonts()
    config = {**look("#1a1d21", "#d9dde3", "DejaVu Sans"), "background": "#ffffff", "padding": 12}
    text = alt.TitleParams(list(title), anchor="start", offset=12)
    spec = chart.properties(title=text).to_dict() | {"config": config}
    with atomic(path) as temporary:
        temporary.write_bytes(vl_convert.vegalite_to_png(spec, vl_version=vega_lite(), scale=1.5))


def vega_lite() -> str:
    """Return the version of Vega-Lite that Altair's charts are written in."""
    return ".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2])


@cache
def _fonts() -> None:
    vl_convert.register_font_directory(str(FONTS))
