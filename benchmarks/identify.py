"""The identifier in use: how long it takes, and how often it errs about people who were enrolled by one page.

    python -m benchmarks.identify [--identifier models/identifier] [--lines data/synthetic.zip] [--pages ARCHIVE]

Speed is measured on lines of --lines, and on a page that is made of PAGE of them: cold, with the process that is
started for it, and warm. Where the run's data/split.csv is, test lines are scanned in ways that may mislead.

ARCHIVE is a zip archive of pages, with layout files or without; its pages are told apart by writer as
benchmarks.strangers does (--writer), and lines whose text has what --text matches take no part. Of everybody with
several pages the first is enrolled and the others are asked; the pages of all others are strangers'. With --few more
galleries are drawn, of so many people each where there are more.
"""

import io
import os
import re
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from benchmarks import tables
from benchmarks.scans import resized
from stages.runner import run
from writerid.base.declaration import ROOT
from writerid.base.errors import InputError
from writerid.base.files import read_csv
from writerid.base.patterns import text_pattern
from writerid.crops.choice import read_sides
from writerid.dataset.archive import Archive
from writerid.dataset.page_lines import Labels
from writerid.dataset.splits import UNSEEN
from writerid.identifier.answers import Answer
from writerid.identifier.bundle import ENROLLED
from writerid.identifier.decide import NONE_FROM, decide
from writerid.identifier.hands import together
from writerid.identifier.identify import Identifier
from writerid.identifier.scans import read, read_image
from writerid.scores.intervals import share

PAGE, GAP, MARGIN = 25, 20, 120  # lines of the made page, and pixels between and around them
COLD, WARM = 5, 3  # times that each is measured; the median counts
TRAPPED = 18  # lines
DRAWS = 200  # galleries of --few people


def speed(folder: Path, dataset: Path) -> None:
    """Print how long a line and a page take."""
    with Archive(dataset) as archive:
        greys = [archive.decode(path) for path in archive.images[:PAGE]]
    identifier = Identifier.load(folder)
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with tempfile.TemporaryDirectory() as place:
        for name, grey in (("line", greys[0]), ("page", stacked(greys))):
            path = Path(place, f"{name}.png")
            Image.fromarray(grey).save(path)
            command = [sys.executable, "-m", "writerid", "identify", str(path), "--identifier", str(folder.resolve())]
            cold = [
                timed(partial(subprocess.run, command, check=True, capture_output=True, env=environment))
                for _ in range(COLD)
            ]
            warm = [timed(partial(identifier.identify, path)) for _ in range(WARM)]
            for way, times in (("cold", cold), ("warm", warm)):
                wall, processor = np.median(times, axis=0)
                rate = f", {60 / wall:,.0f} a minute" if way == "warm" else ""
                print(f"{name}, {way}: {wall:.2f} s, {processor:.2f} s of a core{rate}")


