"""The table of writers, as people, editors and Excel write it: read as it was meant, or refused with the row shown."""

import pytest

from writerid.base.errors import InputError
from writerid.dataset.tables import parse_table, to_text


def read(text: str, *known: str) -> dict[str, str]:
    return {row.key: row.writer for row in parse_table(text, "forms.txt", set(known))}


def test_rows_of_two_words():
    text = "# comment\r\n\r\na01 000\r\na02\t001\r\na03\n  b01   9\r# a b c\n"
    assert read(text) == {"a01": "000", "a02": "001", "a03": "", "b01": "9"}


def test_iams_own_columns():
    text = "#--- forms.txt\na01-000u 000 2 prt 7 5 52 36\na01-000x 001 2 all 6 6 52 52\n"
    assert read(text) == {"a01-000u": "000", "a01-000x": "001"}
    assert read(text.replace(" ", "\t").replace("#---\t", "#")) == {"a01-000u": "000", "a01-000x": "001"}


def test_a_hash_within_a_name_is_no_comment():
    assert read("O#1 Anna#1\nO#2 Anna#2\n") == {"O#1": "Anna#1", "O#2": "Anna#2"}


@pytest.mark.parametrize(
    "text",
    [
        "a01\tDe La\na02\tDe Lo\n",
        "a01;De La\na02;De Lo\n",
        "a01, De La\na02, De Lo\n",
        'a01, "De La"\na02, "De Lo"\n',
        'a01 "De La"\na02 "De Lo"\n',
        "form;writer\na01;De La\na02;De Lo\n",
        'form,writer\n"a01","De La"\n"a02","De Lo"\n',
        "sep=;\nWriter;Form;Note\nDe La;a01;x\nDe Lo;a02;\n",
        "\na01;De La;\na02;De Lo;\n",
    ],
)
def test_names_with_blanks_where_columns_can_be_told_apart(text: str):
    assert read(text) == {"a01": "De La", "a02": "De Lo"}


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ("a01 De La\na02 De Lo\n", r"row 1, a01 De La: where does the writer's name begin\?"),
        ("a01 Anna\na02\tvon Goethe\n", r"row 2, 'a02\\tvon Goethe': where does"),
        ("a01 Person 1\na02 Person 2\n", "row 1, a01 Person 1: where does"),
        ("a01 000 2\na02 001 2\n", "row 1, a01 000 2: where does"),
        ("# x\na01,Goethe,Johann\na02,Goethe,August\n", "row 2, a01,Goethe,Johann: which column is the writer"),
        ("file;form;person\na01;x;Anna\n", "row 1, file;form;person: which column is the writer"),
        ("Bild;writer;x\na01;Anna;1\n", "row 1, Bild;writer;x: which column is the file or the form\\?"),
        ("a01;Anna\na02;Berta;3\na03;Carla\n", "row 1, a01;Anna: has fewer columns than another row, which has 3"),
    ],
)
def test_rows_whose_columns_cannot_be_told_apart(text: str, row: str):
    with pytest.raises(InputError, match=row):
        read(text, "a01", "a02")


def test_known_forms_with_blanks_tell_the_columns_apart():
    text = "Brief 12 (Müller) Müller\nBrief 1 Meier\n"
    known = ("Brief 12 (Müller)", "Brief 1", "Brief 12")
    assert read(text, *known) == {"Brief 12 (Müller)": "Müller", "Brief 1": "Meier"}
    with pytest.raises(InputError, match="row 1, Brief 1 2"):
        read("Brief 1 2\n", "Brief 1", "Brief 1 2")  # the form "Brief 1" of writer 2, or "Brief 1 2" of nobody


def test_files_writers_and_forms_under_a_header():
    (row,) = parse_table("File,Writer,Form\nMüller\\03.tif,Müller,Brief 12\n", "lines.csv")
    assert (row.number, row.key, row.writer, row.form) == (2, "Müller\\03.tif", "Müller", "Brief 12")


def test_a_quoted_cell_may_hold_anything():
    text = 'file;writer\n"a;1.png";"Anna ""B"", Dr.\nMed."\n# no\nb.png;=1+1\n'
    assert read(text) == {"a;1.png": 'Anna "B", Dr.\nMed.', "b.png": "=1+1"}
    assert [row.number for row in parse_table(text, "lines.csv")] == [2, 5]


def test_a_quote_within_a_cell_is_itself():
    rows = 'a02;6" Bob\na03;Carl\n# "\na04;7" Dora\n'
    assert read(rows) == {"a02": '6" Bob', "a03": "Carl", "a04": '7" Dora'}
    assert read('"a01" ; "De La" \na02; 8"\n') == {"a01": "De La", "a02": '8"'}


@pytest.mark.parametrize(
    ("text", "row"),
    [
        ('a01;Anna\na02;"Bob\na03;Carl\n', 'row 2, a02;"Bob: a quote opens a cell here and does not end it'),
        ('a01;"Bob\na02;"Carl"\n', 'row 1, a01;"Bob: a quote opens'),
        ('a01;"Bob" Smith\na02;Carl\n', 'row 1, a01;"Bob" Smith: a quote opens'),
        ('a01 Anna\n\na02 "Bob\na03 Carl\n', 'row 3, a02 "Bob: a quote opens'),
        ('a01;Anna\na02;"Bob\n' + "a03;Carl\n" * 20_000, 'row 2, a02;"Bob: a quote opens'),
    ],
)
def test_a_quote_that_does_not_end_its_cell(text: str, row: str):
    with pytest.raises(InputError, match=f"^forms.txt: {row}"):
        read(text)


def test_the_heading_that_is_a_columns_own_name_counts():
    text = "file;Form;page;Writer;hand\n1.png;a;7;Anna;left\n2.png;b;7;Bob;right\n"
    assert [row[2:] for row in parse_table(text, "lines.csv")] == [("1.png", "Anna", "a"), ("2.png", "Bob", "b")]


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("file;page;sheet;writer", "page and sheet may each be the form; call the one that is `form`"),
        ("image;path;x;writer", "image and path may each be the file; call the one that is `file`"),
        ("file;hand;x;author", "hand and author may each be the writer; call the one that is `writer`"),
        ("file;x;writer;Writer", "writer and Writer may each be the writer"),
    ],
)
def test_two_headings_of_one_kind(header: str, message: str):
    with pytest.raises(InputError, match=f"^lines.csv: row 1, {header}: {message}"):
        parse_table(f"{header}\n1;2;3;4\n", "lines.csv")


def test_umlauts_have_one_spelling():
    assert read("Mu\u0308ller-1;Mu\u0308ller\n") == {"Müller-1": "Müller"}


def test_a_row_may_lack_its_writer():
    assert read("a01;Anna\na02\na03;\n") == {"a01": "Anna", "a02": "", "a03": ""}
    assert read("a01\na02\n") == {"a01": "", "a02": ""}
    assert read("") == {}


@pytest.mark.parametrize(
    ("encoding", "named"), [("utf-8", "utf-8-sig"), ("utf-8-sig",) * 2, ("utf-16",) * 2, ("cp1252",) * 2]
)
def test_encodings(encoding: str, named: str):
    assert to_text("a01;Müller".encode(encoding), "forms.txt") == ("a01;Müller", named)


@pytest.mark.parametrize("data", [b"\x81\x8d", b"\xff\xfea", "a01 1".encode("utf-16-le")])
def test_what_is_no_text(data: bytes):
    with pytest.raises(InputError, match=r"^forms.txt: neither UTF-8 nor UTF-16 text; save it as UTF-8$"):
        to_text(data, "forms.txt")
