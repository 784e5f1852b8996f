"""The stages as a person runs them: `python -m stages.NAME`, with good and with bad input."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.conftest import Run, dataset_members, edit_params, line, png, write_zip


@pytest.fixture
def dataset(checkout: Path) -> Path:
    path = write_zip(checkout / "data" / "own.zip", dataset_members(writers=3, forms=4, lines=2))
    edit_params(checkout / "params.yaml", {"dataset": "data/own.zip"})
    return path


def refused(stage: Run, name: str) -> str:
    """What a stage says when it refuses its input: its one or few lines."""
    done = stage(name, check=False)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    lines = [text for text in done.stderr.splitlines() if text.startswith("error: ")]
    assert lines, done.stderr
    return "\n".join(lines)


def files(checkout: Path) -> set[str]:
    """Everything that a stage may have written."""
    return {str(p.relative_to(checkout)) for top in ("data", "metrics", "models") for p in (checkout / top).rglob("*")}


def test_from_the_archive_to_the_crops(checkout: Path, dataset: Path, stage: Run):
    assert "24 lines of 3 writers; 0 images left out" in stage("map_writers").stdout
    assert "lines" in stage("split").stdout
    assert "crops" in stage("crop").stdout
    split = json.loads((checkout / "metrics/split.json").read_text())
    assert split["shared"]["train_test"]["forms"] == 0
    assert (checkout / "data/lines.csv").read_text().splitlines()[1] == (
        "a00-000-00,lines/a00-000-00.png,a00-000,000,0,90,30"
    )
    assert (checkout / "data/writers.csv").read_text().splitlines()[1] == "0,000,4,8"


def test_a_damaged_image_is_left_out_and_counted(checkout: Path, dataset: Path, stage: Run):
    write_zip(dataset, {**dataset_members(3, 4, 2), "lines/a01-001-00.png": png(line(1))[:-200]})
    stage("map_writers")
    counts = json.loads((checkout / "metrics/dataset.json").read_text())
    assert counts["left_out"]["unreadable"] == 1
    assert counts["lines"] == 23
    assert "lines/a01-001-00.png,unreadable," in (checkout / "data/left_out.csv").read_text()


BAD_ARCHIVES = {
    "missing": (None, "data/own.zip: there is no such archive"),
    "not_zip": (b"text", "data/own.zip: not a whole zip archive"),
    "empty": ({}, "data/own.zip: the archive is empty"),
    "no_forms": ({"a01-000-00.png": b""}, "data/own.zip: holds no forms file"),
    "two_forms": ({"forms.txt": "", "a/forms.txt": "", "a01-000-00.png": b""}, "holds 2 forms files"),
    "all_damaged": ({**dict.fromkeys(dataset_members(), b"junk"), "forms.txt": "a00-000 000"}, "no image is usable"),
    "one_writer": (dataset_members(writers=1), "only writer 000 has min_forms: 3"),
    "contradiction": (
        {**dataset_members(), "forms.txt": "a00-000 1\na00-000 2"},
        "writer 1 in row 1 and writer 2 in row 2",
    ),
}


@pytest.mark.parametrize("case", BAD_ARCHIVES)
def test_bad_archives(checkout: Path, dataset: Path, stage: Run, case: str):
    members, message = BAD_ARCHIVES[case]
    if members is None:
        dataset.unlink()
    elif isinstance(members, bytes):
        dataset.write_bytes(members)
    else:
        write_zip(dataset, members)  # type: ignore[arg-type]
    before = files(checkout)
    assert message in refused(stage, "map_writers")
    assert files(checkout) == before


def test_a_writer_with_too_few_forms(checkout: Path, dataset: Path, stage: Run):
    write_zip(dataset, dataset_members(writers=3, forms=2))
    edit_params(checkout / "params.yaml", {"min_forms": 1})
    stage("map_writers")
    before = files(checkout)
    assert "writer 000 has 2 form(s), too few" in refused(stage, "split")
    assert files(checkout) == before


def test_wrong_parameters_stop_stages_at_once(checkout: Path, stage: Run):
    edit_params(checkout / "params.yaml", {"optimizer": "adamm", "crop.keep": 2})
    before = files(checkout)
    for name in ("synthesize", "map_writers", "split", "crop", "train"):
        message = refused(stage, name)
        assert "params.yaml: optimizer: 'adamm' is not one of" in message
        assert "did you mean 'adam'?" in message
        assert "params.yaml: crop.keep: 2 is not a number over 0 to 1" in message
    assert files(checkout) == before


def test_a_params_file_that_is_not_yaml(checkout: Path, stage: Run):
    (checkout / "params.yaml").write_text("layers: [1\n")
    assert "params.yaml: line 2: not YAML" in refused(stage, "map_writers")


def test_stages_out_of_order(stage: Run):
    assert "data/lines.csv: there is no such file; `dvc repro` makes it" in refused(stage, "split")
    assert "models/model.keras: there is no such file" in refused(stage, "evaluate")


def test_stages_use_the_library_beside_them(checkout: Path, stage: Run):
    """Also where another copy of the library is installed: this is what queued experiments rely on."""
    (checkout / "src/writerid/errors.py").write_text("raise SystemExit('this very copy')\n")
    assert "this very copy" in stage("map_writers", check=False).stderr


@pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX")
@pytest.mark.parametrize(
    ("name", "seconds", "number"),
    [
        ("synthesize", 4, signal.SIGINT),
        ("synthesize", 4, signal.SIGTERM),
        ("train", 1.2, signal.SIGINT),  # while it still imports TensorFlow
    ],
)
def test_a_signal_ends_a_stage_with_one_line(checkout: Path, name: str, seconds: float, number: signal.Signals):
    edit_params(checkout / "params.yaml", {"synthesis.writers": 2000, "synthesis.forms": 50})
    process = subprocess.Popen(
        [sys.executable, "-m", f"stages.{name}"],
        cwd=checkout,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    time.sleep(seconds)
    started = time.monotonic()
    os.killpg(process.pid, number)
    _, stderr = process.communicate(timeout=20)
    assert time.monotonic() - started < 10
    assert process.returncode == 130
    assert stderr.count("error: interrupted") == 1
    assert "Traceback" not in stderr
    assert not list((checkout / "data").glob("*.zip"))
    assert not list((checkout / "data").glob(".partial*"))