def stacked(greys: list[np.ndarray], margin: int = MARGIN) -> np.ndarray:
    """A page of lines, one below the other."""
    width = max(grey.shape[1] for grey in greys) + 2 * margin
    page = np.full((sum(grey.shape[0] + GAP for grey in greys) + 2 * margin, width), 245, np.uint8)
    top = margin
    for grey in greys:
        page[top : top + grey.shape[0], margin : margin + grey.shape[1]] = grey
        top += grey.shape[0] + GAP
    return page


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds that a call takes: on the clock, and of one core, in this process and those that it starts."""
    begun, before = time.perf_counter(), sum(os.times()[:4])
    work()
    return time.perf_counter() - begun, sum(os.times()[:4]) - before


def trial(folder: Path, pages: Path, text: str, writer: str, few: list[int]) -> Iterator[tables.Row]:
    """Yield how often people enrolled by a page are named wrong or refused, and others accepted; bounds over people."""
    identifier = Identifier.load(folder)
    calibration = identifier.bundle.calibration.get(ENROLLED)
    if calibration is None:
        raise InputError(f"{folder}: was made without enough unseen writers to enrol people")
    vectors: dict[str, dict[str, tuple[np.ndarray, int]]] = defaultdict(dict)
    unusable = 0
    for scan in read(pages, Labels([], text_pattern(text, "--text"))):
        hands = identifier.see([scan])
        if not hands or identifier.unlike(hands)[1]:
            unusable += 1
            continue
        found = re.fullmatch(writer, PurePosixPath(scan.name).stem)
        vectors[found[1] if found else scan.name][scan.name] = together(hands), len(hands)
    known = sorted(name for name, own in vectors.items() if len(own) > 1)
    if not known:
        raise InputError(
            f"{pages}: nobody wrote two pages that can be used; --writer says what of a name is the writer's"
        )
    first = {name: min(vectors[name]) for name in known}
    queries = [
        (name, page, *vectors[name][page]) for name in vectors for page in vectors[name] if first.get(name) != page
    ]
    print(f"{sum(map(len, vectors.values()))} pages by {len(vectors)} people, {unusable} could not be used")
    rng = np.random.default_rng(0)
    number = {name: place for place, name in enumerate(vectors)}
    for size in (len(known), *(size for size in few if size < len(known))):
        # By person: pages, and what was said of them.
        theirs, others = np.zeros((3, len(number))), np.zeros((2, len(number)))
        for _ in range(1 if size == len(known) else DRAWS):
            gallery = sorted(rng.permutation(known)[:size].tolist())
            references = np.array([vectors[name][first[name]][0] for name in gallery])
            for name, _, vector, lines in queries:
                likeness = references @ vector
                refused = decide(likeness, lines, calibration)[1] >= NONE_FROM
                if name in gallery:
                    wrong = not refused and gallery[int(likeness.argmax())] != name
                    theirs[:, number[name]] += 1, wrong, refused
                else:
                    others[:, number[name]] += 1, not refused
        yield {
            "enrolled": size,
            "pages_by_them": int(theirs[0].sum()),
            **tables.bounded("named_wrong", share(theirs[1], theirs[0]), 3),
            **tables.bounded("refused", share(theirs[2], theirs[0]), 3),
            "pages_by_others": int(others[0].sum()),
            **tables.bounded("accepted", share(others[1], others[0]), 3),
        }


def traps(identifier: Identifier, lines: Path, split: Path, dataset: Path) -> Iterator[tables.Row]:
    """Yield what becomes of TRAPPED test lines when they are scanned otherwise, and of as many by unseen writers."""
    table = read_csv(lines, {"line": str, "path": str, "form": str, "writer": str})
    side = read_sides(split)
    rng = np.random.default_rng(0)
    rows = {name: [row for row, line in enumerate(table["line"]) if side[line] == name] for name in ("test", UNSEEN)}
    chosen = {name: rng.permutation(own)[:TRAPPED].tolist() for name, own in rows.items()}
    with Archive(dataset) as archive:

        def grey(row: int) -> np.ndarray:
            return archive.decode(table["path"][row])

        def three(row: int) -> np.ndarray:
            return stacked(
                [grey(each) for each in range(len(side)) if table["form"][each] == table["form"][row]][:3], 40
            )

        changed: dict[str, Callable[[int], np.ndarray]] = {
            "as they are": grey,
            "at half the resolution": lambda row: resized(grey(row), 1 / 2),
            "at two thirds of it": lambda row: resized(grey(row), 2 / 3),
            "at twice the resolution": lambda row: resized(grey(row), 2),
            "white on black": lambda row: 255 - grey(row),
            "three lines in one image": three,
            "blank paper": lambda row: rng.normal(240, 3, grey(row).shape).clip(0, 255).astype(np.uint8),
        }
        for words, change in changed.items():
            yield row_of(words, [(asked(identifier, change(row)), table["writer"][row]) for row in chosen["test"]])
        yield row_of("by unseen writers", [(asked(identifier, grey(row)), "") for row in chosen[UNSEEN]])


def row_of(words: str, answers: list[tuple[Answer, str]]) -> tables.Row:
    """A row of the table of traps."""
    right = sum(answer.writer == writer for answer, writer in answers)
    unusable = sum(bool(answer.problem) for answer, _ in answers)
    none = sum(answer.writer is None for answer, _ in answers) - unusable
    wrong = len(answers) - right - none - unusable
    return {"lines": words, "right": right, "wrong": wrong, "none_of_them": none, "cannot_be_used": unusable}


def asked(identifier: Identifier, grey: np.ndarray) -> Answer:
    """What is said of an image."""
    buffer = io.BytesIO()
    Image.fromarray(grey).save(buffer, "PNG")
    return identifier.judge("scan", list(read_image(buffer.getvalue(), "scan")))


def main(
    identifier: Path, lines: Path, pages: Path | None, text: str, writer: str, few: list[int], csv: Path | None
) -> None:
    """Measure the identifier in use."""
    if pages and not pages.exists():
        raise InputError(f"{pages}: there is no such archive or folder")
    speed(identifier, lines)
    if Path("data/split.csv").is_file():
        tables.show(traps(Identifier.load(identifier), Path("data/lines.csv"), Path("data/split.csv"), lines), csv)
    if pages:
        tables.show(trial(identifier, pages, text, writer, few))


if __name__ == "__main__":
    from benchmarks.strangers import WRITER  # here: benchmarks.references measures memory, and needs no Keras

    parser = tables.parser(__doc__)
    parser.add_argument("--identifier", type=Path, default=Path("models/identifier"), help="its folder (%(default)s)")
    parser.add_argument("--lines", type=Path, default=Path("data/synthetic.zip"), help="archive (%(default)s)")
    parser.add_argument("--pages", type=Path, metavar="ARCHIVE", help="of pages, by people to be enrolled")
    parser.add_argument("--text", default="", metavar="PATTERN", help="of pages, leave out lines with this text")
    parser.add_argument("--writer", default=WRITER, metavar="PATTERN", help="of a page's name (%(default)s)")
    parser.add_argument("--few", type=int, nargs="*", default=[3, 10], help="people in further galleries (3 10)")
    run(main, parser, alone=False)
