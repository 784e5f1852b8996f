"""Strips: lines at one height, padded with their own paper, packed end to end within bounded memory."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.conftest import crop_parameters, dataset_members, line, png, write_zip
from writerid.base.errors import InputError
from writerid.base.geometry import line_scales, strip_widths
from writerid.crops.strips import Scans, ink_share, pack, scale
from writerid.dataset.archive import Archive
from writerid.dataset.images import decode
from writerid.dataset.ink import paper_and_ink
from writerid.dataset.lines import line_digest, pixel_digest


@pytest.mark.parametrize("size", [(90, 30), (10, 40), (400, 20), (1, 1), (33, 113)])
def test_scale_keeps_the_aspect_and_the_promised_width(size: tuple[int, int]):
    width, height = size
    (by,) = line_scales(np.array([size]), 32, "line")
    strip = scale(line(1, max(width, 10), max(height, 10))[:height, :width], by, 32, 24)
    assert strip.dtype == np.uint8
    assert strip.shape == (strip_widths(np.array([size]), np.array([by]), 24)[0], 32)
    assert len(strip) == max(24, round(width * 32 / height))


def test_a_narrow_line_is_padded_with_its_paper():
    grey = np.full((20, 10), 231, np.uint8)
    grey[5:15, 4:6] = 40
    strip = scale(grey, 1, 20, 50)
    assert (strip[:20] == 231).all()
    assert (strip[30:] == 231).all()
    np.testing.assert_array_equal(strip[20:30].T, grey)


@pytest.mark.parametrize("light", [0.7, 0.74, 0.75, 0.76, 1.0])
def test_padding_is_the_upper_quartile_whatever_the_share_of_white(light: float):
    grey = np.full((20, 100), 90, np.uint8)
    grey.ravel()[: int(light * grey.size)] = 255
    strip = scale(grey, 0.5, 64, 200)
    assert strip[0, 0] == paper_and_ink(grey)[0]


def test_lines_of_one_scale_keep_how_large_a_hand_writes():
    sizes = np.array([(100, height) for height in range(1, 101)])
    scales = line_scales(sizes, 48, "dataset")
    assert (scales[:96] == scales[0]).all()
    assert scales[95] == 48 / 96
    np.testing.assert_allclose(scales[96:] * sizes[96:, 1], 48)
    np.testing.assert_allclose(line_scales(sizes, 48, "line") * sizes[:, 1], 48)


def test_lines_of_several_resolutions_have_one_scale_in_the_end():
    """A line four times as large is made smaller as a whole, and its strip is that of the line scanned coarser."""
    sizes, first = np.array([(400, 40), (1600, 160), (400, 40), (800, 60)]), np.array([1, 0.25, 1, 0.5])
    scales = line_scales(sizes, 32, "dataset", first)
    np.testing.assert_allclose(scales, [0.8, 0.2, 0.8, 0.4])
    assert strip_widths(sizes, scales, 24).tolist() == [320, 320, 320, 320]
    np.testing.assert_allclose(line_scales(sizes, 32, "line", first) * sizes[:, 1], 32)
    assert (line_scales(sizes, 32, "dataset", np.ones(4)) == line_scales(sizes, 32, "dataset")).all()
    large = line(1, 1600, 160)
    assert scale(large, scales[1], 32, 24).shape == (320, 32)
    too_high = line_scales(sizes, 32, "dataset")[1]
    assert scale(large, too_high, 32, 24).shape == (320, 32)  # its aspect stays


def test_a_low_line_stands_in_the_middle():
    grey = np.full((10, 60), 231, np.uint8)
    grey[:, ::3] = 40
    strip = scale(grey, 1, 30, 20)
    np.testing.assert_array_equal(strip[:, 10:20].T, grey)
    assert (strip[:, :10] == 231).all()
    assert (strip[:, 20:] == 231).all()


def test_ink_share_of_every_window():
    strip = np.full((6, 10), 230, np.uint8)
    strip[2] = 30
    np.testing.assert_allclose(ink_share(strip, 2), [0, 0.5, 0.5, 0, 0])
    np.testing.assert_array_equal(ink_share(np.full((6, 10), 230, np.uint8), 2), np.zeros(5))


def digest(image: bytes | str) -> str:
    """The digest of a line in an archive without layout files."""
    assert isinstance(image, bytes)
    return line_digest(pixel_digest(decode(image)), hashlib.sha256().digest())


def rows(names: list[str], images: Sequence[bytes | str], width: int, height: int) -> dict[str, list[Any]]:
    """The columns of lines.csv that packing reads, of images of one size."""
    count = len(names)
    columns: dict[str, list[Any]] = {"width": [width] * count, "height": [height] * count, "scale": [1.0] * count}
    return {"path": names, **columns, "digest": [digest(image) for image in images]}


def packed(path: Path, output: Path):
    with Archive(path) as archive:
        images = [image for image in dataset_members().values() if isinstance(image, bytes)]
        crop = crop_parameters(height=32, width=24, fit="line", tone="raw")
        inks = list(pack(archive, rows(archive.images, images, 90, 30), crop, output))
        return archive.images, inks


def test_pack_is_all_lines_end_to_end(tmp_path: Path):
    path = write_zip(tmp_path / "d.zip", dataset_members())
    images, inks = packed(path, tmp_path / "strips.npy")
    strips = np.load(tmp_path / "strips.npy")
    assert strips.shape == (96 * len(images), 32)
    assert [len(ink) for ink in inks] == [96 - 24 + 1] * len(images)
    np.testing.assert_array_equal(strips[:96], scale(line(0), 32 / 30, 32, 24))
    np.testing.assert_array_equal(strips[96:192], scale(line(1), 32 / 30, 32, 24))


def test_a_scan_may_be_changed_before_it_is_cleaned(tmp_path: Path):
    members = dataset_members()
    dark = members["lines/a01-001-00.png"] = png(255 - line(0, 800, 64))
    seen: list[tuple[np.ndarray, float]] = []

    def turned_light(scan: np.ndarray, height: float) -> np.ndarray:
        seen.append((scan, height))
        return np.full_like(scan, 255)

    with Archive(write_zip(tmp_path / "d.zip", members)) as archive:
        columns = rows(["lines/a01-001-00.png"], [dark], 800, 64)
        scans = Scans(archive, columns, 32, 24, "line", "clip")
        kept, blank = scans.strip(0), scans.strip(0, turned_light)
    assert kept.shape == blank.shape == (400, 32)
    assert kept.min() == 0 and (blank == 255).all()
    assert seen[0][1] == 64  # pixels of the scan that a strip is high
    np.testing.assert_array_equal(seen[0][0], line(0, 800, 64))  # dark on light


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (png(line(1, 60)), "its size has changed; run map_writers again"),
        (png(line(1)), "lines/a01-001-00.png: it has changed; run map_writers again"),
        (b"x", "not an image"),
    ],
)
def test_an_image_that_changed_leaves_nothing_behind(tmp_path: Path, data: bytes, message: str):
    path = write_zip(tmp_path / "d.zip", {**dataset_members(), "lines/a01-001-00.png": data})
    with pytest.raises(InputError, match=message):
        packed(path, tmp_path / "out" / "strips.npy")
    assert not list((tmp_path / "out").iterdir())


def test_light_on_dark_is_turned_and_shadows_are_taken_out(tmp_path: Path):
    """In each tone the same writing gives the same ink, whatever the paper; raw leaves the shadow."""
    members = dataset_members()
    shadow = np.linspace(1.0, 0.4, 400)
    plain = line(1, 400, 60)
    members |= {
        "lines/a01-001-00.png": png(plain),
        "lines/a01-001-01.png": png(255 - plain),
        "lines/a01-001-02.png": png((plain * shadow).astype(np.uint8)),
    }
    names = [f"lines/a01-001-0{number}.png" for number in range(3)]
    for tone in ("clip", "binary", "raw"):
        with Archive(write_zip(tmp_path / "d.zip", members)) as archive:
            output = tmp_path / "strips.npy"
            lines = rows(names, [members[name] for name in names], 400, 60)
            crop = crop_parameters(height=60, width=24, fit="line", tone=tone)
            inks = list(pack(archive, lines, crop, output))
        strips = np.load(output).reshape(3, 400, 60)
        np.testing.assert_array_equal(strips[0], strips[1])
        if tone != "raw":
            assert np.mean((strips[0] < 128) != (strips[2] < 128)) < 0.001
            np.testing.assert_allclose(inks[0], inks[2], atol=0.01)
        else:
            np.testing.assert_array_equal(strips[0].T, plain)
            assert strips[2].T.min() < 40


def test_the_ink_of_a_short_word_is_counted():
    strip = np.full((2000, 10), 230, np.uint8)
    strip[1000:1010, 4:6] = 30
    assert ink_share(strip, 20).max() == 20 / 200
    strip[1000:1010, 4:6] = 210
    assert ink_share(strip, 20).max() == 0
