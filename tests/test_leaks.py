"""Whatever was edited by hand or run out of order: nothing is evaluated on lines, or forms, that the model saw."""

import csv
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from stages import crop, evaluate, map_writers, split, train
from tests.conftest import copy_checkout, dataset_members, edit_params, write_zip
from writerid.base.errors import InputError
from writerid.evaluation import inputs
from writerid.network import models


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose stages have all run."""
    folder = copy_checkout(tmp_path_factory.mktemp("leaks") / "trained")
    write_zip(folder / "data/own.zip", dataset_members(writers=4, forms=5, lines=2))
    edit_params(folder / "params.yaml", {"dataset": "data/own.zip", "split.unseen_writers": 1})
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        for stage in (map_writers, split, crop, train, evaluate):
            stage.main()
    return folder


@pytest.fixture
def project(trained: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it, the working directory."""
    folder = tmp_path / "project"
    shutil.copytree(trained, folder)
    monkeypatch.chdir(folder)
    return folder


def edit_split(change: Callable[[str, str], str]) -> None:
    """Rewrite data/split.csv; `change` makes a new side of a line and its side."""
    path = Path("data/split.csv")
    with path.open(newline="") as file:
        rows = [(row["line"], change(row["line"], row["split"])) for row in csv.DictReader(file)]
    path.write_text("line,split\n" + "".join(f"{line},{side}\n" for line, side in rows))


def a_form(side: str) -> str:
    """Return a form that is on this side."""
    with Path("data/split.csv").open(newline="") as file:
        return next(row["line"] for row in csv.DictReader(file) if row["split"] == side)[:7]


def writer_of(lines: str, form: str) -> str:
    return next(row["writer"] for row in csv.DictReader(lines.splitlines()) if row["form"] == form)


def write_rows(path: Path, rows: list[dict[str, str]]) -> None:
    with path.open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        table.writeheader()
        table.writerows(rows)


def refused(stage: Callable[[], None], message: str) -> None:
    before = Path("metrics/test.json").read_bytes()
    with pytest.raises(InputError, match=message):
        stage()
    assert Path("metrics/test.json").read_bytes() == before


def test_untouched_it_is_evaluated(project: Path):
    before = Path("metrics/test.json").read_bytes()
    crop.main()
    evaluate.main()
    assert Path("metrics/test.json").read_bytes() == before


@pytest.mark.parametrize(("one", "other"), [("train", "test"), ("train", "validation"), ("validation", "test")])
def test_a_form_on_two_sides_of_the_split(project: Path, one: str, other: str):
    form = a_form(one)
    edit_split(lambda line, side: other if line == f"{form}-01" else side)
    refused(
        crop.main, rf"split.group_by is form, but {one} and {other} share 1 form\(s\), {form} among them; run split"
    )


@pytest.mark.parametrize("other", ["train", "validation", "test"])
def test_an_unseen_writer_on_another_side_of_the_split(project: Path, other: str):
    form = a_form("unseen")
    edit_split(lambda line, side: other if line.startswith(form) else side)
    refused(crop.main, rf"{other} and unseen share 1 writer\(s\), {form[1:3]:0>3} among them, .*; run split again")


def test_a_writer_who_was_trained_on_made_unseen(project: Path):
    """The network would know one writer more than there are; had it not, it would be judged on one it has seen."""
    writer = a_form("train")[:3]
    edit_split(lambda line, side: "unseen" if line.startswith(writer) else side)
    crop.main()
    refused(evaluate.main, r"knows other writers \(3: .*\) than data/crops \(2: ")
    model, provenance = models.load(Path("models/model.keras"))
    models.save(model, replace(provenance, writers=[*provenance.writers][:2]), Path("models/model.keras"))
    with pytest.raises(InputError, match="not a network from crops to its writers"):
        inputs.read(Path("models/model.keras"), Path("data/crops"), Path("data/lines.csv"), ["unseen"])


def test_the_unseen_side_is_judged_only_if_the_model_has_not_seen_its_writers(project: Path):
    read = partial(inputs.read, Path("models/model.keras"), Path("data/crops"), Path("data/lines.csv"))
    model, packed, provenance = read(["test", "unseen"])
    unseen = {line.writer for line in packed.side_lines("unseen")}
    assert list(provenance.unseen) == sorted(unseen)
    assert not unseen & set(packed.writers)
    assert model.output_shape[-1] == len(packed.writers) == 3
    assert (packed.tables["unseen"]["label"] == -1).all()
    seen = [replace(line, writer=min(unseen)) for line in provenance.validation]
    models.save(model, replace(provenance, validation=seen), Path("models/model.keras"))
    with pytest.raises(InputError, match=r"validation and unseen share 1 writer\(s\)"):
        read(["unseen"])
    read(["test"])


