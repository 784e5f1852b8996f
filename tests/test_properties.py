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
from tests.test_archive import write_tar
from tests.test_pages_layout import ALTO_NAMESPACES, PAGE_NAMESPACES, alto, page_xml
from writerid.base.errors import InputError
from writerid.base.params import check, load
from writerid.base.schema import Params
from writerid.crops.strips import ink_share, scale
from writerid.dataset.archive import Archive
from writerid.dataset.images import MAX_PAGE_PIXELS, UnusableImage, decode
from writerid.dataset.ink import appearance
from writerid.dataset.layouts import find_places
from writerid.dataset.lines import is_line_of
from writerid.dataset.places import Nowhere, Place
from writerid.dataset.resolution import one_resolution
from writerid.dataset.selection import select, summary
from writerid.dataset.survey import survey
from writerid.dataset.tables import parse_table
from writerid.dataset.writing_size import writing_size

many = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

KINDS = {  # of files that can hold each mode
    "1": ("PNG", "TIFF", "GIF", "BMP"), "L": ("PNG", "TIFF", "GIF", "BMP", "JPEG", "WEBP", "JPEG2000"),
    "LA": ("PNG", "TIFF", "GIF"), "P": ("PNG", "TIFF", "GIF", "BMP"),
    "RGB": ("PNG", "TIFF", "GIF", "BMP", "JPEG", "WEBP", "JPEG2000"), "RGBA": ("PNG", "TIFF", "GIF", "BMP", "WEBP"),
    "I;16": ("PNG", "TIFF"), "CMYK": ("TIFF", "JPEG"), "LAB": ("TIFF",), "F": ("TIFF",),
}  # fmt: skip
FOREIGN = (b"%PDF-1.7\n", b"\0\0\0\x18ftypheic", b"\0\0\0\x18ftypavif")  # heads of what must be converted


