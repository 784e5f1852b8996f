"""From images, pages, PDF files, folders and archives to lines, or to a reason why there are none."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import png
from tests.handmade import HANDS, identifier, page, save, writing
from tests.hostile import typed_pdf
from writerid.base.errors import InputError
from writerid.dataset.page_lines import NO_LABELS
from writerid.dataset.pages.plain import find_lines
from writerid.dataset.pages.recognition import holds_several
from writerid.identifier import scans
from writerid.identifier.identify import Identifier


@pytest.fixture(scope="module")
def known() -> Identifier:
    return identifier()


def test_several_lines_in_one_image_are_parted(tmp_path: Path):
    lines = [np.pad(writing(HANDS["anna"], seed, 1200), ((12, 12), (20, 20)), constant_values=235) for seed in range(3)]
    (scan,) = scans.read(save(np.concatenate(lines), tmp_path / "three.png"), NO_LABELS)
    assert len(scan.lines) == 3
    assert not scan.problem


def test_a_line_cut_off_at_its_longest_strokes_is_a_line_and_no_page():
    rng = np.random.default_rng(22)
    line = np.full((44, 719), 235, np.uint8)
    left = 2
    while left < 707:  # a sixth of the letters reach the upper edge, a sixth the lower one
        length = rng.random()
        up, down = length < 0.17, length > 0.83
        line[0 if up else 14 : 44 if down else 28, left : left + 2] = 40
        line[0 if up else 42 : 2 if up else 44, left : left + 7] = 40 if up or down else line[43, left]
        line[(44 if down else 28) // 2 + (0 if up else 7), left : left + 3] = 40
        left += 6 + int(rng.integers(0, 4))
    assert find_lines(line).doubts
    assert holds_several(find_lines(line), len(line))  # so it looks at first
    (scan,) = scans.read_image(png(line), "line.png")
    assert (len(scan.lines), scan.problem) == (1, "")
    heap = np.concatenate([line, line, line])
    (scan,) = scans.read_image(png(heap), "three.png")
    assert scan.problem or len(scan.lines) > 2


def test_a_short_line_on_much_paper_is_cut_out(tmp_path: Path):
    sheet = np.full((500, 700), 238, np.uint8)
    sheet[200:240, 150:550] = writing(HANDS["anna"], 3)
    (scan,) = scans.read(save(sheet, tmp_path / "note.png"), NO_LABELS)
    assert len(scan.lines) == 1
    assert scan.lines[0].grey.shape[0] < 120


def test_folders_archives_layout_files_and_pdfs_are_read(known: Identifier, tmp_path: Path):
    folder = tmp_path / "scans"
    save(page(HANDS["anna"], 1), folder / "a.png")
    save(writing(HANDS["bert"], 2), folder / "deep" / "b.png")
    assert [answer.writer for answer in known.identify_each(folder)] == ["anna", "bert"]
    with zipfile.ZipFile(tmp_path / "scans.zip", "w") as archive:
        archive.write(folder / "a.png", "a.png")
    assert [answer.writer for answer in known.identify_each(tmp_path / "scans.zip")] == ["anna"]
    sheets = [Image.fromarray(page(HANDS[name], 5)) for name in ("anna", "bert")]
    sheets[0].save(tmp_path / "two.pdf", save_all=True, append_images=sheets[1:], resolution=300)
    assert [answer.name for answer in known.identify_each(tmp_path / "two.pdf")] == [
        "two.pdf, page 1",
        "two.pdf, page 2",
    ]
    assert [answer.writer for answer in known.identify_each(tmp_path / "two.pdf")] == ["anna", "bert"]
    height, width = page(HANDS["anna"], 1).shape
    line = '<TextLine ID="l"><Shape><Polygon POINTS="60,58 462,58 462,104 60,104"/></Shape></TextLine>'
    (folder / "a.xml").write_text(
        '<alto xmlns="http://www.loc.gov/standards/alto/ns-v4#"><Layout>'
        f'<Page WIDTH="{width}" HEIGHT="{height}"><PrintSpace><TextBlock>{line}</TextBlock></PrintSpace></Page>'
        "</Layout></alto>"
    )
    for beside in ("a.xml", "page/a.xml", "../alto/a.xml"):
        (folder / beside).parent.mkdir(exist_ok=True)
        layout = (folder / "a.xml").rename(folder / beside)
        (answer,) = known.identify_each(folder / "a.png")
        assert answer.name == "a.png"
        assert answer.used == len(answer.lines) == 1
        layout.rename(folder / "a.xml")
    (tmp_path / "linked").mkdir()
    for name in ("a.png", "a.xml"):
        (tmp_path / "linked" / name).symlink_to((folder / name).rename(tmp_path / f"cached-{name[-3:]}"))
    (answer,) = known.identify_each(tmp_path / "linked" / "a.png")
    assert len(answer.lines) == 1


@pytest.mark.parametrize(
    ("name", "content", "why"),
    [
        ("cut.png", png(writing(HANDS["anna"], 1))[:200], "damaged, cut off"),
        ("cut.pdf", b"%PDF-1.7\nnothing", "not a whole PDF file"),
        ("photo.heic", b"\0\0\0\x18ftypheic" + bytes(20), "HEIC"),
    ],
)
def test_a_scan_that_cannot_be_read_is_an_answer_with_a_problem(
    known: Identifier, tmp_path: Path, name: str, content: bytes, why: str
):
    (tmp_path / name).write_bytes(content)
    answer = known.identify(tmp_path / name)
    assert answer.writer is None
    assert why in answer.problem


AT_ONCE = """
import sys
from concurrent.futures import ThreadPoolExecutor
from writerid.identifier import scans
scans.RESOLUTION, content = 36, sys.stdin.buffer.read()
with ThreadPoolExecutor(6) as pool:
    for pages in pool.map(lambda _: [page.shape for _, page in scans._pages(content)], range(40)):
        assert pages == [(100, 100)] * 30, pages
"""


def test_pdf_files_are_read_by_several_threads_at_once():
    pdf = typed_pdf(30, 200, "The quick brown fox")
    done = subprocess.run([sys.executable, "-c", AT_ONCE], input=pdf, capture_output=True, timeout=300)
    assert done.returncode == 0, (done.returncode, done.stderr)  # PDFium kills the process where threads meet in it


@pytest.mark.parametrize(("name", "content"), [("text.txt", b"hello"), ("empty.png", b"")])
def test_what_is_no_scan_is_refused(known: Identifier, tmp_path: Path, name: str, content: bytes):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InputError, match=name):
        answer = known.identify(tmp_path / name)
        raise InputError(f"{name}: {answer.problem}")
    os.mkfifo(tmp_path / "fifo.png")
    with pytest.raises(InputError, match="neither a file nor a folder"):
        known.identify(tmp_path / "fifo.png")
    with pytest.raises(InputError, match="no such file"):
        known.identify(tmp_path / "nowhere.png")
