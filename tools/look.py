"""Lines as they came and as the network sees them, ten at random and the ten oddest: `make look`.

python -m tools.look [--output look.html] [--lines 10] [--seed N]

Reads the dataset of params.yaml and data/lines.csv. A line is odd in what few are (light on dark, ruled paper), or
in a number that is far from the middle of all (height, share of ink). The same lines and seed give the same page.
"""

import argparse
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jinja2
import numpy as np

from stages.runner import run
from writerid.base.errors import InputError, shown
from writerid.base.files import atomic, no_folder
from writerid.base.geometry import line_scales
from writerid.base.parallel import ordered_map
from writerid.base.params import load
from writerid.base.randomness import Use, stream
from writerid.crops.ruling import without_ruling
from writerid.crops.strips import strip_of, unchanged
from writerid.dataset.archive import Archive
from writerid.dataset.ink import appearance, dark_on_light, evenly_lit, histogram, levels
from writerid.dataset.lines import layout_digest, read_lines
from writerid.web.pages import png, small

SHOWN = (1600, 200)  # pixels; larger lines are shown smaller
ODD = 3.0  # spreads from the middle, or halvings of all lines, from which a property is named
PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Lines of {{ dataset }}</title>
<meta name="viewport" content="width=device-width">
<style>:root{color-scheme:light dark}body{font:16px sans-serif;margin:1em auto;max-width:75rem;padding:0 1em}
section{margin:1.5em 0;overflow-wrap:anywhere}small{opacity:.7}section div{overflow-x:auto}
img{display:block;max-width:100%;margin:.3em 0;border:1px solid #999}
@media(max-width:700px){img{max-width:none;height:3.5em}}</style>
<h1>Lines of {{ dataset }}</h1>
<p>Of {{ count }} lines. Above as it came, below as the network sees it ({{ height }} pixels high, tone {{ tone }}, fit
{{ fit }}).</p>
{% for title, lines in parts %}<h2>{{ title }}</h2>
{% for line in lines %}<section><b>{{ line.name }}</b>, writer {{ line.writer }}<br>{{ line.why }}<br>
<small>{{ line.path }}</small><div><img src="{{ line.came }}" alt="as it came">
<img src="{{ line.seen }}" alt="as seen"></div></section>{% endfor %}{% endfor %}</html>
"""


class Measure(NamedTuple):
    """What may be odd about a line: its height in pixels, its share of ink, light on dark, on ruled paper."""

    height: int
    ink: float
    negative: bool
    ruled: bool


def measure(grey: np.ndarray) -> Measure:
    """Measure a line as it came, uint8 (height, width)."""
    dark = evenly_lit(dark_on_light(grey))
    plain = without_ruling(dark)
    counts = histogram(plain)
    ink = counts[: levels(counts)[2] + 1].sum() / counts.sum()
    return Measure(len(grey), float(ink), appearance(grey)[0], plain is not dark)


def oddness(measures: list[Measure]) -> np.ndarray:
    """How odd each line is in each property, float64 (lines, 4).

    Of a number, by how many spreads (median absolute deviations, as of a normal distribution, of its logarithm) it is
    from the median; of a property, how often all lines must be halved to be as few as those that have it.
    """
    table = np.array(measures, np.float64)
    numbers = np.log(np.maximum(table[:, :2], 1e-6))
    off = np.abs(numbers - np.median(numbers, axis=0))
    spread = np.maximum(1.4826 * np.median(off, axis=0), 0.05)  # of lines that are all alike none is odd
    share = table[:, 2:].mean(axis=0)
    return np.hstack([off / spread, np.where(table[:, 2:] > 0, -np.log2(np.maximum(share, 1e-9)), 0.0)])


def why(one: Measure, odd: np.ndarray, middle: np.ndarray) -> str:
    """Say in words what is odd about a line, the oddest first; `middle` holds the medians of height and ink."""
    words = (
        f"{one.height} pixels high, the median is {middle[0]:.0f}",
        f"{one.ink:.1%} ink, the median is {middle[1]:.1%}",
        "light on dark",
        "ruled or squared paper",
    )
    named = [words[place] for place in np.argsort(-odd, kind="stable") if odd[place] >= ODD]
    return "; ".join(named) or "nothing odd: " + ", ".join(words[:2])


def of_resolution(scale: float) -> str:
    """Say that a line was scanned at another resolution than most."""
    return "" if scale == 1 else f"; scanned at another resolution, scaled by {scale:g} to be as the others"


def main(output: Path, lines: int, seed: int | None) -> None:
    """Write the page."""
    if lines < 1:
        raise InputError("--lines: at least one line must be shown")
    if seed is not None and seed < 0:
        raise InputError("--seed: must be 0 or more")
    no_folder(output)
    params, table = load(), read_lines(Path("data/lines.csv"))
    count = len(table["line"])
    sizes = np.column_stack([table["width"], table["height"]])
    scales = line_scales(sizes, params.crop.height, params.crop.fit, np.array(table["scale"]))
    with Archive(Path(params.dataset)) as archive:
        read = partial(unchanged, archive, table, layouts=layout_digest(archive))
        measures = list(ordered_map(lambda row: measure(read(row)), range(count), "look", " lines"))
        odd = oddness(measures)
        middle = np.median([one[:2] for one in measures], axis=0)

        def told(row: int) -> dict[str, str]:
            grey = read(row)
            strip = strip_of(grey, scales[row], params.crop.tone, params.crop.height, params.crop.width)
            return {
                "name": shown(table["line"][row]),
                "writer": shown(table["writer"][row]),
                "path": shown(table["path"][row].partition("#outline=")[0]),
                "why": why(measures[row], odd[row], middle) + of_resolution(table["scale"][row]),
                "came": png(small(grey, *SHOWN)),
                "seen": png(small(strip.T, *SHOWN)),
            }

        rng = stream(params.seed if seed is None else seed, Use.LOOK)
        random = sorted(rng.permutation(count)[:lines].tolist())
        oddest = np.argsort(-odd.max(axis=1), kind="stable")[:lines].tolist()
        parts = [
            (f"{len(rows)} {kind}", [told(row) for row in rows])
            for kind, rows in (("lines at random", random), ("oddest lines", oddest))
        ]
    page = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(PAGE)
    with atomic(output) as temporary:
        text = page.render(
            dataset=params.dataset,
            count=count,
            height=params.crop.height,
            tone=params.crop.tone,
            fit=params.crop.fit,
            parts=parts,
        )
        temporary.write_text(text, encoding="utf-8", newline="\n")
    print(f"{output}: {len(random)} lines at random and the {len(oddest)} oddest of {count}; open it in a browser")


def options() -> argparse.ArgumentParser:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(prog="python -m tools.look", description="Show lines as the network sees them.")
    parser.add_argument("--output", type=Path, default=Path("look.html"), help="the file to write (look.html)")
    parser.add_argument("--lines", type=int, default=10, metavar="N", help="how many at random, and how many odd ones")
    parser.add_argument("--seed", type=int, help="of the lines at random (that of params.yaml)")
    return parser


if __name__ == "__main__":
    run(main, options(), alone=False)
