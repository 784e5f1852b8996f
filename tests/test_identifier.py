"""The identifier on hands that are made here: answers, enrolment, traps, and what its sureness is learned from."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw

from tests.conftest import ROOT
from tests.handmade import HANDS, HEIGHT, WIDTH, identifier, page, save, writing
from writerid.base.errors import InputError
from writerid.identifier import bundle as bundles
from writerid.identifier import evidence, scans
from writerid.identifier.bundle import DRAWN, ENROLLED, Preparation, References, Writer
from writerid.identifier.decide import Calibration, decide, largest
from writerid.identifier.fit import Lines, enrolled, trained
from writerid.identifier.hands import size
from writerid.identifier.identify import MOST_NAMED, Identifier, only
from writerid.identifier.traits import seen, traits, unlike


@pytest.fixture(scope="module")
def known() -> Identifier:
    return identifier()


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


def test_people_are_enrolled_and_forgotten_without_a_trace(known: Identifier, tmp_path: Path):
    scan = known.read(save(page(HANDS["carla"], 1), tmp_path / "carla.png"))
    more = known.enrol("carla", scan)
    other = save(page(HANDS["carla"], 2), tmp_path / "again.png")
    assert more.identify(other).writer == "carla"
    assert known.identify(other).writer is None  # it was not changed
    assert more.lines == {"anna": 4, "bert": 4, "carla": 5}
    assert more.enrol("carla", more.read(other)).lines["carla"] == 10
    with pytest.raises(
        InputError, match=r"carla\.png: all of its lines are known already, as by carla; take another scan$"
    ):
        more.enrol("carla", scan)
    with pytest.raises(InputError, match=r"as by carla; take another scan, or forget carla first$"):
        more.enrol("dora", [*more.read(other), *scan])
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


def test_the_picture_of_the_evidence_says_whom_its_colours_are_for(known: Identifier, monkeypatch: pytest.MonkeyPatch):
    scan, heads = [scans.Scan("a", (0, 0), [scans.ScannedLine("a", writing(HANDS["anna"], 1))])], []
    monkeypatch.setattr(ImageDraw.ImageDraw, "text", lambda _pen, _place, text, *_: heads.append(text))
    alone = known.forget("bert")
    for knows in (known, alone, alone.forget("anna")):
        heads.append("")
        evidence.drawn(evidence.gather(knows, "a", scan))
    firsts = [heads[place + 1] for place, head in enumerate(heads) if not head]
    assert firsts == [
        "a: blue speaks for anna, orange for bert",
        "a: blue speaks for anna, orange for nobody",
        "a: nobody is known",
    ]


def test_evidence_of_two_scans_of_one_name_tells_them_apart(known: Identifier, tmp_path: Path):
    scans = known.read(*(save(writing(HANDS[name], 50), tmp_path / name / "image.png") for name in ("anna", "bert")))
    found = evidence.gather(known, "both", scans)
    assert [line.words for line in found.lines] == ["alone it says anna", "alone it says bert"]


def test_of_many_people_the_nearest_are_ranked_and_none_is_named(known: Identifier, tmp_path: Path):
    own, people = known.bundle.references, 300
    rows = np.arange(people, dtype=np.int32)
    references = References(
        own.vectors[np.arange(people) % len(own.vectors)],
        np.ones(people, np.int32),
        rows,
        rows,
        own.pictures[:0],
        own.ends[:1],
    )
    writers = tuple(Writer(f"person {row}", ENROLLED) for row in rows)
    many = replace(known.bundle, writers=writers, documents=tuple(map(str, rows)), references=references)
    scan = save(writing(HANDS["bert"], 50), tmp_path / "line.png")
    Identifier(many).save(tmp_path / "many")
    answer = Identifier.load(tmp_path / "many").identify(scan)
    assert answer.writer is None
    assert answer.warnings == (
        "300 people are known, too many to name anybody, however alike the hands are, as it was measured on few; "
        "look at the ranking",
    )
    likeness = [candidate.likeness for candidate in answer.candidates]
    assert (len(likeness), likeness) == (MOST_NAMED, sorted(likeness, reverse=True))
    assert int(answer.candidates[0].writer.split()[1]) % 8 > 3  # one who writes as bert does
    assert known.identify(scan).warnings == ()


@pytest.mark.parametrize("count", [1, 3, 4, 9])
def test_the_largest_come_first_and_of_equals_the_first(count: int):
    values = np.array([0.2, 0.9, 0.1, 0.9])
    assert largest(values, count).tolist() == [1, 3, 0, 2][:count]


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


def of_the_size_of(known: Identifier, scan: Path) -> Identifier:
    """The identifier, with the writing of a scan as its usual size."""
    usual = size([line.grey for line in known.read(scan)[0].lines])
    assert usual
    return Identifier(replace(known.bundle, preparation=replace(known.bundle.preparation, size=usual)))


def test_a_scan_of_lower_resolution_says_that_its_answer_is_weaker(known: Identifier, tmp_path: Path):
    grey = page(HANDS["anna"], 1)
    own = of_the_size_of(known, save(grey, tmp_path / "page.png"))
    assert not any("coarser" in warning for warning in own.identify(tmp_path / "page.png").warnings)
    small = Image.fromarray(grey).resize((grey.shape[1] // 2, grey.shape[0] // 2), Image.Resampling.BOX)
    small.save(tmp_path / "half.png")
    answer, compared = own.identify(tmp_path / "half.png"), own.compare(tmp_path / "page.png", tmp_path / "half.png")
    for warnings in (answer.warnings, compared.warnings):
        assert any("coarser than what it was tried on" in warning for warning in warnings)


def test_scans_of_two_resolutions_are_one_document(known: Identifier, tmp_path: Path):
    """Each is brought to the usual size of writing by itself, as when it is alone; the coarser one is told."""
    own = of_the_size_of(known, save(page(HANDS["anna"], 1), tmp_path / "page.png"))
    large = Image.fromarray(page(HANDS["anna"], 2))
    large.resize((large.width * 2, large.height * 2), Image.Resampling.NEAREST).save(tmp_path / "double.png")
    small = Image.fromarray(page(HANDS["anna"], 3))
    small.resize((small.width // 2, small.height // 2), Image.Resampling.BOX).save(tmp_path / "half.png")
    paths = [tmp_path / f"{name}.png" for name in ("page", "double", "half")]
    alone = [hand for path in paths for hand in own.see(own.read(path))]
    joined = own.see(own.read(*paths))
    for one, other in zip(alone, joined, strict=True):
        assert np.array_equal(one.strip, other.strip)
        assert np.allclose(one.vector, other.vector, atol=1e-4)
    both, each = own.identify(*paths[:2]), [own.identify(path) for path in paths[:2]]
    assert both.writer == "anna"
    assert both.probability >= min(one.probability for one in each) - 1e-6
    assert not any("coarser" in warning for warning in both.warnings)
    assert sum("coarser" in warning for warning in own.identify(*paths).warnings) == 1


def test_it_needs_neither_tensorflow_nor_keras_nor_dvc(known: Identifier, tmp_path: Path):
    """And nothing else of the experiment's packages."""
    save(page(HANDS["anna"], 1), tmp_path / "a.png")
    known.save(tmp_path / "identifier")
    script = f"""
import sys
for name in ("tensorflow", "keras", "dvc", "ray", "sklearn", "pandas", "pydantic", "ruamel", "psutil", "tqdm", "typer"):
    sys.modules[name] = None
sys.path.insert(0, {str(ROOT / "src")!r})
from writerid import Identifier
print(Identifier.load("identifier").identify("a.png").writer)
from writerid.cli import main
sys.exit(main(["evidence", "a.png", "--identifier", "identifier"]))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("anna\n")
