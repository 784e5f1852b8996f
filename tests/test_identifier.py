"""The identifier on hands that are made here: answers, enrolment, traps, and files that are damaged or hostile."""

import io
import json
import os
import pickle
import shutil
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import ROOT, png
from tests.handmade import HANDS, HEIGHT, WIDTH, identifier, page, save, writing
from writerid.base.errors import InputError
from writerid.dataset.page_lines import NO_LABELS
from writerid.dataset.pages.plain import find_lines
from writerid.dataset.pages.recognition import holds_several
from writerid.identifier import bundle as bundles
from writerid.identifier import evidence, scans
from writerid.identifier.bundle import DRAWN, Preparation
from writerid.identifier.decide import Calibration, decide
from writerid.identifier.fit import Lines, enrolled, trained
from writerid.identifier.hands import size
from writerid.identifier.identify import Identifier, only
from writerid.identifier.traits import seen, traits, unlike


@pytest.fixture(scope="module")
def known() -> Identifier:
    return identifier()


@pytest.fixture
def folder(tmp_path: Path, known: Identifier) -> Path:
    known.save(tmp_path / "identifier")
    return tmp_path / "identifier"


def test_a_line_and_a_page_are_named_and_a_stranger_is_not(known: Identifier, tmp_path: Path):
    line = known.identify(save(writing(HANDS["bert"], 50), tmp_path / "line.png"))
    assert (line.writer, line.used, line.problem) == ("bert", 1, "")
    assert line.probability + line.none + sum(one.probability for one in line.candidates[1:]) == pytest.approx(1)
    assert line.lines[0].nearest[0].writer == "bert"
    whole = known.identify(str(save(page(HANDS["anna"], 1), tmp_path / "page.png")))
    assert (whole.writer, whole.used) == ("anna", 5)
    assert all(len(one.outline) > 3 for one in whole.lines)
    stranger = known.identify(save(page(HANDS["carla"], 1), tmp_path / "stranger.png"))
    assert (stranger.writer, stranger.problem) == (None, "")
    assert stranger.probability == stranger.none > 0.5


def test_turned_tones_and_other_resolutions_change_no_name(known: Identifier, tmp_path: Path):
    grey = writing(HANDS["anna"], 60)
    assert known.identify(save(255 - grey, tmp_path / "negative.png")).writer == "anna"
    half = np.asarray(Image.fromarray(grey).resize((200, 20), Image.Resampling.BOX))
    how = Preparation(HEIGHT, WIDTH, WIDTH, "clip", "dataset", 48.0, True, 6.0)
    assert how.size_factor(6.0) == how.size_factor(None) == replace(how, size=0.0).size_factor(3.0) == 1
    assert how.size_factor(3.0) == pytest.approx(2)
    assert how.size_factor(7.5) == pytest.approx(0.8)
    assert how.scale(20, 2.0) == pytest.approx(2 * how.scale(20))
    assert scans._problem(half) == ""


@pytest.mark.parametrize(
    ("grey", "why"),
    [
        (np.full((60, 400), 240, np.uint8), "blank"),
        (np.random.default_rng(0).integers(232, 248, (900, 700)).astype(np.uint8), "blank"),
        (np.full((60, 400), 0, np.uint8), "blank"),
        (np.full((6, 400), 240, np.uint8), "only 400 x 6 pixels"),
    ],
)
def test_what_holds_no_writing_is_said_not_named(known: Identifier, tmp_path: Path, grey: np.ndarray, why: str):
    answer = known.identify(save(grey, tmp_path / "scan.png"))
    assert answer.writer is None
    assert answer.candidates == ()
    assert why in answer.problem


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