def test_crops_of_known_writers_in_place_of_the_unseen(project: Path):
    shutil.copyfile("data/crops/test.npy", "data/crops/unseen.npy")
    with pytest.raises(InputError, match=r"data/crops/unseen.npy: not made from data/lines.csv"):
        inputs.read(Path("models/model.keras"), Path("data/crops"), Path("data/lines.csv"), ["unseen"])


def test_a_line_twice_in_the_split(project: Path):
    with Path("data/split.csv").open("a") as file:
        file.write(f"{a_form('train')}-00,test\n")
    refused(crop.main, "stands in it twice")


@pytest.mark.parametrize("seen", ["train", "validation"])
def test_a_form_moved_to_the_test_side_after_training(project: Path, seen: str):
    form = a_form(seen)
    edit_split(lambda line, side: "test" if line.startswith(form) else side)
    crop.main()
    refused(evaluate.main, rf"{seen} and test share 2 line\(s\), {form}-00 among them; run split, crop and train again")


def test_names_of_seen_and_test_forms_swapped(project: Path):
    """The names say that all is well; the pixels do not."""
    seen, unseen = a_form("train"), a_form("test")
    text = Path("data/lines.csv").read_text()
    assert text.count(f"{seen},") == text.count(f"{unseen},")
    rows = []
    for row in csv.DictReader(text.splitlines()):
        other = {seen: unseen, unseen: seen}.get(row["form"], row["form"])
        if other != row["form"] and writer_of(text, seen) == writer_of(text, unseen):
            row |= {"form": other, "line": row["line"].replace(row["form"], other)}
        rows.append(row)
    assert writer_of(text, seen) == writer_of(text, unseen)
    write_rows(Path("data/lines.csv"), rows)
    crop.main()
    refused(evaluate.main, r"train and test share 2 line\(s\) under two names")


def test_the_same_images_under_other_names_in_the_archive(project: Path):
    members = dataset_members(4, 5, 2)
    text = Path("data/lines.csv").read_text()
    seen, unseen = a_form("train"), a_form("test")
    assert writer_of(text, seen) == writer_of(text, unseen)
    for line in ("00", "01"):
        one, other = (f"lines/{form}-{line}.png" for form in (seen, unseen))
        members[one], members[other] = members[other], members[one]
    write_zip(Path("data/own.zip"), members)
    for stage in (map_writers, split, crop):
        stage.main()
    refused(evaluate.main, r"train and test share 2 line\(s\) under two names")


def test_a_line_given_a_form_of_its_own(project: Path):
    path = Path("data/lines.csv")
    path.write_text(path.read_text().replace(",a00-000,", ",a00-999,", 1))
    for stage in (split, crop, train, evaluate):
        refused(stage.main, "is not one of form 'a00-999'")


def test_lines_split_at_random_share_forms_but_no_line(project: Path):
    edit_params(Path("params.yaml"), {"split.group_by": "line"})
    form = a_form("train")
    edit_split(lambda line, side: "test" if line == f"{form}-01" else side)
    crop.main()
    refused(evaluate.main, rf"train and test share 1 line\(s\), {form}-01 among them")
    train.main()
    evaluate.main()


def test_crops_of_a_seen_side_in_place_of_the_test_crops(project: Path):
    shutil.copyfile("data/crops/validation.npy", "data/crops/test.npy")
    refused(evaluate.main, r"validation and test share \d+ line\(s\)")


@pytest.mark.parametrize("change", [{"width": 24}, {"width": 40}, {"height": 40}, {"height": "x"}, {"lines": ""}])
def test_crops_that_are_not_what_they_say(project: Path, change: dict[str, object]):
    path = Path("data/crops/crops.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    for stage in (train, evaluate):
        refused(stage.main, "data/crops/.*; run crop again")


def test_crops_of_another_table_of_lines(project: Path):
    members = {name: data for name, data in dataset_members(4, 5, 2).items() if not name.startswith("lines/a01")}
    write_zip(Path("data/own.zip"), members | {"lines/a01-000-00.png": members["lines/a00-000-00.png"]})
    edit_params(Path("params.yaml"), {"min_forms": 1})
    map_writers.main()
    for stage in (train, evaluate):
        refused(stage.main, "run crop again")


def test_damaged_tables_of_crops(project: Path):
    for name, message in (("train", "data/crops/train.npy"), ("validation", "data/crops/validation.npy")):
        path = Path(f"data/crops/{name}.npy")
        whole = np.load(path)
        for damaged in (whole[:0], whole["start"], whole[::-1]):
            np.save(path, damaged)
            if name == "validation" or damaged.dtype != whole.dtype or not len(damaged):
                refused(train.main, message)
        np.save(path, whole)
