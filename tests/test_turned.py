"""Pages on their side and upside down: what is said of them, and that upright ones are left alone."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import png
from tests.handmade import HANDS, identifier, page, save
from writerid.identifier import scans
from writerid.identifier.turned import on_its_side, rising, upside_down


@pytest.mark.parametrize("quarters", [1, 3])
def test_a_page_on_its_side_is_refused_and_an_upright_one_is_not(quarters: int):
    sheet = page(HANDS["anna"], 1, 8)
    (upright,) = scans.read_image(png(sheet), "page.png")
    assert len(upright.lines) == 8
    (turned,) = scans.read_image(png(np.ascontiguousarray(np.rot90(sheet, quarters))), "page.png")
    assert turned.lines == ()
    assert "turn it by a quarter" in turned.problem


def test_paper_without_lines_lies_on_no_side():
    assert not on_its_side(np.full((700, 700), 235, np.uint8))
    noise = np.random.default_rng(0).integers(0, 256, (600, 700)).astype(np.uint8)
    assert not on_its_side(noise)
    dithered = np.asarray(Image.fromarray(page(HANDS["anna"], 1, 8)).convert("1").convert("L"))
    assert not on_its_side(dithered)
    (scan,) = scans.read_image(png(dithered), "page.png")
    assert "separate marks" in scan.problem


def test_a_page_upside_down_gets_a_note(tmp_path: Path):
    known, sheet = identifier(), page(HANDS["anna"], 1)
    for name, grey, noted in (("up.png", sheet, False), ("down.png", sheet[::-1, ::-1], True)):
        answer = known.identify(save(np.ascontiguousarray(grey), tmp_path / name))
        assert any("upside down" in warning for warning in answer.warnings) == noted
    lines = [line.grey for line in known.read(tmp_path / "down.png")[0].lines]
    assert upside_down(lines)
    assert not upside_down(lines[:2])  # too few to tell
    assert rising(np.full((40, 400), 235, np.uint8)) is None


def test_a_page_with_a_layout_file_is_taken_as_the_file_says(tmp_path: Path):
    sheet = np.ascontiguousarray(np.rot90(page(HANDS["anna"], 1, 8)))
    save(sheet, tmp_path / "page.png")
    height, width = sheet.shape
    (tmp_path / "page.xml").write_text(
        '<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Layout>'
        f'<Page WIDTH="{width}" HEIGHT="{height}"><PrintSpace><TextBlock><TextLine ID="l"><Shape>'
        '<Polygon POINTS="50,50 500,50 500,200 50,200"/></Shape></TextLine></TextBlock></PrintSpace></Page>'
        "</Layout></alto>"
    )
    (answer,) = identifier().identify_each(tmp_path / "page.png")
    assert len(answer.lines) == 1
