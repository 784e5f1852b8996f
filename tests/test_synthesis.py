import dataclasses
import io
import re
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from writerid.synthesis import archive as synthesis
from writerid.synthesis.archive import write_archive
from writerid.synthesis.penmanship import hand_of_writer
from writerid.synthesis.pens import PENS, STEP, Pen, new_pen, trace
from writerid.synthesis.rendering import new_form, render
from writerid.synthesis.skeletons import forms_of_letters
from writerid.synthesis.words import words_of_a_line

SMALL = {"writers": 2, "forms": 3, "lines": 2, "difficulty": 0.5, "seed": 0, "workers": 1}


def drawn(folder: Path, **changes: Any) -> Path:
    path = folder / ("-".join(f"{key}{value}" for key, value in changes.items()) + ".zip")
    write_archive(path, **{**SMALL, **changes})
    return path


def images(path: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".png")]
        opened = {name: Image.open(io.BytesIO(archive.read(name))) for name in names}
        assert all(image.mode == "L" and image.format == "PNG" for image in opened.values())
        return {name: np.asarray(image) for name, image in opened.items()}


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return drawn(tmp_path_factory.mktemp("synthesis"))


def test_layout_is_that_of_the_iam_archive(archive: Path) -> None:
    with zipfile.ZipFile(archive) as opened:
        members = opened.namelist()
        rows = [row.split() for row in opened.read(members[0]).decode().splitlines() if not row.startswith("#")]
    assert members[0] == "forms_for_parsing.txt"
    forms = [row[0] for row in rows]
    assert len(set(forms)) == 6
    assert all(re.fullmatch(r"[a-z]\d\d-\d{3}", form) for form in forms)
    assert sorted(row[1] for row in rows) == ["000"] * 3 + ["001"] * 3
    assert sorted(members[1:]) == sorted(f"lines/{form}-{line:02d}.png" for form in forms for line in range(2))


def test_bytes_depend_on_the_arguments_only(archive: Path, tmp_path: Path) -> None:
    assert drawn(tmp_path, workers=2).read_bytes() == archive.read_bytes()
    assert drawn(tmp_path, seed=1).read_bytes() != archive.read_bytes()


def test_lines_have_dark_ink_on_light_paper_and_no_two_are_equal(archive: Path) -> None:
    lines = images(archive)
    assert len({line.tobytes() for line in lines.values()}) == len(lines) == 12
    for line in lines.values():
        height, width = line.shape
        paper = np.median(line)
        ink = line < paper - 60
        assert 40 < height < 220 and 700 < width < 2200
        assert paper > 200 and 0.02 < ink.mean() < 0.4
        edges = np.concatenate([ink[0], ink[-1], ink[:, 0], ink[:, -1]])
        assert not edges.any(), "a stroke is cut off"
        margins = [*np.flatnonzero(ink.any(axis=1))[[0, -1]], *np.flatnonzero(ink.any(axis=0))[[0, -1]]]
        assert max(margins[0], height - margins[1], margins[2], width - margins[3]) < 20, "not cut close"


def test_difficulty_brings_hands_closer_and_makes_them_unsteady() -> None:
    def spread(difficulty: float) -> np.ndarray:
        hands = [hand_of_writer(difficulty, np.random.default_rng(seed)) for seed in range(10)]
        return np.std([hand.traits for hand in hands], axis=0)

    easy, hard = (hand_of_writer(difficulty, np.random.default_rng(0)) for difficulty in (0.0, 1.0))
    assert (spread(0.0) >= spread(1.0)).all()
    assert easy.noise < hard.noise
    assert easy.fickleness < hard.fickleness


def kind_of(pen: Pen) -> str:
    (kind,) = (kind for kind, ends in PENS.items() if all(np.less_equal(ends[0], pen) & np.less_equal(pen, ends[1])))
    return kind


def test_each_form_has_a_pen_of_its_own() -> None:
    def share(difficulty: float) -> dict[str, float]:
        pens = [new_pen(difficulty, np.random.default_rng(seed)) for seed in range(400)]
        assert len(set(pens)) == len(pens)
        kinds = [kind_of(pen) for pen in pens]
        return {kind: kinds.count(kind) / len(kinds) for kind in PENS}

    assert share(0.0) == {"nib": 1, "ballpoint": 0, "felt": 0, "pencil": 0}
    assert 0.5 < share(0.25)["nib"] < 0.75
    assert all(0.15 < part < 0.35 for part in share(0.5).values())
    assert share(1.0) == share(0.5)


def test_forms_of_a_writer_are_written_with_different_pens(tmp_path: Path) -> None:
    lines = images(drawn(tmp_path, writers=1, forms=8, lines=1))
    ink = [(line < 200).sum() / line.shape[1] for line in lines.values()]
    darkest = [line.min() for line in lines.values()]
    assert max(ink) > 1.5 * min(ink)
    assert max(darkest) > min(darkest) + 30


