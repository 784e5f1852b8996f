"""Whatever people bring ends in a good run or in one clear error: hypothesis looks for what does not."""

import io
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from tests.conftest import ROOT, dataset_members, write_zip
from writerid.base.errors import InputError
from writerid.base.params import check, load
from writerid.base.schema import Params
from writerid.crops.strips import ink_share, scale
from writerid.dataset.archive import Archive, parse_forms, select, summary, survey
from writerid.dataset.images import MAX_PIXELS, UnusableImage, decode
from writerid.dataset.names import parse_name

many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")


@st.composite
def image_files(draw: st.DrawFn) -> bytes:
    """Images of all modes and sizes, as PNG or JPEG, whole, cut off or damaged."""
    width = draw(st.sampled_from([1, 2, 7, 8, 9, 40, 113, 300, 20_000]))
    height = draw(st.sampled_from([1, 7, 8, 30, 60]))
    mode = draw(st.sampled_from(MODES))
    seed = draw(st.integers(0, 2**16))
    grey = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    grey[:, : width // 2] = 235
    image = Image.fromarray(grey.astype(np.uint16) * 257) if mode == "I;16" else Image.fromarray(grey).convert(mode)
    kind = draw(st.sampled_from(["PNG", "PNG", "JPEG"])) if mode in ("L", "RGB") else "PNG"
    buffer = io.BytesIO()
    image.save(buffer, kind, compress_level=1)
    data = bytearray(buffer.getvalue())
    damage = draw(st.sampled_from(["none", "none", "cut", "flip", "junk"]))
    if damage == "cut":
        return bytes(data[: draw(st.integers(0, len(data)))])
    if damage == "flip":
        for _ in range(draw(st.integers(1, 4))):
            data[draw(st.integers(0, len(data) - 1))] ^= draw(st.integers(1, 255))
    if damage == "junk":
        return draw(st.binary(max_size=100))
    return bytes(data)


folders = st.sampled_from(["", "lines/", "../", "/etc/", "a b/", "ünï/", "C:\\x\\", "__MACOSX/", "deep/er/"])
forms = st.sampled_from(["a01-000", "a01-000u", "b02-1", "fo rm", "ß-1", "x", ""])
stems = st.builds(
    lambda form, ending: form + ending,
    forms,
    st.sampled_from(["-00", "-01", "-s00-00", "-s01-02", "", "-x", " (1)", "-00-00-00", "-99999999999999999999"]),
)
names = st.builds(lambda folder, stem, end: folder + stem + end, folders, stems, st.sampled_from([".png", ".PNG"]))
cells = st.sampled_from(["a01-000", "a01-000u", "b02-1", "x", "000", "001", "ß", "#", "\t", "  ", "\ufeff"])
rows = st.lists(st.lists(cells, max_size=4).map(" ".join), max_size=8)
forms_files = st.builds(
    lambda rows, end, bom: ("\ufeff" if bom else "") + end.join(rows),
    rows,
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
)


@many
@given(image_files())
def test_images_are_decoded_or_refused(data: bytes):
    try:
        grey = decode(data)
    except UnusableImage as unusable:
        assert unusable.reason in ("unreadable", "too_large")
        assert "\n" not in unusable.detail
    else:
        assert grey.dtype == np.uint8
        assert 0 < grey.size <= MAX_PIXELS
        if min(grey.shape) >= 8:
            strip = scale(grey, 32 / len(grey), 32, 24)
            assert len(ink_share(strip, 24)) == len(strip) - 23


def examine(path: Path) -> None:
    """Survey an archive; whatever is in it, each image is used once or left out once, by its own form's writer."""
    try:
        with Archive(path) as archive:
            writers = archive.forms()
            usable, unusable = survey(archive, min_size=8)
            images = archive.images
        lines, others = select(usable, min_forms=1, top_writers=None)
    except InputError as error:
        assert 0 < len(str(error)) < 1000
        assert "\n" not in str(error)
        return
    left_out = unusable + others
    assert sorted([x.path for x in lines] + [x.path for x in left_out]) == sorted(images)
    assert summary(lines, left_out)["images"] == len(images)
    assert len({x.line for x in lines}) == len(lines)
    for line in lines:
        name = parse_name(line.line)
        assert name is not None
        assert (name.form, writers[name.form]) == (line.form, line.writer)
        assert min(line.width, line.height) >= 8


@many
@given(st.dictionaries(names, image_files(), max_size=6), st.lists(forms_files, max_size=2))
def test_archives_end_in_a_survey_or_one_clear_error(tmp_path: Path, images: dict[str, bytes], texts: list[str]):
    members: dict[str, bytes | str] = dict(images)
    for number, text in enumerate(texts):
        members["forms.txt" if number == 0 else "x/forms.txt"] = text
    before = set(tmp_path.parent.rglob("*"))
    examine(write_zip(tmp_path / "d.zip", members))
    assert set(tmp_path.parent.rglob("*")) - before <= {tmp_path / "d.zip"}


@many
@given(st.data())
def test_archives_cut_off_or_damaged_at_any_byte(tmp_path: Path, data: st.DataObject):
    path = write_zip(tmp_path / "d.zip", dataset_members(2, 2, 1))
    content = bytearray(path.read_bytes())
    place = data.draw(st.integers(0, len(content) - 1))
    if data.draw(st.booleans()):
        content = content[:place]
    else:
        content[place] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    examine(path)


@many
@given(forms_files)
def test_forms_files_give_one_writer_a_form_or_name_both_rows(text: str):
    try:
        writers = parse_forms(text.removeprefix("\ufeff"), "forms.txt")
    except InputError as error:
        assert str(error).count("row") == 2
    else:
        assert all(form and (writer is None or writer) for form, writer in writers.items())


values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-5, 200),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["adam", "form", "dense", "auto", "cosine"]),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)
GOOD = load(ROOT / "params.yaml").model_dump()
keys = [(key,) for key in GOOD] + [
    (group, key) for group in GOOD if isinstance(GOOD[group], dict) for key in GOOD[group]
]


@settings(max_examples=400, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(keys), values), min_size=1, max_size=4))
def test_parameters_are_good_or_named(changes: list[tuple[tuple[str, ...], Any]]):
    content = load(ROOT / "params.yaml").model_dump()
    for path, value in changes:
        node = content
        for key in path[:-1]:
            node = node[key] if isinstance(node.get(key), dict) else {}
        node[path[-1]] = value
    try:
        assert isinstance(check(content), Params)
    except InputError as error:
        assert all(problem.startswith("params.yaml: ") and len(problem) < 600 for problem in str(error).splitlines())


@many
@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_params_file(tmp_path: Path, content: str | bytes):
    path = tmp_path / "params.yaml"
    path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
    with pytest.raises(InputError):
        load(path)


def test_a_member_that_unpacks_to_gigabytes_is_not_unpacked(tmp_path: Path):
    path = tmp_path / "d.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in dataset_members(2, 2, 1).items():
            archive.writestr(name, data)
        with archive.open("lines/a00-000-09.png", "w", force_zip64=True) as file:
            for _ in range(200):
                file.write(bytes(2**20))
    with Archive(path) as archive_:
        _, left_out = survey(archive_, 8)
    assert [(item.path, item.reason) for item in left_out] == [("lines/a00-000-09.png", "too_large")]