@st.composite
def image_files(draw: st.DrawFn) -> bytes:
    """Images of all modes, sizes and kinds, whole, cut off or damaged."""
    width = draw(st.sampled_from([1, 2, 7, 8, 9, 40, 113, 300, 20_000]))
    height = draw(st.sampled_from([1, 7, 8, 30, 60]))
    mode = draw(st.sampled_from(sorted(KINDS)))
    seed = draw(st.integers(0, 2**16))
    grey = np.random.default_rng(seed).integers(0, 256, (height, width)).astype(np.uint8)
    grey[:, : width // 2] = 235
    if mode == "I;16":
        image = Image.fromarray(grey.astype(np.uint16) * 257)
    elif mode == "LAB":
        image = Image.frombytes("LAB", (width, height), np.repeat(grey[..., None], 3, axis=2).tobytes())
    else:
        image = Image.fromarray(grey).convert(mode)
    kind = draw(st.sampled_from([kind for kind in KINDS[mode] if width < 16_384 or kind not in ("JPEG", "WEBP")]))
    buffer = io.BytesIO()
    pages: dict[str, Any] = {}
    if kind == "TIFF":
        pages = {"save_all": True, "append_images": [image] * draw(st.integers(0, 2))}
    if kind in ("PNG", "JPEG", "TIFF"):
        dpi = draw(st.sampled_from([None, 0, 1, 72, 150, 300, 600, 65_535]))
        pages |= {"dpi": (dpi, dpi)} if dpi is not None else {}
        pages |= {"exif": _turned(draw(st.integers(1, 8)))} if kind != "TIFF" else {}
    image.save(buffer, kind, compress_level=1, **pages)
    data = bytearray(buffer.getvalue())
    damage = draw(st.sampled_from(["none", "none", "cut", "flip", "junk"]))
    if damage == "cut":
        return bytes(data[: draw(st.integers(0, len(data)))])
    if damage == "flip":
        for _ in range(draw(st.integers(1, 4))):
            data[draw(st.integers(0, len(data) - 1))] ^= draw(st.integers(1, 255))
    if damage == "junk":
        return draw(st.sampled_from([b"", *FOREIGN])) + draw(st.binary(max_size=100))
    return bytes(data)


def _turned(orientation: int) -> Image.Exif:
    exif = Image.Exif()
    exif[0x0112] = orientation
    return exif


@st.composite
def layout_files(draw: st.DrawFn) -> bytes:
    """ALTO and PAGE XML of any version, whose coordinates may be anything; whole, cut off, or of another kind."""
    number = st.sampled_from(["0", "5", "20", "39", "-3", "1e9", "nan", "x", ""])
    lines = []
    for _ in range(draw(st.integers(0, 3))):
        points = " ".join(f"{draw(number)},{draw(number)}" for _ in range(draw(st.integers(0, 4))))
        both = f'BASELINE="{points}" ID="l"><Shape><Polygon POINTS="{points}"/></Shape><Coords points="{points}"/>'
        lines.append(f"<TextLine {both}</TextLine>")
    made = draw(
        st.one_of(
            st.sampled_from(ALTO_NAMESPACES).map(lambda space: alto("".join(lines), space)),
            st.sampled_from(PAGE_NAMESPACES).map(lambda space: page_xml("".join(lines), space)),
            st.just(b'<form id="a01-000" writer-id="000"/>'),
        )
    )
    return made[: draw(st.integers(0, len(made)))] if draw(st.booleans()) else made


folders = st.sampled_from(
    ["", "lines/", "../", "/etc/", "a b/", "ünï/", "C:\\x\\", "__MACOSX/", "deep/er/", "Anna/", "<b>/"]
)
forms = st.sampled_from(
    ["a01-000", "a01-000u", "b02-1", "fo rm", "ß-1", "x", "", "0001-1", "=1+1", "\u202eab", "a\nb", "🖋"]
)
stems = st.builds(
    lambda form, ending: form + ending,
    forms,
    st.sampled_from(["-00", "-01", "-s00-00", "-s01-02", "", "-x", " (1)", "-00-00-00", "-99999999999999999999"]),
)
endings = st.sampled_from([".png", ".PNG", ".tif", ".jpg", "", ".xml", "#page=1"])
names = st.builds(lambda folder, stem, end: folder + stem + end, folders, stems, endings)
cells = st.sampled_from(
    ["a01-000", "a01-000u", "b02-1", "x", "000", "001", "ß", "#", "\t", ";", ",", '"', "  ", "\ufeff"]
)
rows = st.lists(st.lists(cells, max_size=4).map(" ".join), max_size=8)
tables = st.builds(
    lambda rows, header, end, encoding: (header + end.join(rows)).encode(encoding),
    rows,
    st.sampled_from(["", "", "file;writer\n", "file,writer,form\n"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
table_names = st.sampled_from(["forms.txt", "x/forms.txt", "Lines.csv"])


@many
@given(image_files())
def test_images_are_decoded_or_refused(data: bytes):
    try:
        grey = decode(data)
    except UnusableImage as unusable:
        assert unusable.reason in ("unreadable", "too_large")
        assert "\n" not in unusable.detail
    else:
        appearance(grey)
        size = writing_size(grey)
        assert size is None or 0 < size < max(grey.shape)
        assert grey.dtype == np.uint8
        assert 0 < grey.size <= MAX_PAGE_PIXELS
        if min(grey.shape) >= 8:
            strip = scale(grey, 32 / len(grey), 32, 24)
            assert len(ink_share(strip, 24)) == len(strip) - 23


def examine(path: Path) -> None:
    """Survey an archive; whatever is in it, each image is used once or left out once, by its own form's writer."""
    try:
        with Archive(path) as archive:
            layout = find_places(archive)
            usable, unusable = survey(archive, layout, min_size=8)
            images = {name: layout.places[name] for name in archive.images}
            lines, others = select(usable, min_forms=1, top_writers=None)
            scales, _ = one_resolution(archive, lines)
            assert np.isfinite(scales).all() and scales.min() > 0
    except InputError as error:
        assert 0 < len(str(error)) < 1500
        assert len(str(error).splitlines()) <= 2
        return
    left_out = unusable + others
    told = [x.path for x in lines] + [x.path for x in left_out if x not in archive.left_out]
    file_of = {
        path: max((name for name in images if path == name or path.startswith(f"{name}#")), key=len) for path in told
    }
    assert set(file_of.values()) == set(images)
    assert summary(lines, left_out)["images"] == len(lines) + len(left_out)
    assert len({x.line for x in lines}) == len({x.path for x in lines}) == len(lines)
    for line in lines:
        place = images[file_of[line.path]]
        assert isinstance(place, Place)
        assert (place.form, place.writer) == (line.form, line.writer)
        assert is_line_of(line.line, line.form)
        assert min(line.width, line.height) >= 8
    assert not any(isinstance(images[x.path], Nowhere) for x in lines if x.path in images)


@many
@given(
    st.dictionaries(names, image_files(), max_size=6),
    st.dictionaries(table_names, tables, max_size=2),
    st.dictionaries(stems.map(lambda stem: f"{stem}.xml".replace("/", "")), layout_files(), max_size=2),
    st.sampled_from(["zip", "zip", "tar", "gz", "folder"]),
)
def test_archives_end_in_a_survey_or_one_clear_error(
    tmp_path: Path, images: dict[str, bytes], tables: dict[str, bytes], layouts: dict[str, bytes], kind: str
):
    members: dict[str, bytes | str] = {**images, **tables, **layouts}
    if kind == "zip":
        path = write_zip(tmp_path / "d.zip", members)
    else:  # a folder holds one
        folder = tmp_path / "d"
        folder.mkdir(exist_ok=True)
        path = write_tar(folder / "d.tar", members, "gz" if kind == "gz" else "")
        path = folder if kind == "folder" else path
    before = set(tmp_path.parent.rglob("*"))
    examine(path)
    assert set(tmp_path.parent.rglob("*")) == before


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
@given(tables)
def test_tables_are_read_or_a_row_is_named(data: bytes):
    try:
        table = parse_table(data.decode("utf-16" if data[:1] in b"\xff\xfe" else "utf-8-sig"), "forms.txt")
    except InputError as error:
        assert str(error).count("row") >= 1
    else:
        assert all(row.writer.strip() == row.writer for row in table)


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
        _, left_out = survey(archive_, find_places(archive_), 8)
    assert [(item.path, item.reason) for item in left_out] == [("lines/a00-000-09.png", "too_large")]
