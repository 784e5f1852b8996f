"""The page: measures, charts, pictures and scripts in one HTML file."""

import io
import json
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from itertools import pairwise

import jinja2
import numpy as np
import vl_convert
from markupsafe import Markup
from PIL import Image

from writerid.base.errors import InputError, brief
from writerid.base.files import data_url
from writerid.base.params import meanings
from writerid.report import charts, compared, gallery, glossary, look, reasons, rows, strangers, words
from writerid.report.origin import Origin, commands, provenance
from writerid.report.runs import Run

QUALITY = 82  # of pictures, as WebP
PIECE = 1.4  # of a line that is not cut, as a multiple of its height
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
    except (IndexError, TypeError, ValueError) as error:  # of a cell or a measure that is not what belongs there
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
        strangers=strangers,
        levels=LEVELS,
        kinds=KINDS,
        charts=charts,
        pair=pair,
        compared=compared.compared(runs),
        differing=compared.differing(runs),
        writers=rows.writer_rows(run.tables["writers"]),
        accuracies=_accuracies(runs),
        provenance=provenance(run, source),
        commands=commands(source),
        files=source.files,
        explained=meanings(),
        glossary=glossary,
        term=glossary.term,
        linked=glossary.linked,
        chart=_Charts(runs, pair),
        picture=lambda path, alt_text: _picture(run, path, alt_text),
        line=lambda path, alt_text: _line(run, path, alt_text),
        looks=_json({way: look.look("var(--ink)", "var(--line)", dark=way == "dark") for way in ("light", "dark")}),
        style=Markup(_asset("page.css")),
        script=Markup(_asset("page.js")),
        vega=Markup(bundle(look.vega_lite())),
    )


@cache
def bundle(version: str) -> str:
    """Return Vega, Vega-Lite of a version, and Vega-Embed as one script, which defines `vegaEmbed`."""
    script: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;", vl_version=version)
    return f"(function () {{\n{script}\n}})();".replace("</script", "<\\/script")


class _Charts:
    """Numbers the charts, and puts each into the page with its own description."""

    def __init__(self, runs: Sequence[Run], pair: Sequence[Run]) -> None:
        self._count, self._gallery = 0, gallery.gallery(runs)
        self._most = max((value for run in pair for side in run.curves.values() for value in side["loss"]), default=0.0)

    def __contains__(self, name: str) -> bool:
        return name in self._gallery

    def __call__(self, name: str) -> Markup:
        return self._place(self._gallery[name], square=name in gallery.SQUARE)

    def of_pair(self, run: Run) -> Markup:
        """Return the loss of one of two runs, at a scale that both share."""
        return self._place(gallery.curves([run], "loss", [0.0, self._most]))

    def _place(self, chart: charts.Chart, *, square: bool = False) -> Markup:
        self._count += 1
        spec = chart.properties(width="container").to_dict()
        name = f"chart{self._count}"
        return Markup(
            '<div class="chart" id="{}" role="img" aria-label="{}"{}></div>'
            '<script type="application/json" data-chart="{}">{}</script>'
        ).format(name, spec["description"], Markup(" data-square" if square else ""), name, _json(spec))


def _json(content: object) -> Markup:
    """Return JSON that can stand in a script of a page whatever names are in it."""
    return Markup(json.dumps(content, separators=(",", ":"), ensure_ascii=True).replace("<", "\\u003c"))


def _picture(run: Run, path: str, alt_text: str) -> Markup:
    """Return an <img> that holds the picture itself; one line of words where the run has no such picture here."""
    image = _read(run, path)
    if image is None:
        return Markup('<p class="note">{} is not on this machine; dvc pull or dvc repro brings it.</p>').format(path)
    return Markup(
        '<div class="scroll wide" tabindex="0" role="region" aria-label="{}">'
        '<img src="{}" width="{}" height="{}" alt="{}"></div>'
    ).format(alt_text, _webp(image), *image.size, alt_text)


def _line(run: Run, path: str, alt_text: str) -> Markup:
    """Return a line of writing as <img>s that wrap as words do, each cut off where there is least ink."""
    image = _read(run, path)
    if image is None:
        return _picture(run, path, alt_text)
    ink = 255 - np.asarray(image.convert("L"), float).min(axis=0)
    cuts = [0]
    while image.width - cuts[-1] > PIECE * image.height:
        first, last = (int(cuts[-1] + share * PIECE * image.height) for share in (0.6, 1))
        cuts.append(first + int(ink[first:last].argmin()))
    pieces = [image.crop((left, 0, right, image.height)) for left, right in pairwise([*cuts, image.width])]
    images = [Markup('<img src="{}" alt="">').format(_webp(piece)) for piece in pieces]
    return Markup('<div class="line" role="img" aria-label="{}">{}</div>').format(alt_text, Markup("").join(images))


def _read(run: Run, path: str) -> Image.Image | None:
    """Return a picture of the run; None where it is not on this machine."""
    content = run.read(path)
    if content is None:
        return None
    try:
        with Image.open(io.BytesIO(content)) as image:
            return image.convert("RGB")
    except (OSError, SyntaxError) as error:  # what Pillow raises on damaged files
        again = f"remove it, and `dvc checkout {path}` brings it back"
        raise InputError(f"{run.name}: {path} is damaged ({brief(error)}); {again}") from None


def _webp(image: Image.Image) -> str:
    """Return the URL that holds a picture."""
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=QUALITY, method=4)
    return data_url(buffer.getvalue(), "webp")


def _accuracies(runs: Sequence[Run]) -> list[tuple[str, list[str]]]:
    """Return a row for each writer: accuracy by line in each run."""
    by_run = [{row["writer"]: float(row["line_accuracy"]) for row in run.tables["writers"]} for run in runs]
    return [
        (writer, [words.percent(each[writer], 0) if writer in each else "-" for each in by_run])
        for writer in sorted({writer for each in by_run for writer in each})
    ]


def _asset(name: str) -> str:
    return (files("writerid.report") / name).read_text(encoding="utf-8")
