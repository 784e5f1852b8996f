"""Who wrote what, in every layout that people bring; never a wrong writer, and never one left out in silence."""

from pathlib import Path

import pytest

from tests.conftest import line, png, write_zip
from tests.test_dataset import surveyed
from writerid.base.errors import InputError
from writerid.dataset.archive import Archive
from writerid.dataset.iam import is_iam
from writerid.dataset.layouts import find_places
from writerid.dataset.places import Layout, Nowhere
from writerid.dataset.selection import summary


def layout(tmp_path: Path, images: list[str], **others: str) -> Layout:
    """The places of images in an archive that holds other files too, such as forms_txt."""
    members: dict[str, bytes | str] = {name: png(line(number)) for number, name in enumerate(images)}
    members |= {name.replace("_", "."): text for name, text in others.items()}
    with Archive(write_zip(tmp_path / "Scans 2024.zip", members)) as archive:
        return find_places(archive)


def places(tmp_path: Path, images: list[str], **others: str) -> dict[str, tuple[str, ...]]:
    return {path: tuple(place) for path, place in layout(tmp_path, images, **others).places.items()}


def test_forms_and_lines_of_forms(tmp_path: Path):
    assert places(tmp_path, ["x/a01-00.png", "a01-s01-02.png", "b-00.png"], Forms_TXT="a01 Anna\nb Bob\n") == {
        "a01-s01-02.png": ("a01-s01-02", "a01", "Anna"),
        "b-00.png": ("b-00", "b", "Bob"),
        "x/a01-00.png": ("x/a01-00.png"[2:-4], "a01", "Anna"),
    }


def test_a_table_called_forms_txt_txt(tmp_path: Path):
    assert places(tmp_path, ["a-00.png"], forms_txt_txt="a Anna") == {"a-00.png": ("a-00", "a", "Anna")}


def test_a_row_a_line(tmp_path: Path):
    found = places(tmp_path, ["a07-120-00.png", "a07-120-01.png"], forms_txt="a07-120-00.png Anna\na07-120-01 Anna\n")
    assert set(found.values()) == {("a07-120-00", "a07-120", "Anna"), ("a07-120-01", "a07-120", "Anna")}
    with pytest.raises(InputError, match="form a07-120 has writer Anna in row 1 and writer Bob in row 2; correct one"):
        places(tmp_path, ["a07-120-00.png", "a07-120-01.png"], forms_txt="a07-120-00 Anna\na07-120-01 Bob\n")


def test_a_form_that_holds_its_writers_name(tmp_path: Path):
    table = "Brief 12 (Müller) Müller\nBrief 12 (Goethe) Goethe\n"
    images = ["Brief 12 (Müller)-00.png", "Brief 12 (Goethe)-00.png"]
    found = places(tmp_path, images, forms_txt=table)
    assert {place[1:] for place in found.values()} == {
        ("Brief 12 (Müller)", "Müller"),
        ("Brief 12 (Goethe)", "Goethe"),
    }
    with pytest.raises(InputError, match=r"row 1, Brief 12 \(Müller\) Müller"):
        places(tmp_path, ["scan-00.png"], forms_txt=table)


def test_one_form_of_two_writers(tmp_path: Path):
    with pytest.raises(InputError, match=r"forms.txt: a has writer 1 in row 1 and writer 2 in row 3; correct one"):
        places(tmp_path, ["a-00.png"], forms_txt="a 1\nb 1\na 2\na 2\n")


def test_one_file_of_two_forms(tmp_path: Path):
    for rows, told in (
        ("Anna;x\n1.png;Anna;y", "form x in row 2 and form y"),
        ("A;x\n1.png;B;y", "writer A in row 2 and"),
    ):
        with pytest.raises(InputError, match=f"lines.csv: 1.png has {told} .* row 3; correct one of them"):
            places(tmp_path, ["1.png"], lines_csv=f"file;writer;form\n1.png;{rows}\n")


