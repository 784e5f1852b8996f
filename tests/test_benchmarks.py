"""What the benchmarks compare with."""

import itertools
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from dvc.utils.hydra import apply_overrides
from PIL import Image
from ruamel.yaml import YAML

from benchmarks import accuracy, contours, probes, reference, scans, served, tables
from tests.conftest import ROOT, dataset_members, line, png, write_zip
from tests.handmade import HANDS, OTHERS, identifier, writing
from writerid.base.files import read_csv
from writerid.dataset.archive import Archive
from writerid.dataset.layouts import find_places
from writerid.dataset.survey import survey
from writerid.scores.decisions import Decisions
from writerid.scores.intervals import share


def test_batches_of_the_reference(tmp_path: Path):
    images = [tmp_path / f"{number}.png" for number in range(40)]
    for number, path in enumerate(images):
        Image.fromarray(line(number, width=90 if number % 2 else 30)).save(path)

    def read(number: int) -> np.ndarray:
        return reference.line(images[number])

    crops, labels = next(reference.batches(read, np.arange(40)))
    # 90 x 30 pixels become 339 x 113: 227 columns are possible, and a tenth of them are cut; 30 x 30 give too few
    assert crops.dtype == np.uint8
    assert crops.shape[1:] == (113, 113)
    found = np.unique(labels.argmax(axis=1), return_counts=True)
    assert set(found[1]) == {22}
    assert (found[0] % 2 == 1).all()
    assert len(crops) == len(labels) == 22 * len(found[0])
    fewer = next(reference.batches(read, np.arange(40), share=0.25))[1]
    assert np.array_equal(np.unique(fewer.argmax(axis=1)), found[0])  # the same lines, a quarter of their crops
    assert len(fewer) == 5 * len(found[0])


def test_a_run_of_the_reference_goes_on_with_the_batches_that_follow():
    lines, labels = [np.full((113, 153), number, np.uint8) for number in range(40)], np.arange(40)
    whole = [crops for crops, _ in itertools.islice(reference.endless(lines, labels, 1), 7)]
    for passed in (0, 1, 2, 5):  # two batches are a round
        following = itertools.islice(reference.endless(lines, labels, 1, passed), 7 - passed)
        for (crops, _), expected in zip(following, whole[passed:], strict=True):
            assert np.array_equal(crops, expected)


def decided(fold: int, form: str, ranks: list[int], form_rank: int = 1) -> list[dict[str, str]]:
    """Rows of predictions.csv of one form: ten crops a line, all right or all wrong."""
    return [
        {
            "line": f"{form}-{number:02d}",
            "form": form,
            "rank": str(rank),
            "crops": "10",
            "crops_right": str(10 * (rank == 1) - fold),
            "form_rank": str(form_rank),
        }
        for number, rank in enumerate(ranks)
    ]


