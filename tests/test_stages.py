"""The stages as a person runs them: `python -m stages.NAME`, with good and with bad input."""

import csv
import importlib
import io
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.conftest import ROOT, Run, dataset_members, edit_params, line, png, runner, write_zip
from tests.test_pages_images import page
from tests.test_pages_layout import alto
from writerid.base.errors import InputError


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


@pytest.fixture
def main(checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[[str], str]:
    """Run a stage in this process, which saves starting one; returns what it prints."""
    monkeypatch.chdir(checkout)

    def call(name: str) -> str:
        importlib.import_module(f"stages.{name}").main()
        return capsys.readouterr().out

    return call


Main = Callable[[str], str]


def files(checkout: Path) -> set[str]:
    """Everything that a stage may have written."""
    return {str(p.relative_to(checkout)) for top in ("data", "metrics", "models") for p in (checkout / top).rglob("*")}


def test_from_the_archive_to_the_crops(checkout: Path, dataset: Path, stage: Run):
    assert "24 lines of 3 writers; 0 images left out" in stage("map_writers").stdout
    assert "lines" in stage("split").stdout
    assert "crops" in stage("crop").stdout
    split = json.loads((checkout / "metrics/split.json").read_text())
    assert split["shared"]["train_test"]["forms"] == 0
    assert (
        (checkout / "data/lines.csv")
        .read_text()
        .splitlines()[1]
        .startswith("a00-000-00,lines/a00-000-00.png,a00-000,000,90,30,")
    )
    assert (checkout / "data/writers.csv").read_text().splitlines()[1] == "000,4,8"


def test_a_damaged_image_is_left_out_and_counted(checkout: Path, dataset: Path, main: Main):
    write_zip(dataset, {**dataset_members(3, 4, 2), "lines/a01-001-00.png": png(line(1))[:-200]})
    main("map_writers")
    counts = json.loads((checkout / "metrics/dataset.json").read_text())
    assert counts["left_out"]["unreadable"] == 1
    assert counts["lines"] == 23
    assert "lines/a01-001-00.png,unreadable," in (checkout / "data/left_out.csv").read_text()


def test_odd_names_in_an_archive(checkout: Path, dataset: Path, main: Main):
    """A carriage return in a folder goes through all tables and back; a number of 200 digits is left out."""
    members = {name.replace("lines/a01", "li\rnes/a01"): data for name, data in dataset_members(3, 4, 2).items()}
    members[f"a00-000-{'9' * 200}.png"] = png(line(7))
    write_zip(dataset, members)
    for name in ("map_writers", "split", "crop"):
        main(name)
    counts = json.loads((checkout / "metrics/dataset.json").read_text())
    assert (counts["lines"], counts["left_out"]["no_form"] + counts["left_out"]["no_writer"]) == (24, 1)


def test_a_folder_where_a_file_should_be(checkout: Path, dataset: Path, stage: Run):
    (checkout / "data/lines.csv").mkdir()
    assert "error: data/lines.csv: there is a folder of this name; move it" in refused(stage, "map_writers")


BAD_ARCHIVES = {
    "missing": (None, "data/own.zip: there is no such archive or folder"),
    "not_zip": (b"text", "data/own.zip: no zip archive, or a damaged one"),
    "empty": ({}, "data/own.zip: the archive is empty"),
    "no_forms": ({"x01-000-00.png": b""}, "data/own.zip: nothing says who wrote its 1 images"),
    "two_forms": ({"forms.txt": "", "a/forms.txt": "x", "a01-000-00.png": b""}, "holds 2 tables of writers"),
    "all_damaged": ({**dict.fromkeys(dataset_members(), b"junk"), "forms.txt": "a00-000 000"}, "no image is usable"),
    "one_writer": (dataset_members(writers=1), "only writer 000 has min_forms: 3"),
    "contradiction": (
        {**dataset_members(), "forms.txt": "a00-000 1\na00-000 2"},
        "writer 1 in row 1 and writer 2 in row 2",
    ),
}


@pytest.mark.parametrize("case", BAD_ARCHIVES)
def test_bad_archives(checkout: Path, dataset: Path, stage: Run, main: Main, case: str):
    members, message = BAD_ARCHIVES[case]
    if members is None:
        dataset.unlink()
    elif isinstance(members, bytes):
        dataset.write_bytes(members)
    else:
        write_zip(dataset, members)  # type: ignore[arg-type]
    before = files(checkout)
    if case == "missing":  # as a person sees it; the others in this process
        assert message in refused(stage, "map_writers")
    else:
        with pytest.raises(InputError, match=re.escape(message)):
            main("map_writers")
    assert files(checkout) == before


def peak(checkout: Path, name: str) -> float:
    """Run a stage; returns the most memory that it took, in MB."""
    program = f"import stages.{name} as s; s.main(); print(open('/proc/self/status').read().split('VmHWM:')[1])"
    took = int(runner(checkout)(sys.executable, "-c", program).stdout.split(" kB")[0].split()[-1]) / 1024
    print(f"{name}: {took:.0f} MB")
    return took


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="peak memory is read from /proc")
def test_the_largest_images_take_bounded_memory(checkout: Path, dataset: Path, stage: Run):
    rng = np.random.default_rng(0)
    members = dataset_members(3, 12, 2)
    for number, (mode, shape) in enumerate(
        [("RGBA", (4096, 4096)), ("RGBA", (4096, 4095)), ("I;16", (4096, 4094)), ("L", (8, 32_768)), ("1", (8, 32_767))]
    ):
        grey = np.repeat(rng.integers(0, 256, (shape[0], 1)).astype(np.uint8), shape[1], axis=1)
        grey[:, ::8] = 255  # else they are bars, and no writing
        members[f"lines/a00-000-{90 + number}.png"] = png(grey, mode)
    write_zip(dataset, members)
    edit_params(checkout / "params.yaml", {"crop.height": 113, "crop.width": 113})
    for name in ("map_writers", "split", "crop"):
        assert peak(checkout, name) < 1000
    counts = json.loads((checkout / "metrics/dataset.json").read_text())
    assert (counts["lines"], counts["left_out"]["page"], counts["images"]) == (72 + 2, 3, 72 + 5)
    with (checkout / "data/left_out.csv").open(newline="") as table:
        rows = list(csv.DictReader(table))
    # The two long ones are lines; the squares are as high and wide as pages, and have far too many marks.
    assert [(row["path"], row["reason"]) for row in rows] == [(f"lines/a00-000-{n}.png", "page") for n in (90, 91, 92)]
    assert all("separate marks" in row["detail"] for row in rows)