def middle(kind: str) -> Pen:
    return Pen(*np.mean(PENS[kind], axis=0))


def test_a_nib_shows_how_the_hand_presses_and_a_felt_pen_shows_less() -> None:
    traits = hand_of_writer(0.5, np.random.default_rng(0)).traits._replace(downstroke=0.4, nib_contrast=0.0)
    down = np.column_stack([np.zeros(400), np.arange(400) * STEP])

    def thicker(kind: str) -> float:
        """How many times as wide strokes towards the writer are as strokes away from them."""
        paths = (down, down[::-1])
        downwards, upwards = (trace(path, traits, middle(kind), np.random.default_rng(1))[0] for path in paths)
        return float(downwards[50:-50].mean() / upwards[50:-50].mean())

    assert thicker("nib") > 1.5 > thicker("felt") > 1.1


def test_pens_differ_in_width_darkness_and_grain() -> None:
    traits = hand_of_writer(0.5, np.random.default_rng(0)).traits
    strokes = [np.column_stack([np.linspace(0, 30, 600), np.zeros(600)])]
    form = dataclasses.replace(new_form(0.5, np.random.default_rng(0)), paper=240.0, blur=0.4, shade=0.0)

    def written(kind: str) -> np.ndarray:
        form_by_pen = dataclasses.replace(form, pen=middle(kind))
        return 240.0 - render(strokes, traits, form_by_pen, np.random.default_rng(1))

    ink = {kind: written(kind) for kind in PENS}
    width = {kind: (dark[:, 50:-50] > 60).sum(axis=0).mean() for kind, dark in ink.items()}
    grain = {kind: np.abs(np.diff(dark.max(axis=0)[50:-50])).mean() for kind, dark in ink.items()}
    assert width["felt"] > width["nib"] > width["ballpoint"]
    assert min(ink["felt"].max(), ink["nib"].max()) > ink["pencil"].max() + 20
    assert grain["pencil"] > 2 * grain["nib"]


def test_a_writer_is_the_same_whatever_the_number_of_writers_forms_and_lines(archive: Path, tmp_path: Path) -> None:
    """Their first forms and lines are the same; their names are drawn anew."""

    def by_writer(path: Path) -> dict[str, list[list[bytes]]]:
        """The lines of each form of each writer, in an order that does not depend on names."""
        with zipfile.ZipFile(path) as opened:
            rows = [row.split() for row in opened.read("forms_for_parsing.txt").decode().splitlines()[1:]]
        drawn_lines = images(path)
        made: dict[str, list[list[bytes]]] = {}
        for form, writer, *_ in rows:
            own = [name for name in sorted(drawn_lines) if name.startswith(f"lines/{form}-")]
            made.setdefault(writer, []).append([drawn_lines[name].tobytes() for name in own])
        return made

    two = by_writer(archive)
    for changes in ({"writers": 3}, {"forms": 2}, {"lines": 1}):
        other = by_writer(drawn(tmp_path, **changes))
        forms, lines = changes.get("forms", 3), changes.get("lines", 2)
        assert len(other) == changes.get("writers", 2)
        for writer in ("000", "001"):
            expected = [form[:lines] for form in two[writer]]
            assert len(other[writer]) == forms
            assert all(form in expected for form in other[writer])
    assert not set(map(str, two["000"])) & set(map(str, two["001"]))


def test_every_letter_of_the_text_can_be_written() -> None:
    rng = np.random.default_rng(0)
    text = set()
    for _ in range(100):
        words = words_of_a_line(rng)
        text |= {letter for _ in range(20) for letter in next(words)}
    assert text <= set(forms_of_letters())
    assert all(np.isfinite(s).all() for forms in forms_of_letters().values() for f in forms for s in f.strokes)


def test_many_writers_get_longer_numbers() -> None:
    tasks = synthesis._tasks(1001, 2, 1, 0.5, 0)
    assert len({task.name for task in tasks}) == 2002
    assert {len(row.split()[1]) for row in synthesis._forms_file(tasks, 1001).splitlines()[1:]} == {4}


@pytest.mark.parametrize("problem", [RuntimeError, KeyboardInterrupt])
def test_nothing_is_left_behind_on_failure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, problem: type[BaseException]
) -> None:
    path = tmp_path / "archive.zip"
    path.write_bytes(b"the archive of another day")
    calls = []

    def failing(pixels: np.ndarray) -> bytes:
        calls.append(pixels)
        if len(calls) > 3:
            raise problem
        return b""

    monkeypatch.setattr(synthesis, "as_png", failing)
    with pytest.raises(problem):
        write_archive(path, **SMALL)  # type: ignore[arg-type]
    assert [file.name for file in tmp_path.iterdir()] == ["archive.zip"]
    assert path.read_bytes() == b"the archive of another day"