def test_people_are_enrolled_and_forgotten_without_a_trace(known: Identifier, tmp_path: Path):
    scan = known.read(save(page(HANDS["carla"], 1), tmp_path / "carla.png"))
    more = known.enrol("carla", scan)
    other = save(page(HANDS["carla"], 2), tmp_path / "again.png")
    assert more.identify(other).writer == "carla"
    assert known.identify(other).writer is None  # it was not changed
    assert more.lines == {"anna": 4, "bert": 4, "carla": 5}
    assert more.enrol("carla", scan).lines["carla"] == 10
    more.save(tmp_path / "more")
    back = Identifier.load(tmp_path / "more").forget("carla")
    back.save(tmp_path / "back")
    known.save(tmp_path / "known")
    for name in (bundles.SETTINGS, bundles.REFERENCES, bundles.NETWORK):
        assert (tmp_path / "back" / name).read_bytes() == (tmp_path / "known" / name).read_bytes()
    with pytest.raises(InputError, match="no writer of this name"):
        known.forget("carla")
    nobody = known.forget("anna").forget("bert")
    assert nobody.identify(other).writer is None
    assert evidence.gather(nobody, "carla", scan).lines[0].words == "nobody is known"


def test_drawn_hands_take_no_part_once_people_are_enrolled(tmp_path: Path):
    drawn = identifier(kind=DRAWN)
    assert len(drawn.candidates) == 2
    more = drawn.enrol("carla", drawn.read(save(page(HANDS["carla"], 1), tmp_path / "carla.png")))
    assert [more.writers[place].name for place in more.candidates] == ["carla"]


@pytest.mark.parametrize(
    ("name", "why"),
    [("", "no name"), ("none of them", "no name"), ("a\nb", "no name"), ("x" * 101, "no name"), ("anna", "trained on")],
)
def test_names_that_cannot_be_are_refused(known: Identifier, tmp_path: Path, name: str, why: str):
    scan = known.read(save(writing(HANDS["anna"], 1), tmp_path / "a.png"))
    with pytest.raises(InputError, match=why):
        known.enrol(name, scan)
    with pytest.raises(InputError, match="no line of these scans can be used: it is blank"):
        known.enrol("dora", known.read(save(np.full((60, 400), 240, np.uint8), tmp_path / "blank.png")))


def test_only_chosen_lines_count(known: Identifier, tmp_path: Path):
    scan = known.read(save(page(HANDS["anna"], 1), tmp_path / "a.png"))
    assert known.judge("a", only(scan, {0, 3})).used == 2
    assert known.judge("a", only(scan, set())).problem


def test_a_scan_far_from_all_that_was_seen_is_not_judged():
    measured = np.array([traits(np.ascontiguousarray(writing(HANDS["anna"], seed).T)) for seed in range(20)])
    ranges = seen(measured)
    assert unlike(measured[0], ranges) == ([], False)
    warnings, far = unlike(measured[0] * [1, 3, 1], ranges)
    assert far
    assert "thicker" in warnings[0]
    assert unlike(measured[0] * [1, 1.3, 1], ranges)[1] is False


def test_probabilities_add_up_and_a_larger_gallery_lowers_the_odds():
    calibration = Calibration([1.0, 8.0], [0.1, 0.05], [40.0, 40.0], [-30.0, -32.0], 2, 3.0, 10)
    likeness = np.array([0.9, 0.5, 0.1])
    shares, none = decide(likeness, 1, calibration)
    assert shares.sum() + none == pytest.approx(1)
    assert decide(np.append(likeness, np.zeros(50)), 1, calibration)[1] > none
    assert decide(likeness, 8, calibration)[0][0] != shares[0]
    assert decide(np.empty(0), 1, calibration)[1] == 1
    assert decide(likeness, 1, Calibration([1.0], [0.1], [0.0], [0.0], 2, 3.0, 0))[1] == 0