@pytest.mark.skipif(not Path("/proc/self/status").is_file(), reason="peak memory is read from /proc")
def test_the_largest_pages_take_bounded_memory(checkout: Path, dataset: Path, stage: Run):
    """Two pages at 600 dpi, in colour and transparent, and one of so many pixels that holds no lines."""
    large = page()[0].resize((7016, 5457))
    blank = Image.new("L", large.size, 230)
    pages = {
        "0": large.convert("RGB"),
        "1": large.transpose(Image.Transpose.FLIP_LEFT_RIGHT).convert("RGBA"),
        "2": blank,
    }
    members = dataset_members(3, 4, 2)
    for number, image in pages.items():
        image.save(file := io.BytesIO(), "TIFF", compression="tiff_lzw")
        members[f"lines/a00-000-9{number}.tif"] = file.getvalue()
    write_zip(dataset, members)
    for name in ("map_writers", "split", "crop"):
        assert peak(checkout, name) < 850
    counts = json.loads((checkout / "metrics/dataset.json").read_text())
    assert (counts["lines"], counts["left_out"]["too_large"]) == (24 + 2 * 8, 1)
    left_out = (checkout / "data/left_out.csv").read_text()
    assert 'a00-000-92.tif,too_large,"7016 x 5457 pixels, and no page of several lines"' in left_out


def test_layout_files_of_no_image_are_told(checkout: Path, dataset: Path, main: Main):
    layouts = dict.fromkeys(("alto/b07.xml", "alto/c 1\n.xml"), alto("<TextLine/>"))
    write_zip(dataset, {**dataset_members(3, 4, 2), **layouts, "mets.xml": "<mets/>"})
    told = "2 layout files are not used, such as alto/b07.xml: they belong to no image"
    assert f"note: {told}" in main("map_writers")
    (warning,) = json.loads((checkout / "metrics/dataset.json").read_text())["warnings"]
    assert warning.startswith(told)


def test_crop_notices_that_a_page_or_its_layout_has_changed(checkout: Path, dataset: Path, main: Main):
    image, boxes = page()
    members = dataset_members(3, 4, 2)
    members["lines/a00-000-90.xml"] = layout = alto(
        "".join(
            f'<TextLine ID="{n}"><Shape><Polygon POINTS="{points(box)}"/></Shape></TextLine>'
            for n, box in enumerate(boxes)
        ),
        page="",
    )
    members["lines/a00-000-90.png"] = png(np.asarray(image))
    spotted = np.asarray(image).copy()
    spotted[boxes[3].astype(int).min(axis=0)[1] + 20, 200:220] //= 2
    write_zip(dataset, members)
    for name in ("map_writers", "split", "crop"):
        main(name)
    assert (checkout / "data/lines.csv").read_text().count("#outline=") == len(boxes)
    strips = (checkout / "data/crops/strips.npy").read_bytes()
    for change in (
        {"lines/a00-000-90.png": png(spotted)},
        {"lines/a00-000-90.xml": layout.replace(b'"3"', b'"three"')},
    ):
        write_zip(dataset, members | change)
        with pytest.raises(InputError, match=r"it, or one of the archive's XML files, has changed; run map_wr"):
            main("crop")
        assert (checkout / "data/crops/strips.npy").read_bytes() == strips
        main("map_writers")
        main("crop")
        strips = (checkout / "data/crops/strips.npy").read_bytes()


def points(outline: np.ndarray) -> str:
    return " ".join(f"{x},{y}" for x, y in outline)