def test_a_file_a_form(tmp_path: Path):
    made = layout(tmp_path, ["scans/letter 1.png", "scans/letter 2.jpg"], forms_txt="letter 1;Anna\nletter 2.jpg;Bob\n")
    assert made.places == {
        "scans/letter 1.png": ("letter 1", "letter 1", "Anna"),
        "scans/letter 2.jpg": ("letter 2", "letter 2", "Bob"),
    }
    assert made.notes[0].startswith("2 images each count as a form of their own")


def test_a_folder_a_form_in_the_table(tmp_path: Path):
    found = places(tmp_path, ["x/Brief 1/03.png", "x/Brief 2/03.png"], forms_txt="Brief 1;Anna\nBrief 2;Bob\n")
    assert set(found.values()) == {("Brief 1/03", "Brief 1", "Anna"), ("Brief 2/03", "Brief 2", "Bob")}


def test_files_writers_and_forms(tmp_path: Path):
    table = "file;writer;form\nA\\03.png;Anna;1\n./B/03.png;Bob;1\nB/04;Bob;1\n"
    assert places(tmp_path, ["x/A/03.png", "x/B/03.png", "x/B/04.png"], lines_csv=table) == {
        "x/A/03.png": ("Anna/1/A/03", "Anna/1", "Anna"),
        "x/B/03.png": ("Bob/1/B/03", "Bob/1", "Bob"),
        "x/B/04.png": ("Bob/1/B/04", "Bob/1", "Bob"),
    }


def test_a_file_name_that_two_files_have(tmp_path: Path):
    with pytest.raises(
        InputError, match=r"row 1: 03.png names two images, A/03.png and B/03.png; write the folder too"
    ):
        places(tmp_path, ["A/03.png", "B/03.png"], writers_csv="03.png;Anna\n")


def test_names_that_do_not_follow_are_told_what_would(tmp_path: Path):
    found = places(
        tmp_path,
        ["a21-537_1.png", "portrait.png", "portrait1.png", "z-00.png", "b-00.png"],
        forms_txt="a21-537 Anna\nb Bob\nz\n",
    )
    quoted = "; its row 1 is a21-537 Anna"
    assert found["a21-537_1.png"] == ("no_form", f"a21-537_1 is not FORM-NN; call it a21-537-1{quoted}")
    assert found["portrait.png"] == (
        "no_form",
        f"portrait is neither FORM-NN, such as portrait-00, nor in a row{quoted}",
    )
    assert found["portrait1.png"][1].startswith("portrait1 is neither FORM-NN")
    assert found["z-00.png"] == ("no_writer", "form z: row 3 names no writer")


def test_what_was_brought_and_the_layouts_that_would_do(tmp_path: Path):
    with pytest.raises(InputError) as error:
        places(tmp_path, ["scan_0001.png", "scan_0002.png"], forms_txt="a07-120|Müller\n")
    first, second = str(error.value).splitlines()
    assert "of 2 images no writer is known; the first, scan_0001.png: " in first
    assert first.endswith("its row 1 is a07-120|Müller")
    assert "`scan_0001.png;Anna;letter 1`" in second
    assert "`Anna/letter 1/scan_0001.png`" in second
    assert "`scan-01.png`, and a forms.txt with `scan;Anna`" in second


def test_iams_own_xml(tmp_path: Path):
    xml = '<?xml version="1.0"?>\n<form created="1999" id="a01-000u" writer-id="000"><line/></form>'
    found = layout(
        tmp_path,
        ["a01/a01-000u/a01-000u-00.png"],
        xml_xml=xml,
        other_xml="<page/>",
        without_xml='<form id="a"/>',
        broken_xml="<",
    )
    assert found.how == "IAM's XML files"
    assert found.places == {"a01/a01-000u/a01-000u-00.png": ("a01-000u-00", "a01-000u", "000")}


def test_two_xml_files_of_iam_that_differ(tmp_path: Path):
    form = '<form id="a01-000u" writer-id="{}"/>'
    xml = {"a_xml": form.format("000"), "b_xml": form.format("001")}
    with pytest.raises(InputError, match=r"form a01-000u has writer 000 in a.xml and writer 001 in b.xml; correct one"):
        places(tmp_path, ["a01-000u-00.png"], **xml)
    assert layout(tmp_path, ["a01-000u-00.png"], **xml | {"b_xml": xml["a_xml"]}).how == "IAM's XML files"


