"""The files of an identifier: the same bytes, read while they are written, damaged, hostile."""

import io
import json
import pickle
import shutil
import threading
import zipfile
from pathlib import Path

import numpy as np
import pytest

from tests.handmade import HANDS, identifier, page, save, writing
from writerid.base.errors import InputError
from writerid.identifier import bundle as bundles
from writerid.identifier.identify import Identifier


@pytest.fixture(scope="module")
def known() -> Identifier:
    return identifier()


@pytest.fixture
def folder(tmp_path: Path, known: Identifier) -> Path:
    known.save(tmp_path / "identifier")
    return tmp_path / "identifier"


def test_the_same_identifier_has_the_same_bytes(known: Identifier, tmp_path: Path):
    for name in ("one", "other"):
        known.save(tmp_path / name)
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "other" / path.name).read_bytes()


@pytest.mark.parametrize("limit", ["MOST", "UNPACKED"])
def test_what_could_not_be_read_again_is_never_written(
    known: Identifier, folder: Path, monkeypatch: pytest.MonkeyPatch, limit: str
):
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    less = {**bundles.MOST, bundles.REFERENCES: 100} if limit == "MOST" else 100
    monkeypatch.setattr(bundles, limit, less)
    with pytest.raises(InputError, match=r"would be too large \(references.npz\), so nothing was written"):
        known.save(folder)
    assert before == {path.name: path.read_bytes() for path in folder.iterdir()}


def test_it_is_not_saved_among_files_of_a_persons_own(known: Identifier, folder: Path, tmp_path: Path):
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "README.md").write_text("mine")
    with pytest.raises(InputError, match="own: holds other files, and no identifier; name a new folder"):
        known.save(tmp_path / "own")
    assert [(path.name, path.read_text()) for path in (tmp_path / "own").iterdir()] == [("README.md", "mine")]
    known.save(folder)  # where there is one already


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
