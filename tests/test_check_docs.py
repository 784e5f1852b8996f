"""Pages whose figures are those of their files pass, and each way to differ is named with its line."""

from pathlib import Path

import pytest

from tests.conftest import ROOT
from tools.check_docs import check

PAGE = """# A page

<!-- figures: folds.csv -->
| test lines of | by crop | lines |
|---|---|---|
| `fold` one | **0.960** (0.950-0.968) | 4,898 |
| fold two | 94.6 % (0.899-0.977) | 977 |

<!-- figures: folds.csv by_crop "fold one.lines" run.json line -->
One of 4,898 lines
has 0.995 by line, and 0.96 by `crop.size=0.123`; 3 is not a figure here.

Here 977 and 0.123 stand nowhere.

<!-- figures of the page: 0.123 -->
"""
FOLDS = """fold,by_crop,by_crop_low,by_crop_high,lines
fold one,0.9597,0.9496,0.9679,4898
fold two,0.9457,0.8991,0.9771,977
"""
INDEX = "`folds.csv` and `run.json` are made by hand"


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "docs/results").mkdir(parents=True)
    (tmp_path / "README.md").write_text(PAGE)
    for name, text in {"README.md": INDEX, "folds.csv": FOLDS, "run.json": '{"line": {"accuracy": 0.995}}'}.items():
        (tmp_path / "docs/results" / name).write_text(text)
    return tmp_path


def test_rounded_figures_shares_and_a_row_by_its_words_are_found():
    assert check() == []


WRONG = [
    ("0.960**", "0.961**", "README.md:6: 0.961 of `fold one` is not in folds.csv"),
    ("(0.950-0.968)", "(0.968-0.950)", "README.md:6: 0.950 of `fold one` is not in folds.csv"),
    ("(0.950-0.968)", "(0.950-0.977)", "README.md:6: 0.977 of `fold one` is not in folds.csv"),  # of the other row
    ("94.6 %", "94.7 %", "README.md:7: 94.7 % of `fold two` is not in folds.csv"),
    ("| fold two", "| fold one", "README.md:7: 94.6 % of `fold one` is not in folds.csv"),
    ("| 977 |", "| 1 |", "README.md:7: 1 of `fold two` is not in folds.csv"),
    ("has 0.995", "has 0.994", "README.md:11: 0.994 is not in folds.csv by_crop"),
    ("One of 4,898", "One of 977", "README.md:10: 977 is not in folds.csv by_crop"),  # that row was not chosen
    ("run.json line -->", "run.json form -->", "README.md:9: run.json has nothing named `form`"),
    ("run.json line -->", "none.json -->", "README.md:9: docs/results/none.json is not there"),
    ("run.json line -->", '"run.json -->', "README.md:9: No closing quotation"),
    ("figures: folds.csv -->", "figures: folds -->", "README.md:3: `folds` is no .csv, .tsv or .json file"),
    ("<!-- figures: folds.csv -->\n", "", "README.md:3: no comment says where this table's figures are from"),
    (
        "Here 977",
        "<!-- figures: folds.csv -->\n| fold three |\n|---|\n| 7 |\n\nA",
        "README.md:16: 7 is not in folds.csv",
    ),
    ("Here 977", "Here 0.899 and 0.995 stand, 0.778", "README.md:13: 0.778 is in no table and no file of this page"),
]


@pytest.mark.parametrize(("said", "instead", "problem"), WRONG)
def test_what_differs_is_named(project: Path, said: str, instead: str, problem: str):
    assert said in PAGE
    (project / "README.md").write_text(PAGE.replace(said, instead, 1))
    assert [found[: len(problem)] for found in check() if found.startswith("README")] == [problem]


def test_a_table_that_nobody_measured_says_so(project: Path):
    (project / "README.md").write_text(PAGE + "\n<!-- figures: none: a scale -->\n| a |\n|---|\n| 0.3 |\n")
    assert check() == []


def test_output_of_a_program_is_checked_line_by_line(project: Path):
    text = PAGE + "\n<!-- figures: run.json -->\n```\nepoch 4/4\naccuracy 0.9950\naccuracy 0.9940\n```\n"
    (project / "README.md").write_text(text)
    assert check() == ["README.md:21: 0.9940 is not in run.json"]


def test_a_file_that_no_page_quotes_and_the_index_leaves_out(project: Path):
    (project / "docs/results/more.csv").write_text("a\n1\n")
    assert check() == [
        "docs/results/more.csv: no page quotes it",
        "docs/results/more.csv: docs/results/README.md does not say how it was made",
    ]


@pytest.mark.parametrize("text", ["", "fold,lines\nfold one\n"])
def test_a_damaged_file(project: Path, text: str):
    (project / "docs/results/folds.csv").write_text(text)
    assert all("docs/results/folds.csv cannot be read" in problem for problem in check()[:2])


def test_a_page_that_names_no_file_is_left_alone(project: Path):
    (project / "docs/more.md").write_text("Python 3.11\n")
    assert check() == []


def test_the_pages_of_this_project(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(ROOT)
    assert check() == []
