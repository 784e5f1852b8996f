"""What explain reads of evaluate's measures: whole, or refused in one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from writerid.base.errors import InputError
from writerid.evaluation.comparing import PAIR
from writerid.explain.results import Results, read_results

LEVEL = {"temperature": 0.5}
TEST: dict[str, Any] = {"crop": LEVEL, "line": LEVEL, "form": LEVEL, "lines_read": {"1": 0.5, "all": 1}}


def written(path: Path, content: Any) -> Path:
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_results(tmp_path: Path):
    temperatures = {"crop": 0.5, "line": 0.5, "form": 0.5}
    pair = dict.fromkeys(PAIR, "1")
    pairs = written(tmp_path / "pairs.csv", f"{','.join(PAIR)}\n{','.join(pair.values())}\n")
    expected = Results(temperatures, {"1": 0.5, "all": 1.0}, [pair])
    assert read_results(written(tmp_path / "test.json", TEST), pairs) == expected
    with pytest.raises(InputError, match=r"none\.csv: there is no such file; `dvc repro` makes it"):
        read_results(tmp_path / "test.json", tmp_path / "none.csv")


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", {}, {**TEST, "line": {}}, {**TEST, "form": {"temperature": "hot"}}, {**TEST, "lines_read": 1}],
)
def test_other_results_are_refused(tmp_path: Path, content: Any):
    with pytest.raises(InputError, match=r"test\.json: not what evaluate writes; run `dvc repro --force evaluate`"):
        read_results(written(tmp_path / "test.json", content), tmp_path / "pairs.csv")
