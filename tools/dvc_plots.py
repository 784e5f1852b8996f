"""Make what `dvc plots` draws with: .dvc/plots/*.json from the page's own charts, and .dvc/plots_page.html.

    python -m tools.dvc_plots

The page holds its chart library, which DVC's own fetches, and takes what DVC writes into it as text: a name from a
dataset that holds `</script>` would run as a script in DVC's. Both are kept in git, since a fresh clone needs them.
"""

import json
from pathlib import Path
from typing import Any

from stages.runner import run
from writerid.base.files import atomic
from writerid.report import charts, unseen_charts
from writerid.report.page import bundle

VEGA_LITE = "5.21"  # of the schema that DVC's templates name
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
DATA, COLOUR, DASH, TOOLTIP = (f"<DVC_METRIC_{name}>" for name in ("DATA", "COLOR", "STROKE_DASH", "TOOLTIP"))
X, Y = "<DVC_METRIC_X>", "<DVC_METRIC_Y>"
BY_RUN = {"column": {"field": "rev", "sort": [], "header": {"title": None}}}
LEVELS = ["crop", "line", "half_form", "form"]
BY_LEVEL = {"column": {"field": "level", "sort": LEVELS, "header": {"title": None}}}
BY_LEVEL_AND_RUN = {**BY_LEVEL, "row": {"field": "rev", "header": {"title": None}}}
BY_TEST = {"column": {"field": "test", "header": {"title": None}}, "row": {"field": "rev", "header": {"title": None}}}
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
{refresh_tag}
<title>DVC plots</title>
<link rel="icon" href="data:,">
<style>body { margin: 1rem; background: #fff; color: #111; font-family: sans-serif; }
body > div { overflow: auto; margin: 1rem 0; } plaintext { display: none; }</style>
<!-- Vega, Vega-Lite and Vega-Embed, (c) University of Washington Interactive Data Lab and others, BSD 3-Clause. -->
<script>BUNDLE</script>
<script>
"use strict";
// No "View source": it writes names into a page as they are.
addEventListener("DOMContentLoaded", () => {
  const written = document.querySelector("plaintext");
  for (const [, spec] of written.textContent.matchAll(/^ *var spec = ({.*});$/gm)) {
    const place = document.createElement("div");
    written.before(place);
    vegaEmbed(place, JSON.parse(spec), { actions: { export: true, source: false, compiled: false, editor: false } });
  }
});
</script>
</head>
<body>
<plaintext>
{plot_divs}
"""


def page() -> str:
    """Return the template of the page, in which DVC puts its plots."""
    return PAGE.replace("BUNDLE", bundle(VEGA_LITE))


def templates() -> dict[str, str]:
    """Return the templates of single plots by file name."""
    curves = template(charts.curves(DATA, Y, epoch=X, several=True), 500)
    del curves["layer"][1]  # the best epoch, of which DVC knows nothing
    del curves["layer"][0]["transform"]
    curves["layer"][0]["encoding"] |= {"strokeDash": DASH, "tooltip": TOOLTIP}
    specs = {
        "curves": curves,
        "accuracy_by_writer": template(charts.by_writer(DATA, several=True), 500),
        "confusion_recall": template(charts.confusion(DATA).properties(height=600), 600, BY_RUN),
        "lines_read": template(charts.lines_read(DATA, several=True), 500),
        "reliability": template(charts.reliability(DATA, several=True), 240, BY_LEVEL),
        "evidence": template(charts.fidelity(DATA), 320, BY_TEST),
        "traits": template(charts.traits(DATA, several=True), 500),
        "hands": template(charts.hands(DATA), 560, BY_RUN),
        "tippett": template(unseen_charts.tippett(DATA), 320, BY_LEVEL_AND_RUN),
        "cross_entropy": template(unseen_charts.cross_entropy(DATA), 320, BY_LEVEL_AND_RUN),
        "enrolled": template(unseen_charts.enrolled(DATA, "accuracy", several=True), 500),
        "coverage": template(unseen_charts.coverage(DATA, several=True), 320, BY_LEVEL),
    }
    return {f"{name}.json": json.dumps(spec, indent=1, ensure_ascii=False) + "\n" for name, spec in specs.items()}


def template(chart: charts.Chart, width: int, facet: dict[str, Any] | None = None) -> dict[str, Any]:
    """Return a chart as a template: DVC's title, data, and colours of runs, which are the same in all plots."""
    spec = chart.properties(width=width).to_dict()
    data: list[dict[str, Any]] = []
    spec = _with_anchors({key: value for key, value in spec.items() if key not in ("config", "$schema")}, data)
    whole = {"facet": facet, "spec": spec} if facet else spec
    return {"$schema": SCHEMA, "title": {"text": "<DVC_METRIC_TITLE>", "anchor": "middle"}, "data": data[0], **whole}


def _with_anchors(spec: Any, data: list[dict[str, Any]]) -> Any:
    """Put DVC's anchor where colour tells runs apart, and take out the data, which is collected."""
    if isinstance(spec, list):
        return [_with_anchors(item, data) for item in spec]
    if not isinstance(spec, dict):
        return spec
    data += [spec["data"]] if "data" in spec else []
    by_run = {
        key for key, value in spec.items() if key == "color" and isinstance(value, dict) and value.get("field") == "rev"
    }
    return {
        key: COLOUR if key in by_run else _with_anchors(value, data) for key, value in spec.items() if key != "data"
    }


def main() -> None:
    """Write the templates."""
    for name, content in {
        **{f"plots/{name}": text for name, text in templates().items()},
        "plots_page.html": page(),
    }.items():
        with atomic(Path(".dvc", name)) as temporary:
            temporary.write_text(content, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    run(main, alone=False)
