"""Scans of several resolutions: they are brought to one, and how large a hand writes is kept where it is known."""

from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import write_zip
from writerid.dataset.archive import Archive
from writerid.dataset.resolution import differ, one_resolution, scan_scales
from writerid.dataset.survey import Line
from writerid.synthesis.penmanship import hand_of_writer, write_line
from writerid.synthesis.rendering import new_form, render
from writerid.synthesis.words import words_of_a_line

HAND = np.exp(np.random.default_rng(0).normal(0, 0.18, 60)) * 17  # writing sizes, in pixels at 300 dpi


def scales(sizes: np.ndarray, dpi: np.ndarray | int = 0, heights: np.ndarray | None = None) -> tuple[np.ndarray, str]:
    said = np.broadcast_to(dpi, sizes.shape).astype(float)
    return scan_scales(sizes, 6 * sizes if heights is None else heights, said)


def test_hands_alone_change_nothing():
    assert not differ(np.log(HAND))
    for dpi in (0, 300, 72, 10_000):
        of_scan, note = scales(HAND, dpi)
        assert (of_scan == 1).all()
        assert note == ""


@pytest.mark.parametrize(("ratio", "hands"), [(2.55, True), (2.65, False)])
def test_how_far_apart_hands_may_be(ratio: float, hands: bool):
    logs = np.linspace(0, np.log(ratio), 49)
    assert differ(np.concatenate([logs[:1], logs, logs[-1:]])) != hands  # the ends are percentiles 2 and 98


@pytest.mark.parametrize(("ratio", "hands"), [(1.55, True), (1.65, False)])
def test_how_far_apart_neighbours_in_size_may_be(ratio: float, hands: bool):
    assert differ(np.log([1, 1, ratio, ratio])) != hands


def test_what_the_files_say_keeps_how_large_each_hand_writes():
    dpi = np.resize([150, 300, 600], 60)
    of_scan, note = scales(HAND * dpi / 300, dpi)
    np.testing.assert_allclose(of_scan, 300 / dpi)
    assert note.endswith("scaled by 0.50 to 2.00, by what their files say")


@pytest.mark.parametrize(
    ("said", "believed"), [((100, 1200), True), ((99, 300), False), ((300, 1201), False), ((1, 2), False)]
)
def test_what_no_scanner_says_is_not_believed_even_if_the_ink_agrees(said: tuple[int, int], believed: bool):
    dpi = np.resize(said, 60)
    _, note = scales(HAND * dpi / 300, dpi)
    assert ("what their files say" in note) == believed


def test_files_that_the_ink_contradicts_are_not_believed():
    of_scan, _ = scales(HAND, np.resize([150, 600], 60))
    assert (of_scan == 1).all()


def test_groups_that_no_hands_part_get_one_scale_each():
    by = np.where(np.arange(60) < 40, 1, 4)
    of_scan, note = scales(HAND * by)
    assert (of_scan[:40] == 1).all()
    assert len(set(of_scan[40:])) == 1
    assert 0.2 < of_scan[40] < 0.3
    assert "by the usual size of their writing" in note


def test_a_few_odd_scans_do_not_take_the_rest_their_size():
    hands = 17 * np.exp(np.linspace(-0.44, 0.44, 60))  # as different as IAM's
    assert np.quantile(hands, 0.98) / np.quantile(hands, 0.02) > 2.2
    of_scan, _ = scales(np.append(hands, [17 * 6, 17 * 7]))
    assert (of_scan[:60] == 1).all()
    assert (of_scan[60:] < 0.2).all()


def test_sizes_of_which_nothing_is_known_become_one():
    by = np.resize([0.5, 0.7, 1, 1.4, 2], 60)
    of_scan, note = scales(HAND * by)
    assert np.ptp(of_scan * HAND * by) < 1e-9
    assert "each form by itself" in note


def test_a_few_files_say_nothing():
    """Those are brought to the size of the rest where they differ by more than hands do."""
    dpi = np.where(np.arange(60) < 50, np.resize([300, 600], 60), 0)
    of_scan, note = scales(HAND * np.where(dpi > 0, dpi, 1500) / 300, dpi)
    np.testing.assert_allclose(of_scan[:50], 450 / dpi[:50])
    assert len(set(of_scan[50:])) == 1
    assert 0.2 < of_scan[50] < 0.4
    assert note.endswith("by what their files say and the usual size of their writing")


def test_a_form_of_unknown_size_is_known_by_its_height():
    by = np.where(np.arange(60) < 40, 1, 4)
    sizes = np.where(np.arange(60) == 41, np.nan, HAND * by)
    of_scan, _ = scales(sizes, heights=6 * HAND * by)
    assert of_scan[41] == of_scan[42]
    assert (scales(np.full(60, np.nan), heights=6 * HAND)[0] == 1).all()


@pytest.mark.parametrize("count", [1, 2])
def test_one_form_or_two_alike(count: int):
    assert (scales(HAND[:count])[0] == 1).all()


def archive_of(folder: Path, resolutions: list[int], said: bool, seed: int = 0) -> tuple[Path, list[Line]]:
    """An archive of a form of two lines for each resolution, by two writers in turn."""
    members: dict[str, bytes | str] = {}
    lines = []
    rng = np.random.default_rng(seed)
    hands, sheet = [hand_of_writer(0.5, rng) for _ in "ab"], new_form(0.5, rng)
    for form, dpi in enumerate(resolutions):
        for own in range(2):
            hand = hands[form % 2]
            grey = Image.fromarray(render(write_line(words_of_a_line(rng), 30, hand, rng), hand.traits, sheet, rng))
            image = grey.resize((grey.width * dpi // 300, grey.height * dpi // 300), Image.Resampling.BICUBIC)
            image.save(buffer := BytesIO(), "PNG", dpi=(dpi, dpi) if said else None)
            members[f"f{form}-{own}.png"] = buffer.getvalue()
            name, writer = f"f{form}-{own}", "ab"[form % 2]
            lines.append(Line(name, f"{name}.png", f"f{form}", writer, *image.size, dpi=dpi if said else 0))
    return write_zip(folder / "d.zip", members), lines


@pytest.mark.parametrize("said", [True, False])
def test_an_archive_of_150_300_and_600_dpi(tmp_path: Path, said: bool):
    resolutions = [300, 300, 150, 150, 600, 600]
    apart = []
    for seed in range(5):
        path, lines = archive_of(tmp_path, resolutions, said, seed)
        with Archive(path) as archive:
            found, notes = one_resolution(archive, lines)
        together = found * np.repeat(resolutions, 2)  # as if all were scanned at so many dpi
        apart.append(together.max() / together.min())
        assert len(notes) == 1
    # Where nothing is said it is estimated from two lines a form, which are by two hands.
    assert max(apart) < (1.001 if said else 1.65)
    assert np.median(apart) < 1.3


def test_an_archive_of_one_resolution_is_not_opened_again(tmp_path: Path):
    path, lines = archive_of(tmp_path, [300, 300, 300], True)
    with Archive(path) as archive:
        archive.decode = None  # type: ignore[assignment, method-assign]
        found, notes = one_resolution(archive, lines)
    assert (found == 1).all()
    assert notes == []