def test_what_likeness_is_worth_is_learned_from_documents():
    rng = np.random.default_rng(0)

    def lines(writers: range, spread: float = 0.25) -> Lines:
        hands = np.random.default_rng(7).normal(size=(40, 12))
        writer = np.repeat([f"w{number:02d}" for number in writers], 6)
        form = np.array([f"{name}-{place // 2 % 3}" for place, name in enumerate(writer)])
        vectors = hands[np.repeat(writers, 6)] + spread * rng.normal(size=(len(writer), 12))
        return Lines(vectors, np.full(len(writer), 3), form, writer)

    known, unseen = lines(range(20)), lines(range(20, 32))
    references = known.grouped(known.writer)
    fitted = trained(lines(range(20)), unseen, references.vectors, references.writer)
    assert (fitted.gallery, fitted.strangers, fitted.lines) == (20, 12, [1.0, 2.0])
    near, far = (decide(np.array([top, 0.1]), 2, fitted)[1] for top in (0.98, 0.4))
    assert near < 0.5 < far
    of_people = enrolled(unseen, rng)
    assert of_people is not None
    assert of_people.gallery == 6
    stricter = enrolled(unseen, np.random.default_rng(0), 0.25)
    laxer = enrolled(unseen, np.random.default_rng(0))
    assert stricter is not None
    assert laxer is not None
    assert all(decide(np.full(1, top), 2, stricter)[1] > decide(np.full(1, top), 2, laxer)[1] for top in (0.6, 0.8))
    assert enrolled(lines(range(3)), rng) is None
    assert trained(known, None, references.vectors, references.writer).strangers == 0


def test_the_same_identifier_has_the_same_bytes(known: Identifier, tmp_path: Path):
    for name in ("one", "other"):
        known.save(tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes()


def test_who_reads_while_people_are_enrolled_sees_the_one_or_the_other(known: Identifier, folder: Path, tmp_path: Path):
    more = known.enrol("carla", known.read(save(page(HANDS["carla"], 1), tmp_path / "carla.png")))
    written, ended = [], threading.Event()

    def write() -> None:
        for number in range(60):
            written.append((more, known)[number % 2])
            written[-1].save(folder)
        ended.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen_writers = set()
    while not ended.is_set():
        seen_writers.add(len(Identifier.load(folder).writers))
    writer.join()
    assert len(written) == 60
    assert seen_writers == {2, 3}


def test_a_folder_of_which_a_file_stays_another_ones_is_refused(known: Identifier, folder: Path, tmp_path: Path):
    more = known.enrol("carla", known.read(save(page(HANDS["carla"], 1), tmp_path / "carla.png")))
    more.save(tmp_path / "more")
    shutil.copy(tmp_path / "more" / "references.npz", folder)
    with pytest.raises(InputError, match=r"references\.npz: not the file that"):
        Identifier.load(folder)


def test_a_scan_of_lower_resolution_says_that_its_answer_is_weaker(known: Identifier, tmp_path: Path):
    grey = page(HANDS["anna"], 1)
    usual = size([line.grey for line in known.read(save(grey, tmp_path / "page.png"))[0].lines])
    assert usual
    how = replace(known.bundle.preparation, size=usual)
    own = Identifier(replace(known.bundle, preparation=how))
    assert not any("coarser" in warning for warning in own.identify(tmp_path / "page.png").warnings)
    small = Image.fromarray(grey).resize((grey.shape[1] // 2, grey.shape[0] // 2), Image.Resampling.BOX)
    small.save(tmp_path / "half.png")
    answer, compared = own.identify(tmp_path / "half.png"), own.compare(tmp_path / "page.png", tmp_path / "half.png")
    for warnings in (answer.warnings, compared.warnings):
        assert any("coarser than what it was tried on" in warning for warning in warnings)


class Harm:
    def __reduce__(self):
        return (print, ("executed",))


def pickled() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        array = io.BytesIO()
        np.save(array, np.array([Harm()], object), allow_pickle=True)
        archive.writestr("vectors.npy", array.getvalue())
    return packed.getvalue()


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("identifier.json", b"{"),
        ("identifier.json", b"[]"),
        ("identifier.json", b'{"format": 99}'),
        ("identifier.json", b"[" * 100_000),
        ("identifier.json", b"\xff\xfe"),
        ("references.npz", b""),
        ("references.npz", pickled()),
        ("references.npz", pickle.dumps(Harm())),
        ("network.onnx", b"not a network"),
    ],
)
@pytest.mark.parametrize("sealed", [False, True])
def test_damaged_and_hostile_files_get_one_line(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, content: bytes, sealed: bool
):
    (folder / name).write_bytes(content)
    if sealed and name != "identifier.json":  # as somebody would who changes the digests, too
        settings = json.loads((folder / "identifier.json").read_text())
        settings["files"][name] = bundles._digest(content)
        (folder / "identifier.json").write_text(json.dumps(settings))
    with pytest.raises(InputError) as caught:
        Identifier.load(folder).identify(save(writing(HANDS["anna"], 1), folder.parent / "a.png"))
    assert len(str(caught.value).splitlines()) == 1
    assert "executed" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("preparation.height", 10**9),
        ("preparation.stride", 1e300),
        ("preparation.tone", "pink"),
        ("preparation.labels", ["", "("]),
        ("preparation.labels", []),
        ("preparation.labels", ["", 1]),
        ("writers", [{"name": "anna", "kind": "trained"}]),
        ("calibration", {}),
        ("calibration.trained.temperature", [0, 0]),
        ("calibration.trained.bound", None),
        ("comparison.line", {}),
        ("comparison.line.lower", 1),
        ("comparison.line.lines", "one"),
        ("comparison", {"form": {}}),
        ("known.line", {}),
        ("documents", []),
    ],
)
def test_settings_that_cannot_be_get_one_line(folder: Path, key: str, value: object):
    settings = json.loads((folder / "identifier.json").read_text())
    *groups, last = key.split(".")
    node = settings
    for group in groups:
        node = node[group]
    node[last] = value
    (folder / "identifier.json").write_text(json.dumps(settings))
    with pytest.raises(InputError) as caught:
        Identifier.load(folder)
    assert len(str(caught.value).splitlines()) == 1


