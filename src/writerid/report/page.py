"""The page: figures, charts, pictures and scripts in one HTML file."""

import base64
import io
import json
from collections.abc import Sequence
from importlib.resources import files
from typing import Any

import altair as alt
import jinja2
import vl_convert
from markupsafe import Markup
from PIL import Image

from writerid.base.errors import InputError, brief
from writerid.base.params import meanings
from writerid.report import charts, compared, glossary, reason_charts, reasons, words
from writerid.report.origin import Origin, commands, provenance
from writerid.report.runs import WORKSPACE, Run

QUALITY = 82  # of pictures, as WebP
KINDS = {
    "surest_wrong": "Surest, and wrong",
    "least_sure": "Least sure",
    "surest_right": "Surest, and right",
}
LEVELS = {"line": "lines", "crop": "crops", "form": "forms"}


def render(runs: Sequence[Run], pair: Sequence[Run], source: Origin) -> str:
    """Return the page's HTML, which needs nothing beside itself; several runs are compared, and the first is told of.

    Parameters: the runs; one with and one without dropout, or none; what the first run started from.

    Raises InputError where a run was made by another version of the stages and lacks what is told of.
    """
    try:
        return _render(runs, pair, source)
    except (jinja2.UndefinedError, KeyError) as error:
        names = ", ".join(run.name for run in runs)
        raise InputError(f"{names}: made by another version of the stages ({brief(error)}); run `dvc repro`") from None
    except (IndexError, TypeError, ValueError) as error:  # of a cell or a figure that is not what belongs there
        names = ", ".join(run.name for run in runs)
        raise InputError(f"{names}: a file in metrics/ is damaged ({brief(error)}); run `dvc repro --force`") from None


def _render(runs: Sequence[Run], pair: Sequence[Run], source: Origin) -> str:
    run = runs[0]
    page = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(_asset("page.html"))
    return page.render(
        run=run,
        runs=runs,
        words=words,
        reasons=reasons,
        levels=LEVELS,
        kinds=KINDS,
        charts=charts,
        reason_charts=reason_charts,
        pair=pair,
        pair_domain=_domain(pair) if pair else None,
        workspace=WORKSPACE,
        compared=compared.compared(runs),
        differing=compared.differing(runs),
        writers=charts.writers(run),
        accuracies=_accuracies(runs),
        provenance=provenance(run, source),
        commands=commands(source),
        files=source.files,
        explained=meanings(),
        glossary=glossary,
        term=glossary.term,
        linked=glossary.linked,
        chart=_Charts(),
        picture=lambda path, alt_text: _picture(run, path, alt_text),
        style=Markup(_asset("page.css")),
        script=Markup(_asset("page.js")),
        vega=Markup(bundle(".".join(alt.SCHEMA_VERSION.removeprefix("v").split(".")[:2]))),
    )


def bundle(version: str) -> str:
    """Return Vega, Vega-Lite of a version, and Vega-Embed as one script, which defines `vegaEmbed`."""
    script: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=version)
    return f"(function () {{\n{script}\n}})();".replace("</script", "<\\/script")


class _Charts:
    """Numbers the charts, and puts each into the page with its own description."""

    def __init__(self) -> None:
        self._count = 0

    def __call__(self, spec: dict[str, Any], *, tall: bool = False) -> Markup:
        self._count += 1
        data = json.dumps(spec, separators=(",", ":"), ensure_ascii=True).replace("<", "\\u003c")
        name = f"chart{self._count}"
        described = Markup.escape(spec["description"])
        scroll = Markup(' tabindex="0" role="region" aria-label="{}"').format(described) if tall else Markup("")
        return Markup(
            '<div class="{}"{}><div class="chart" id="{}"></div>'
            '<script type="application/json" data-chart="{}">{}</script></div>'
        ).format("tall" if tall else "plain", scroll, name, name, Markup(data))


def _picture(run: Run, path: str, alt_text: str) -> Markup:
    """Return an <img> that holds the picture itself; one line of words where the run has no such picture here."""
    content = run.read(path)
    if content is None:
        return Markup('<p class="note">{} is not on this machine; dvc pull or dvc repro brings it.</p>').format(path)
    buffer = io.BytesIO()
    try:
        with Image.open(io.BytesIO(content)) as image:
            image.convert("RGB").save(buffer, "WEBP", quality=QUALITY, method=4)
            width, height = image.size
    except (OSError, SyntaxError) as error:  # what Pillow raises on damaged files
        again = f"remove it, and `dvc checkout {path}` brings it back"
        raise InputError(f"{run.name}: {path} is damaged ({brief(error)}); {again}") from None
    data = base64.b64encode(buffer.getvalue()).decode()
    return Markup(
        '<div class="scroll" tabindex="0" role="region" aria-label="{}">'
        '<img src="data:image/webp;base64,{}" width="{}" height="{}" alt="{}"></div>'
    ).format(alt_text, data, width, height, alt_text)


def _accuracies(runs: Sequence[Run]) -> list[tuple[str, list[str]]]:
    """Return a row for each writer: accuracy by line in each run."""
    own = [{row["writer"]: float(row["line_accuracy"]) for row in run.tables["writers"]} for run in runs]
    return [
        (writer, [words.percent(each[writer], 0) if writer in each else "-" for each in own])
        for writer in sorted({writer for each in own for writer in each})
    ]


def _domain(pair: Sequence[Run]) -> tuple[float, float]:
    values = [value for run in pair for side in run.curves.values() for value in side["loss"]]
    return 0.0, max(values)


def _asset(name: str) -> str:
    return (files("writerid.report") / name).read_text(encoding="utf-8")
