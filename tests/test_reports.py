"""What explain reads of train's and evaluate's reports: whole, or refused in one line."""

import json
from pathlib import Path
from typing import Any

import pytest

from writerid.base.errors import InputError
from writerid.explain.reports import read_history, read_test, read_writers

LEVEL = {"temperature": 0.5}
TEST: dict[str, Any] = {"crop": LEVEL, "line": LEVEL, "form": LEVEL, "lines_read": {"1": 0.5, "all": 1}}


def written(path: Path, content: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_test_figures(tmp_path: Path):
    assert read_test(written(tmp_path / "test.json", TEST)) == TEST


@pytest.mark.parametrize(
    "content",
    ["", "[]", "{", {}, {**TEST, "line": {}}, {**TEST, "form": {"temperature": "hot"}}, {**TEST, "lines_read": 1}],
)
def test_other_test_figures_are_refused(tmp_path: Path, content: Any):
    with pytest.raises(InputError, match=r"test\.json: not what evaluate writes; run `dvc repro --force evaluate`"):
        read_test(written(tmp_path / "test.json", content))


def logged(folder: Path, cell: str = "0.5") -> tuple[Path, Path]:
    for name in ("train/loss", "train/accuracy", "validation/loss", "validation/accuracy", "validation/line_accuracy"):
        written(folder / f"plots/metrics/{name}.tsv", f"step\t{Path(name).name}\n1\t0.25\n2\t{cell}\n")
    return written(folder / "metrics.json", {"best": {"epoch": 2}}), folder / "plots"


def test_history(tmp_path: Path):
    history = read_history(*logged(tmp_path))
    assert history.best == 2
    assert history.curves["validation"]["line_accuracy"] == [0.25, 0.5]
    assert set(history.curves["train"]) == {"loss", "accuracy"}


def test_another_history_is_refused(tmp_path: Path):
    summary, plots = logged(tmp_path, cell="high")
    with pytest.raises(InputError, match="not what train logs; run `dvc repro --force train`"):
        read_history(summary, plots)
    written(summary, {"best": 3})
    with pytest.raises(InputError, match="not what train logs"):
        read_history(summary, plots)
    (plots / "metrics/train/loss.tsv").unlink()
    written(summary, {"best": {"epoch": 2}})
    with pytest.raises(InputError, match=r"loss\.tsv: there is no such file; `dvc repro` makes it"):
        read_history(summary, plots)


def test_writers(tmp_path: Path):
    path = written(tmp_path / "writers.csv", "writer,lines,line_accuracy,crop_accuracy\n007,8,0.5,0.25\n")
    assert read_writers(path) == {"writer": ["007"], "lines": [8], "line_accuracy": [0.5]}
    written(path, "writer,lines,line_accuracy\n007,8,half\n")
    with pytest.raises(InputError, match=r"writers\.csv: an accuracy is not a number"):
        read_writers(path)