def test_an_identifier_of_an_older_format_says_to_make_it_anew(folder: Path):
    settings = json.loads((folder / "identifier.json").read_text())
    (folder / "identifier.json").write_text(json.dumps({**settings, "format": bundles.FORMAT - 1}))
    with pytest.raises(InputError, match=rf"another version of writerid \(format {bundles.FORMAT - 1}\)") as caught:
        Identifier.load(folder)
    assert len(str(caught.value).splitlines()) == 1


def test_a_bad_byte_in_the_model_card_is_shown_and_refuses_nothing(folder: Path):
    (folder / "README.md").write_bytes(b"# A c\xffrd\n")
    assert Identifier.load(folder).bundle.card == "# A c\ufffdrd\n"


@pytest.mark.parametrize("name", ["identifier.json", "references.npz", "network.onnx"])
def test_a_missing_file_is_named(folder: Path, name: str):
    (folder / name).unlink()
    with pytest.raises(InputError, match=name):
        Identifier.load(folder)


def test_it_needs_neither_tensorflow_nor_keras_nor_dvc(folder: Path, tmp_path: Path):
    """And nothing else of the experiment's packages."""
    save(page(HANDS["anna"], 1), tmp_path / "a.png")
    script = f"""
import sys
for name in ("tensorflow", "keras", "dvc", "ray", "sklearn", "pandas", "pydantic", "ruamel", "psutil", "tqdm", "typer"):
    sys.modules[name] = None
sys.path.insert(0, {str(ROOT / "src")!r})
from writerid import Identifier
print(Identifier.load({str(folder)!r}).identify({str(tmp_path / "a.png")!r}).writer)
from writerid.cli import main
sys.exit(main(["evidence", "a.png", "--identifier", {str(folder)!r}]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("anna\n")
    shutil.rmtree(folder)