def test_lines_of_iam_without_their_writers(tmp_path: Path):
    """Their folders, a01 and a02, are no writers."""
    with pytest.raises(
        InputError, match=r"lines of IAM \(.*\) without their writers; put forms.txt of IAM's ascii.tgz"
    ):
        places(tmp_path, ["a01/a01-000u/a01-000u-00.png", "a02/a02-000/a02-000-00.png"])


def test_a_few_names_like_iams_in_folders_are_no_matter(tmp_path: Path):
    found = places(tmp_path, ["Anna/a01-000u-00.png", "Anna/a01-000x-00.png", "Bob/1.png", "Bob/2.png"])
    assert {place[2] for place in found.values()} == {"Anna", "Bob"}


def test_iam_is_known_by_its_content():
    pairs = {"a02-024": "025", "a02-090": "026", "a02-111": "037"}
    assert is_iam(pairs)
    assert is_iam({f"{writer}/{form}": writer for form, writer in pairs.items()} | {"x": "1"})
    assert not is_iam({**pairs, "a03-050": "001"})
    assert not is_iam(dict(list(pairs.items())[:2]))
    assert not is_iam({})


@pytest.mark.parametrize(("writers", "iam"), [(("025", "026", "037"), True), (("1", "2", "3"), False)])
def test_the_summary_says_whether_it_is_iam(tmp_path: Path, writers: tuple[str, ...], iam: bool):
    forms = ("a02-024", "a02-090", "a02-111")
    members: dict[str, bytes | str] = {f"{form}-00.png": png(line(n)) for n, form in enumerate(forms)}
    members["forms.txt"] = "".join(f"{form} {writer}\n" for form, writer in zip(forms, writers, strict=True))
    lines, left_out = surveyed(write_zip(tmp_path / "william.zip", members))
    assert summary(lines, left_out)["iam"] is iam


def test_cvls_names(tmp_path: Path):
    images = [
        f"cvl/{side}/lines/{w:04d}-{t}-{n}.tif"
        for side, w in (("trainset", 1), ("testset", 52))
        for t in (1, 2)
        for n in range(3)
    ]
    found = layout(tmp_path, [*images, "cvl/readme.png"])
    assert found.how.startswith("CVL's names")
    assert found.places["cvl/testset/lines/0052-2-1.tif"] == ("0052-2-1", "0052-2", "0052")
    assert found.places["cvl/readme.png"] == ("no_form", "readme is not WRITER-TEXT-LINE")


def test_cvls_archive_as_downloaded(tmp_path: Path):
    """Pages, lines and words in one; the lines are read, in folders of their writers or not."""
    images = [
        f"cvl-database-1-1/{side}/{kind}"
        for side, writer in (("trainset", "0001"), ("testset", "0052"))
        for kind in (
            f"pages/{writer}-1.tif",
            f"pages/{writer}-1-cropped.tif",
            f"lines/{writer}/{writer}-1-0.tif",
            f"lines/{writer}/{writer}-1-11.tif",
            f"words/{writer}/{writer}-1-0-0-Imagine.tif",
            f"words/{writer}/{writer}-1-0-1-a.tif",
            f"words/{writer}/{writer}-1-11-3-won't.tif",
        )
    ]
    found = places(tmp_path, images)
    assert [place for place in found.values() if place[0] != "no_form"] == [
        ("0052-1-0", "0052-1", "0052"),
        ("0052-1-11", "0052-1", "0052"),
        ("0001-1-0", "0001-1", "0001"),
        ("0001-1-11", "0001-1", "0001"),
    ]
    told = found["cvl-database-1-1/testset/pages/0052-1.tif"]
    assert told == ("no_form", "0052-1 is a page or a word of CVL, whose lines are read")


def test_dates_are_no_names_of_cvl(tmp_path: Path):
    with pytest.raises(InputError, match="nothing says who wrote its 2 images"):
        places(tmp_path, ["1999-1-2.png", "1998-1-2.png"])


