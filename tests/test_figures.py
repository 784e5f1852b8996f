"""Pictures and charts: whole, the same each time, legible from 2 to 300 writers, and names are nothing but data."""

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import vl_convert
from PIL import Image

from tests.conftest import ROOT
from tools import dvc_plots
from writerid.pictures import canvas, filters
from writerid.report import charts, look, rows

NAMES = ["<b>", "</script><script>alert(1)</script>", "&amp;", '"', "a,b", "a\nb", "=1+1", "..",
         "שלום", "😀", "中文", "$\\foo$", "007"]  # fmt: skip


def size(path: Path) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def all_charts(names: list[str]) -> dict[str, Any]:
    """Each chart, of rows as the tables hold them."""
    count = len(names)
    shares = dict.fromkeys(
        ("line_accuracy_low", "line_accuracy_high", "share", "accuracy", "low", "high", "confidence", "probability"),
        "0.5",
    )
    bounds = dict.fromkeys(("accuracy_low", "accuracy_high", "line_accuracy", "crop_accuracy"), "0.5")
    common = {"rev": names[0], "items": "9", "lines": "9", "crops": "3", **shares, **bounds}
    places = np.random.default_rng(0).normal(size=(3 * count, 2)).round(3)
    pairs = [(i, i) for i in range(count)] + [(i, (i + 1) % count) for i in range(count)]
    curves = {side: {"loss": [2.0, 1.0], "accuracy": [0.1, 0.5]} for side in ("train", "validation")}
    return {
        "curves": charts.curves(rows.curve_rows(names[0], curves, 2, "loss"), "loss"),
        "one epoch": charts.curves([{"rev": "a", "series": "b", "step": 1, "accuracy": 1.0, "best": True}], "accuracy"),
        "writers": charts.by_writer(rows.writer_rows([{**common, "writer": name} for name in names])),
        "confusion": charts.confusion(
            [
                {**common, "actual": names[i], "predicted": names[j], "place_actual": str(i), "place_predicted": str(j)}
                for i, j in pairs
            ]
        ),
        "lines read": charts.lines_read([{**common, "lines": name} for name in ("1", "2", "all")]),
        "reliability": charts.reliability([{**common, "state": "raw"}]),
        "fidelity": charts.fidelity([{**common, "order": "ink", "test": "deletion"}]),
        "traits": charts.traits([{**common, "change": name} for name in names]),
        "traits of two": charts.traits([{**common, "change": name} for name in names], several=True),
        "hands": charts.hands(
            [
                {"line": names[i % count], "writer": names[i % count], "predicted": names[0], "x": str(x), "y": str(y)}
                for i, (x, y) in enumerate(places)
            ]
        ),
    }


def test_any_name_is_drawn_as_it_is(tmp_path: Path):
    line = np.full((20, 200), 255, np.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in NAMES:
            canvas.sheet([(name, line)], name, tmp_path / "sheet.png")
        for chart in all_charts(NAMES).values():
            look.save_chart(chart.properties(width=300), NAMES, tmp_path / "chart.png")
    spec = all_charts(NAMES)["writers"].properties(width=300).to_dict()
    drawn = vl_convert.vegalite_to_svg(spec, vl_version=look.vega_lite())
    for shown in ("&lt;b&gt;", "&lt;/script&gt;&lt;script&gt;alert(1)", "&amp;amp;", "=1+1", "שלום", "$\\foo$"):
        assert shown in drawn, shown


@pytest.mark.parametrize("count", [2, 300])
def test_any_number_of_writers(tmp_path: Path, count: int):
    drawn = all_charts([f"{i:03d}" for i in range(count)])
    for name in ("writers", "confusion", "hands"):
        look.save_chart(drawn[name].properties(width=500), [name], tmp_path / "chart.png")
        width, height = size(tmp_path / "chart.png")
        assert 700 < width < 1300
        assert 40 < height < 2000


def test_pictures_are_the_same_each_time(tmp_path: Path):
    kernel = np.random.default_rng(0).normal(size=(3, 3, 1, 10))
    line = np.full((16, 40), 255, np.uint8)
    for turn in ("one", "two"):
        filters.filters(kernel, tmp_path / turn / "filters.png")
        filters.maps(line, [("layer 1", np.ones((2, 4, 40)))], "maps", tmp_path / turn / "maps.png")
        canvas.sheet([("a line", line)] * 3, "lines\nof two", tmp_path / turn / "lines.png", across=2)
        canvas.sheet([], "nothing to show", tmp_path / turn / "none.png")
        look.save_chart(
            all_charts(["a", "b"])["hands"].properties(width=300), ["a chart"], tmp_path / turn / "chart.png"
        )
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()
        assert min(size(path)) > 50


def test_names_on_the_map_of_hands_cover_no_other_at_any_width():
    rng = np.random.default_rng(0)
    places = {f"{i:03d}": at for i, at in enumerate(rng.normal(size=(80, 2)))}
    named = charts._names([{"writer": name, "x": x, "y": y} for name, (x, y) in places.items()])
    at = np.array([(each["x"], each["y"]) for each in named])
    room, pixels = np.array([each["room"] for each in named]), charts.HANDS_HEIGHT - 2 * charts.EDGE
    counts = []
    for width in charts._WIDTHS[:-1]:
        shown = at[room <= width] / np.ptp(at, axis=0) * (width - 2 * charts.EDGE, pixels)
        apart = np.abs(shown[:, None] - shown[None]) >= (21, 14)  # a name of three letters, bold, of 10 pixels
        assert (apart.any(axis=2) | np.eye(len(shown), dtype=bool)).all()
        counts.append(len(shown))
    assert counts == sorted(counts)
    assert 10 < counts[0] < counts[-1] <= 80


def test_runs_keep_their_order_and_writers_theirs():
    confusion = json.loads(dvc_plots.templates()["confusion_recall.json"])["spec"]["encoding"]
    assert {key: confusion[key].get("sort", "by name") for key in "xy"} == {"x": "by name", "y": "by name"}
    templates = dvc_plots.templates()
    for name in ("curves", "accuracy_by_writer", "lines_read", "reliability", "traits"):
        assert "<DVC_METRIC_COLOR>" in templates[f"{name}.json"], name
    assert json.loads(templates["curves.json"])["layer"][0]["mark"] == {"type": "line", "point": True}


def test_what_dvc_plots_with_is_as_its_tool_makes_it():
    made = dvc_plots.templates()
    assert {path.name: path.read_text() for path in (ROOT / ".dvc/plots").iterdir()} == made, (
        "run `python -m tools.dvc_plots`"
    )
    assert (ROOT / ".dvc/plots_page.html").read_text() == dvc_plots.page(), "run `python -m tools.dvc_plots`"


def test_evidence_tints_the_paper_and_leaves_the_ink():
    line = np.full((40, 60), 255, np.uint8)
    line[18:22] = 0
    evidence = np.zeros((40, 60))
    evidence[20, 10], evidence[20, 50] = 1, -1
    drawn = canvas.marked(line, evidence)
    assert (drawn[18:22] == 0).all()
    red, _, blue = drawn[16, 10].astype(int)
    assert red > blue  # orange speaks for
    red, _, blue = drawn[16, 50].astype(int)
    assert red < blue  # blue against
    assert (drawn[0, 30] > 250).all()