def test_folds_are_pooled_over_lines_and_not_over_folds(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    scores = {key: 1.0 for place in accuracy.ALSO.values() for key in place}
    less = {**scores, "short_lines.accuracy": 0.6, "short_lines.items": 3.0}
    parts = [
        accuracy.Fold(decided(0, "a", [1, 1, 1]), 10, scores),
        accuracy.Fold(decided(1, "b", [1], form_rank=2), 20, less),
    ]
    found = accuracy.pooled([part.rows for part in parts])
    assert {level: one.value for level, one in found.items()} == {"crop": 39 / 40, "line": 1, "form": 0.5}
    assert found["line"].low < 0.5  # two forms show little
    tables.show(
        accuracy.table({"seed 0, folds 0 to 1 pooled": parts, "seed 1, folds 0 to 1 pooled": parts[:1]}),
        tmp_path / "folds.csv",
    )
    told = capsys.readouterr().out
    assert "| seed 0, folds 0 to 1 pooled | 4 | 0.9750 (" in told
    assert "| 10-20 |" in told
    assert f"| 2 seeds, mean +- standard deviation |  | {(39 / 40 + 1) / 2:.4f} +- 0.0177 | 1.0000 +- 0.0000 | " in told
    written = read_csv(tmp_path / "folds.csv", {"by_crop": str, "by_line_low": str})
    assert written["by_crop"] == ["0.9750", "1.0000", f"{(39 / 40 + 1) / 2:.4f} +- 0.0177"]
    assert float(written["by_line_low"][0]) < 0.5
    assert written["by_line_low"][2] == ""
    short = next(row for row in accuracy.also(parts) if row["figure"] == "by line, under 500 pixels wide")
    assert list(short.values())[1:] == ["0.7000", "0.6000", "1.0000"]  # the fold with three such lines counts thrice
    none = accuracy.Fold([], 0, {**scores, "short_lines.items": 0})
    assert (
        list(next(row for row in accuracy.also([none]) if "under 500" in str(row["figure"])).values())[1:] == [""] * 3
    )


def test_a_line_that_two_folds_tested_is_refused():
    with pytest.raises(ValueError, match="line a-00 was tested twice"):
        accuracy.pooled([decided(0, "a", [1]), decided(1, "a", [1])])


def test_a_form_that_several_folds_decided_about_counts_once_for_each():
    first, second = decided(0, "a", [1, 1]) + decided(0, "b", [1]), decided(1, "a", [1], form_rank=2)
    second[0]["line"] = "a-09"
    assert accuracy.pooled([first, second])["form"].value == pytest.approx(2 / 3)
    assert accuracy.pooled([second, first])["form"].value == pytest.approx(2 / 3)


def test_an_experiment_is_known_by_its_parameters_and_the_archive():
    changes = {"seed": 0, "split.fold": 1, "dataset": "/somewhere/set.zip", "epochs": 6}
    name = accuracy.name_of(changes, "digest")
    assert name == accuracy.name_of({**changes, "dataset": "/elsewhere/set.zip"}, "digest")
    others = [accuracy.name_of({**changes, "epochs": 7}, "digest"), accuracy.name_of(changes, "other")]
    assert len({name, *others}) == 3
    assert name.startswith("fold-1-seed-0-")


@pytest.mark.parametrize("change", ["seed=1", "split.fold=2", "dataset=other.zip"])
def test_what_folds_set_themselves_is_not_taken_as_a_change(tmp_path: Path, monkeypatch, capsys, change: str):
    archive = tmp_path / "lines.zip"
    archive.touch()
    monkeypatch.setattr("sys.argv", ["accuracy", str(archive), "-S", change])
    with pytest.raises(SystemExit) as exit_:
        accuracy.main()
    assert exit_.value.code == 2
    assert f"-S {change.split('=')[0]}: that is for --seeds, --folds and ARCHIVE to say" in capsys.readouterr().err


def test_dvc_is_told_a_path_and_values_as_they_are(tmp_path: Path, monkeypatch, capsys):
    archive = tmp_path / "Müller, (old) a=b" / "lines.zip"
    archive.parent.mkdir()
    archive.touch()
    told: list[str] = []

    def run(command: list[str], **_: object) -> SimpleNamespace:
        told.extend(command)
        return SimpleNamespace(returncode=1)

    monkeypatch.setattr(accuracy, "git", lambda *_: "")  # there is no experiment
    monkeypatch.setattr("subprocess.run", run)
    changes = ["learning_rate=1e-3", "top_writers=null", "schedule=[", "precision=2001-01-01", "split.test=0.25"]
    options = [part for change in changes for part in ("-S", change)]
    monkeypatch.setattr("sys.argv", ["accuracy", str(archive), *options])
    with pytest.raises(SystemExit, match=r"ended with 1; your params\.yaml is as it was"):
        accuracy.main()
    (tmp_path / "params.yaml").write_text((ROOT / "params.yaml").read_text())
    apply_overrides(str(tmp_path / "params.yaml"), told[told.index("-S") : -1][1::2])
    params = YAML(typ="safe", pure=True).load((tmp_path / "params.yaml").read_text(encoding="utf-8"))
    assert params["dataset"] == str(archive)
    assert (params["learning_rate"], params["top_writers"], params["schedule"]) == (0.001, None, "[")
    assert (params["precision"], params["split"]["test"], params["epochs"]) == ("2001-01-01", 0.25, 8)
    assert capsys.readouterr().err.startswith("fold 1 of 4: fold-0-seed-0-")


def test_a_probe_sees_no_ink_of_the_next_line():
    for columns in (1, 111, 112, 113, 300):
        starts = probes.whole_crops(columns, 112, 100)
        assert len(starts) == (0 if columns < 112 else 1 + (columns - 112) // 100)
        assert all(start + 112 <= columns for start in starts)


def test_how_long_the_folds_that_are_left_may_take():
    """By those that were run; the second was there already."""
    moments = iter([0.0, 600.0, 600.1, 1400.1, 2000.0])
    clock = accuracy.Clock(5, lambda: next(moments))
    assert [clock.next() for _ in range(5)] == [
        "fold 1 of 5",
        "fold 2 of 5, about 40 min left",
        "fold 3 of 5, about 30 min left",
        "fold 4 of 5, about 23 min left",
        "fold 5 of 5, about 11 min left",
    ]


def test_a_probe_of_ruling_sees_lines_from_side_to_side_and_no_writing():
    crop = np.full((40, 30), 230, np.uint8)  # columns, height
    crop[5:9] = crop[10:30, 20] = 60
    assert probes.ruling(crop) == [0] * 22
    crop[:, 12] = np.minimum(crop[:, 12], 180)
    assert probes.ruling(crop) == [50 * (row == 12) for row in range(4, 26)]


def test_another_archive_of_several_resolutions_and_ruled_paper(tmp_path: Path):
    source = write_zip(tmp_path / "d.zip", dataset_members(2, 4, 1))
    scans.main(source, tmp_path / "mixed.zip", dpi=[150, 600], say=True, ruled_by=None)
    scans.main(source, tmp_path / "ruled.zip", dpi=[300], say=False, ruled_by="form")
    found = {}
    for name in ("d", "mixed", "ruled"):
        with Archive(tmp_path / f"{name}.zip") as archive:
            lines, _ = survey(archive, find_places(archive), 8)
            found[name] = [(x.line, x.writer, x.width, x.dpi, archive.decode(x.path)) for x in lines]
    assert [x[:2] for x in found["d"]] == [x[:2] for x in found["mixed"]] == [x[:2] for x in found["ruled"]]
    assert {x[2:4] for x in found["mixed"]} == {(45, 150), (180, 600)}
    changed = [bool((one[4] != other[4]).any()) for one, other in zip(found["d"], found["ruled"], strict=True)]
    assert changed == [False, True] * 4


def test_contours_name_lines_and_forms_beside_a_network():
    rng = np.random.default_rng(0)
    labels, forms = np.repeat([0, 1], 12), np.repeat(np.arange(6), 4)
    vectors = rng.normal(size=(24, 5)) + 4 * (labels == 0)[:, None]
    fitted = contours.classifier(3).fit(vectors, labels)
    vectors[[0, 12]] = vectors[[12, 0]]  # a line on a form of another's
    lines = Decisions(fitted.predict_log_proba(vectors), labels, forms)
    line, form = share(np.array([3, 4, 4, 3, 4, 4]), np.full(6, 4)), share(np.ones(6), np.ones(6))
    by_line, by_form = tables.bounded("by_line", line), tables.bounded("by_form", form)
    own = {"side": "test", "what": "own", "lines": 24, **by_line, "forms": 6, **by_form}
    assert list(contours.row("test", "own", lines).items()) == list(own.items())
    surer = Decisions(np.log(np.where(np.eye(2)[labels] > 0, 1 - 1e-9, 1e-9)), labels, forms)
    assert contours.row("test", "both", contours.together(lines, surer))["by_line"] == "1.0000"


def test_visitors_of_the_page_get_what_each_gets_alone(tmp_path: Path):
    identifier().save(tmp_path / "identifier")
    hands = HANDS | OTHERS
    lines = write_zip(
        tmp_path / "lines.zip",
        {f"{name}-{n:02d}.png": png(writing(hand, n)) for name, hand in hands.items() for n in range(3)},
    )
    assert len(served.pages(lines)) == len(hands)
    (row,) = served.measured(tmp_path / "identifier", lines, [6])
    assert {name: row[name] for name in ("visitors", "right", "refused", "failed")} == {
        "visitors": 6, "right": 6, "refused": 0, "failed": 0
    }  # fmt: skip
