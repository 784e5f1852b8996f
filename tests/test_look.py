"""The page of lines as they came and as the network sees them."""

import base64
import io
import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from stages import map_writers
from tests.browser import browser, needs_chromium
from tests.conftest import dataset_members, edit_params, line, png, write_zip
from tools import look
from writerid.base.errors import InputError


@pytest.fixture
def project(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with a table of lines: one high, one light on dark, one ruled, one full of ink, and an evil writer."""
    members = dataset_members(4, 4, 5)
    ruled = line(2, 400, 60)
    ruled[[15, 45]] = 150
    full = line(3)
    full[5:25, 5:85:3] = 60
    members |= {
        "lines/a00-000-00.png": png(line(1, 300, 240)),
        "lines/a01-000-00.png": png(255 - line(4)),
        "lines/a02-000-00.png": png(ruled),
        "lines/a03-000-00.png": png(full),
    }
    table = str(members["forms.txt"]).replace(" 003", " <b>w&3").replace(" ", "\t")
    members["forms.txt"] = table.partition("\n")[2]
    write_zip(checkout / "data/own.zip", members)
    edit_params(checkout / "params.yaml", {"dataset": "data/own.zip"})
    monkeypatch.chdir(checkout)
    map_writers.main()
    return checkout


def shown(*options: str) -> str:
    look.main(**vars(look.options().parse_args(options)))
    return Path("look.html").read_text(encoding="utf-8")


def test_the_oddest_lines_come_with_what_is_odd_about_them(project: Path):
    page = shown("--lines", "4")
    random, oddest = page.split("<h2>4 oddest lines</h2>")
    assert random.count("<section>") == oddest.count("<section>") == 4
    told = dict(re.findall(r"<b>(.+?)</b>, writer .*?<br>(.+?)<br>", oddest))
    assert told["a00-000-00"].startswith("240 pixels high, the median is 30")
    assert "light on dark" in told["a01-000-00"]
    assert "ruled or squared paper" in told["a02-000-00"]
    assert "ink, the median is" in told["a03-000-00"]
    assert "writer &lt;b&gt;w&amp;3" in page and "<b>w" not in page


def test_the_pictures_are_the_lines_and_their_strips(project: Path):
    section = shown("--lines", "4").split("4 oddest lines")[1].split("<b>a01-000-00</b>")[1]
    files = [base64.b64decode(data) for data in re.findall(r'base64,([^"]+)', section)[:2]]
    came, seen = (np.asarray(Image.open(io.BytesIO(file))) for file in files)
    np.testing.assert_array_equal(came, 255 - line(4))
    assert len(seen) == 32
    assert np.median(seen) == 255


def test_the_lines_at_random_follow_from_the_seed(project: Path):
    first = shown()
    assert first == shown() == shown("--seed", "0")
    assert first != shown("--seed", "1")


@pytest.mark.parametrize("wrong", [("--lines", "0"), ("--seed", "-1")])
def test_a_wrong_option_is_told_before_any_line_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: tuple[str, str]
):
    monkeypatch.chdir(tmp_path)  # where there is no line
    with pytest.raises(InputError, match=f"^{wrong[0]}: "):
        shown(*wrong)


def test_a_folder_to_write_to_is_told_before_any_line_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)  # where there is no line
    with pytest.raises(InputError, match=r"^\.: there is a folder of this name; move it"):
        shown("--output", ".")


def test_what_cannot_be_shown_is_told(project: Path):
    write_zip(Path("data/own.zip"), {**dataset_members(4, 4, 5), "lines/a00-000-00.png": b"x"})
    with pytest.raises(InputError, match=r"a00-000-00.png: not an image; run map_writers again"):
        shown()


def test_lines_that_are_others_now_are_not_shown_under_the_old_names(project: Path):
    write_zip(Path("data/own.zip"), {**dataset_members(4, 4, 5), "lines/a00-000-00.png": png(line(7, 300, 240))})
    with pytest.raises(
        InputError, match=r"a00-000-00.png: it has changed; run map_writers again \(`dvc repro map_writers`\)"
    ):
        shown()
    assert not Path("look.html").exists()


def test_a_scan_of_another_resolution_says_so(project: Path):
    members = dataset_members(4, 4, 5)
    for own in range(5):
        members[f"lines/a00-000-{own:02d}.png"] = png(line(900 + own, 900, 300))
    write_zip(Path("data/own.zip"), members)
    map_writers.main()
    (note,) = json.loads(Path("metrics/dataset.json").read_text())["warnings"]
    assert note.startswith("scans of several resolutions are brought to one, scaled by 0.")
    page = shown("--lines", "10").split("10 oddest lines")[1]
    assert page.count("scanned at another resolution, scaled by 0.") == 5


@needs_chromium
def test_a_phone_shows_the_page_without_scrolling_sideways(project: Path, tmp_path: Path):
    shown()
    with browser(tmp_path / "profile") as chromium:
        for width in (390, 1200):
            chromium.width(width)
            chromium.open(Path("look.html"), "document.images.length")
            assert chromium.ask("document.documentElement.scrollWidth") == width
        assert not chromium.console()
        assert not chromium.requests()