def test_a_folder_a_writer(tmp_path: Path):
    found = layout(
        tmp_path,
        [
            "Scans 2024/Müller/Brief 12/03.tif",
            "Scans 2024/Müller/Brief 12/04.tif",
            "Scans 2024/Mu\u0308ller/postcard.png",
            "Scans 2024/von Goethe/a-01.png",
            "Scans 2024/von Goethe/a-02.png",
        ],
    )
    assert [tuple(place) for place in found.places.values()] == [
        ("Müller/postcard", "Müller/postcard", "Müller"),
        ("Müller/Brief 12/03", "Müller/Brief 12", "Müller"),
        ("Müller/Brief 12/04", "Müller/Brief 12", "Müller"),
        ("von Goethe/a-01", "von Goethe/a", "von Goethe"),
        ("von Goethe/a-02", "von Goethe/a", "von Goethe"),
    ]
    assert found.how == "folders, one a writer (Müller, von Goethe)"
    assert found.notes[0].startswith("1 images each count as a form")


def test_sides_are_no_writers_and_a_loose_file_has_none(tmp_path: Path):
    found = places(tmp_path, ["train/A/1.png", "test/A/2.png", "train/B/1.png"])
    assert {place[2] for place in found.values()} == {"A", "B"}
    for images in (["A/1.png", "B/2.png"], ["train/A/1.png", "test/B/2.png"], ["Scans 2024/A/1.png", "lines/B/2.png"]):
        found = places(tmp_path, [*images, "cover.png"])
        assert [found.pop("cover.png")] == [Nowhere("no_writer", "lies in no writer's folder")]
        assert {place[2] for place in found.values()} == {"A", "B"}


def packed_places(tmp_path: Path, archives: dict[str, list[str]]) -> dict[str, str]:
    """The writers of images in archives in a folder."""
    (tmp_path / "letters").mkdir()
    for name, images in archives.items():
        write_zip(tmp_path / "letters" / name, {image: png(line(number)) for number, image in enumerate(images)})
    with Archive(tmp_path / "letters") as archive:
        return {path: place[-1] for path, place in find_places(archive).places.items()}


@pytest.mark.parametrize(
    "archives",
    [
        {"train.zip": ["A/1.png", "B/1.png"], "Test.ZIP": ["A/2.png"]},
        {"2024.zip": ["A/1.png", "B/1.png"]},
        {"2024.v2.zip": ["2024.v2/A/1.png", "2024.v2/B/1.png", "cover.png"]},
        {"lines.zip": ["lines/A/1.png"], "letters.zip": ["letters/B/1.png"]},
    ],
)
def test_archives_are_no_writers(tmp_path: Path, archives: dict[str, list[str]]):
    found = packed_places(tmp_path, archives)
    assert {path.split("/")[-2]: writer for path, writer in found.items() if "cover" not in path} == {
        "A": "A",
        "B": "B",
    }


def test_archives_that_may_each_be_a_writers(tmp_path: Path):
    with pytest.raises(InputError, match=r"is 2024\.zip one writer's, or does it hold a folder a writer"):
        packed_places(tmp_path, {"2024.zip": ["A/1.png", "B/1.png"], "2025.zip": ["A/1.png"]})


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (["a.png", "b.png"], "no table, and no folder names a writer"),
        (["Müller/1/a.png", "Müller/2/a.png"], "no table, and all images lie in the folder Müller"),
        (["lines/a.png", "lines/b.png"], "no table, and no folder names a writer"),
    ],
)
def test_folders_that_tell_nothing(tmp_path: Path, images: list[str], message: str):
    with pytest.raises(InputError, match=message):
        places(tmp_path, images)


def test_a_table_in_another_encoding_is_said_to_be(tmp_path: Path):
    members: dict[str, bytes | str] = {"a-00.png": png(line(1)), "forms.csv": "a;Müller".encode("cp1252")}
    with Archive(write_zip(tmp_path / "d.zip", members)) as archive:
        found = find_places(archive)
    assert found.places["a-00.png"] == ("a-00", "a", "Müller")
    assert found.notes == ["forms.csv was read as Windows-1252; if names look wrong, save it as UTF-8"]