def test_make_clean_state(checkout: Path):
    left = [checkout / name for name in (".state/train-x/state.npz", ".dvc/tmp/rwlock", "data/crops/.partial-a.npy")]
    for path in left:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    runner(checkout)("make", "clean-state")
    assert not [path for path in left if path.exists()]
    assert not (checkout / ".state").exists()


def test_a_writer_with_too_few_forms(checkout: Path, dataset: Path, main: Main):
    write_zip(dataset, dataset_members(writers=3, forms=2))
    edit_params(checkout / "params.yaml", {"min_forms": 1})
    main("map_writers")
    before = files(checkout)
    with pytest.raises(InputError, match=r"writer 000 has 2 form\(s\), too few"):
        main("split")
    assert files(checkout) == before


def test_wrong_parameters_stop_stages_at_once(checkout: Path, stage: Run, main: Main):
    edit_params(checkout / "params.yaml", {"optimizer": "adamm", "crop.keep": 2})
    before = files(checkout)
    messages = [refused(stage, "check")]
    for name in ("synthesize", "map_writers", "split", "crop", "train", "evaluate", "explain", "enrol"):
        with pytest.raises(InputError) as error:
            main(name)
        messages.append(str(error.value))
    for message in messages:
        assert "params.yaml: optimizer: 'adamm' is not one of" in message
        assert "did you mean 'adam'?" in message
        assert "params.yaml: crop.keep: 2 is not a number over 0 to 1" in message
    assert files(checkout) == before


def test_stages_out_of_order(main: Main):
    for name, missing in (("split", "data/lines.csv"), ("evaluate", "models/model.keras")):
        with pytest.raises(InputError, match=f"{missing}: there is no such file; `dvc repro` makes it"):
            main(name)


def test_stages_use_the_library_beside_them(checkout: Path, stage: Run):
    """Also where another copy of the library is installed: this is what queued experiments rely on."""
    (checkout / "src/writerid/base/errors.py").write_text("raise SystemExit('this very copy')\n")
    assert "this very copy" in stage("map_writers", check=False).stderr


@pytest.mark.parametrize("module", ["stages.evaluate", "tools.unlock"])
def test_help_and_unknown_options(checkout: Path, module: str):
    """Neither does any work: there is no model that could be evaluated, and params.yaml is not read."""
    (checkout / "params.yaml").write_text("not: [yaml")
    run = runner(checkout)
    assert f"usage: python -m {module}" in run(sys.executable, "-m", module, "--help").stdout
    refused = run(sys.executable, "-m", module, "--made-up", check=False)
    assert refused.returncode == 2
    assert "unrecognized arguments: --made-up" in refused.stderr and "Traceback" not in refused.stderr


def test_every_stage_and_tool_runs_by_the_runner_or_reads_its_own_options():
    """So that what holds for those above holds for all."""
    for path in [*(ROOT / "stages").glob("*.py"), *(ROOT / "tools").glob("*.py")]:
        text = path.read_text()
        own_options = re.search(r"^ +run\(main|^ +app\(prog_name", text, re.MULTILINE)  # the latter is typer's
        assert "__main__" not in text or own_options, path


def test_a_python_without_the_packages(checkout: Path):
    """-S hides them from this one."""
    done = runner(checkout)(sys.executable, "-S", "-m", "stages.train", check=False)
    assert done.returncode == 1
    assert "lacks this project's packages; run `make env`" in done.stderr and "Traceback" not in done.stderr


def test_a_folder_is_a_dataset(checkout: Path, main: Main):
    edit_params(checkout / "params.yaml", {"dataset": "data/letters", "split.unseen_writers": 0})
    for name, data in dataset_members(writers=3, forms=4, lines=2).items():
        path = checkout / "data/letters" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data.encode() if isinstance(data, str) else data)
    for name in ("check", "map_writers"):
        told = main(name)
    assert "24 lines of 3 writers; 0 images left out" in told


def test_a_dataset_that_is_not_there_is_refused_before_anything_is_removed(checkout: Path, main: Main):
    edit_params(checkout / "params.yaml", {"dataset": "data/nope.zip"})
    with pytest.raises(InputError) as error:
        main("check")
    assert "`git checkout params.yaml` takes all of it back" in str(error.value)
    assert re.search(r"data/nope.zip: there is no such archive.*`dvc add data/nope.zip`", str(error.value))
    write_zip(checkout / "data/nope.zip", {"a": ""})
    main("check")


def test_letters_with_which_dvc_cannot_copy_a_clone_are_told(checkout: Path, main: Main):
    """The checkout's path has one; a cache elsewhere helps, and names of people in .git/config do harm as well."""
    run = runner(checkout)
    run("git", "init", "--quiet")
    told = "note: the path of this clone has letters beyond ASCII, and DVC cannot run experiments in copies"
    assert main("check").startswith(told)
    run("dvc", "cache", "dir", "--local", str(checkout.parent / "cache"))
    assert "note:" not in main("check")
    run("git", "config", "user.name", "Jürgen")
    assert "note: .git/config has letters beyond ASCII" in main("check")
