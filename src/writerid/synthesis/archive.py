"""A synthetic archive of handwriting, laid out like that of the IAM database.

The archive is a zip file with `forms_for_parsing.txt`, which says who wrote which form, and one 8-bit grey
PNG per line of writing, `lines/FORM-NN.png`. The writers do not exist: see `penmanship` for their hands and
`rendering` for their pens and paper.
"""

import zipfile
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from writerid.base.files import atomic
from writerid.base.parallel import ordered_map
from writerid.base.randomness import Use, stream
from writerid.synthesis.penmanship import Hand, hand_of_writer, hand_on_form, write_line
from writerid.synthesis.rendering import as_png, new_form, render
from writerid.synthesis.words import words_of_a_line

FORMS_FILE = "forms_for_parsing.txt"
HEADER = "# Synthetic handwriting: neither the writers nor the forms exist. Columns: form, writer, ...\n"
FORM_NAMES = 26 * 100 * 1000  # "a00-000" to "z99-999"


@dataclass(frozen=True)
class Task:
    """A form to be drawn, and where its random numbers start."""

    name: str
    writer: int
    form: int  # of this writer
    lines: int
    difficulty: float
    seed: int


def _generator(seed: int, *place: int) -> np.random.Generator:
    """Random numbers of a writer, of a form or of a line, whichever process draws it."""
    return stream(seed, Use.SYNTHESIS, *place)


@lru_cache(maxsize=64)
def _hand(seed: int, writer: int, difficulty: float) -> Hand:
    return hand_of_writer(difficulty, _generator(seed, writer))


def _draw(task: Task) -> list[bytes]:
    """The PNG files of a form's lines."""
    rng = _generator(task.seed, task.writer, task.form)
    sheet = new_form(task.difficulty, rng)
    hand = hand_on_form(_hand(task.seed, task.writer, task.difficulty), rng)
    files = []
    for line in range(task.lines):
        rng = _generator(task.seed, task.writer, task.form, line)
        width = sheet.width * rng.uniform(0.9, 1.1) / sheet.x_height
        strokes = write_line(words_of_a_line(rng), width, hand, rng)
        files.append(as_png(render(strokes, hand.traits, sheet, rng)))
    return files


def _form_name(number: int) -> str:
    letter, rest = divmod(number, 100 * 1000)
    return f"{chr(ord('a') + letter)}{rest // 1000:02d}-{rest % 1000:03d}"


def _tasks(writers: int, forms: int, lines: int, difficulty: float, seed: int) -> list[Task]:
    """All forms in the order of their names, which are drawn at random and say nothing of the writer."""
    names = _generator(seed).choice(FORM_NAMES, size=writers * forms, replace=False)
    tasks = [
        Task(_form_name(int(name)), index // forms, index % forms, lines, difficulty, seed)
        for index, name in enumerate(names)
    ]
    return sorted(tasks, key=lambda task: task.name)


def _forms_file(tasks: Iterable[Task], writers: int) -> str:
    digits = max(3, len(str(writers - 1)))
    rows = (f"{t.name} {t.writer:0{digits}d} 1 all {t.lines} {t.lines} 0 0\n" for t in tasks)
    return HEADER + "".join(rows)


def write_archive(
    path: Path,
    *,
    writers: int,
    forms: int,
    lines: int,
    difficulty: float,
    seed: int,
    workers: int | None = None,
) -> None:
    """Write a zip file of synthetic handwriting: `forms` forms of `lines` lines by each of the writers.

    `difficulty` is 0 (very different, steady hands) to 1 (hands much alike and unsteady). The same arguments
    give the same bytes, whatever the number of `workers`: processes, by default one per core. The file
    appears at `path` when it is complete, and not at all if anything goes wrong.
    """
    tasks = _tasks(writers, forms, lines, difficulty, seed)
    with (
        atomic(path) as temporary,
        zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive,
        closing(ordered_map(_draw, tasks, "synthesize", " forms", processes=True, workers=workers)) as drawn,
    ):
        archive.writestr(zipfile.ZipInfo(FORMS_FILE), _forms_file(tasks, writers))  # without the time of writing
        for task, files in zip(tasks, drawn, strict=True):
            for line, file in enumerate(files):
                archive.writestr(zipfile.ZipInfo(f"lines/{task.name}-{line:02d}.png"), file)
