"""The unseen side: what is compared with what, and that a network which tells hands apart is found to."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.conftest import tiny_network
from writerid.crops.windows import CROP, NO_LABEL, Packed
from writerid.evaluation import comparing, unseen
from writerid.evaluation.comparing import Judged
from writerid.evaluation.documents import Crops, Documents, documents, levels
from writerid.evaluation.enrolling import enrolment
from writerid.evaluation.reported import Levels, Scores
from writerid.evaluation.unseen import METRICS, Report
from writerid.network.models import build
from writerid.scores.decisions import log_softmax
from writerid.scores.embedding import Embedding

AS_IT_IS = Embedding(np.zeros(6), np.eye(6))


def crops(spread: float, writers: int = 6, forms: int = 3, lines: int = 4) -> Crops:
    """Two crops a line; writers lie on axes of their own."""
    rng = np.random.default_rng(0)
    form = np.repeat(np.arange(writers * forms), lines)
    writer = form // forms
    line = np.repeat(np.arange(len(form)), 2)
    return Crops(np.eye(6)[writer[line]] + spread * rng.normal(size=(len(line), 6)), line, form, writer)


def made(own: Crops, level: str = "line") -> Documents:
    return documents(own, levels(own)[level], AS_IT_IS, np.random.default_rng(0))


def judged(own: Documents) -> tuple[dict[str, float], Judged | None]:
    return comparing.compared(own, 20, np.random.default_rng(0))


def test_documents_are_lines_halves_of_forms_and_forms():
    form = np.array([0, 0, 0, 1, 2, 2])
    found = levels(Crops(np.zeros((0, 1)), np.zeros(0, int), form, form))
    np.testing.assert_array_equal(found["line"], np.arange(6))
    np.testing.assert_array_equal(found["half_form"], [0, 0, 1, 2, 3, 4])
    np.testing.assert_array_equal(found["form"], form)
    half = made(crops(0.1), "half_form")
    assert (half.lines == 2).all()
    np.testing.assert_array_equal(half.first_line[:3], [0, 2, 4])
    np.testing.assert_array_equal(half.writers[:7], [0, 0, 0, 0, 0, 0, 1])
    np.testing.assert_allclose(np.linalg.norm(half.vectors, axis=1), 1)


def test_hands_that_are_apart_are_told_apart_and_larger_documents_better():
    best, pairs = judged(made(crops(spread=0.01)))
    assert (best["map"], best["top1"], best["hard_top2"], best["eer"], best["documents"]) == (1, 1, 1, 0, 72)
    assert pairs is not None
    assert (best["misleading_same"], best["misleading_different"]) == (0, 0)
    assert -1 < best["ratio_lower"] < 0 < best["ratio_upper"] < np.log10(6 * 5 / 2 + 1)
    by_level = [judged(made(crops(spread=0.6), level))[0] for level in ("line", "half_form", "form")]
    assert by_level[0]["map"] < by_level[1]["map"] < by_level[2]["map"]
    assert [found["lines_a_document"] for found in by_level] == [1, 2, 4]


def test_of_many_documents_so_many_are_drawn_that_their_pairs_fit_in_memory(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("writerid.evaluation.documents.MOST", 30)
    own = made(crops(spread=0.01))
    found = judged(own)[0]
    assert (found["documents"], found["top1"]) == (30, 1)
    assert found["same_pairs"] + found["different_pairs"] < 30 * 29 / 2
    assert len(set(own.first_line)) == 30
    np.testing.assert_array_equal(own.first_line, made(crops(spread=0.01)).first_line)
    assert len(made(crops(spread=0.01), "form").writers) == 18


@pytest.mark.parametrize("writers", [1, 6])
def test_where_nobody_can_be_found_only_documents_are_counted(writers: int):
    found, pairs = judged(made(crops(0.1, writers=writers, forms=3 if writers == 1 else 1)))
    assert set(found) == {"documents", "lines_a_document"}
    assert pairs is None


def test_of_few_writers_there_are_no_ratios():
    found, pairs = judged(made(crops(0.3, writers=4)))
    assert {"map", "eer", "cllr_min"} <= set(found)
    assert not {"cllr", "ratio_upper", "misleading_same"} & set(found)
    assert pairs is None


def test_the_pairs_that_are_shown_are_the_surest_and_the_worst_mistakes():
    own = made(crops(spread=0.9))
    _, pairs = judged(own)
    assert pairs is not None
    found = comparing.shown(own, pairs, seed=0)
    assert [pair.kind for pair in found] == [
        kind for kind in ("surest_same", "surest_different", "worst_same", "worst_different") for _ in range(2)
    ]
    assert own.vectors[found[0].one] @ own.vectors[found[0].other] == pytest.approx(found[0].likeness)
    assert found[0].likeness == pairs.pairs.score[pairs.pairs.same].max()
    assert found[-2].likeness == pairs.pairs.score[~pairs.pairs.same].max()
    for pair in found:
        one, other = (own.writers[document] for document in (pair.one, pair.other))
        assert (one == other) == pair.kind.endswith("_same")
        assert own.forms[pair.one] != own.forms[pair.other]
        assert (pair.ratio > 0) == (pair.kind in ("surest_same", "worst_different"))
        assert pair.low <= pair.ratio <= pair.high
    assert len({frozenset(own.writers[[pair.one, pair.other]]) for pair in found[2:4]}) == 2
    apart = made(crops(spread=0.01))
    told = judged(apart)[1]
    assert told is not None
    assert {pair.kind for pair in comparing.shown(apart, told, 0)} == {"surest_same", "surest_different"}


def test_more_lines_enrol_better():
    found = enrolment(crops(spread=0.8), AS_IT_IS, 30, seed=0)
    assert list(found) == ["1", "2", "4"]  # no form has eight lines
    assert found["1"]["accuracy"] < found["2"]["accuracy"] < found["4"]["accuracy"]
    assert found["1"]["eer"] > found["4"]["eer"]
    for own in found.values():
        assert own["accuracy_low"] <= own["accuracy"] <= own["accuracy_high"]
        assert own["eer_low"] < own["eer"] < own["eer_high"]
    assert found["1"]["writers"] == 6


def test_enrolled_lines_are_never_asked_about_nor_the_rest_of_their_form():
    """Each form has a vector of its own, so that only lines of enrolled forms could be named but by luck."""
    form = np.repeat(np.arange(12), 4)
    vectors = np.random.default_rng(0).normal(size=(12, 6))[form]
    own = Crops(vectors, np.arange(48), form, form // 2)
    assert enrolment(own, AS_IT_IS, 10, seed=0)["1"]["accuracy"] < 0.5


def sides() -> Packed:
    """Writers a and b are known, c, d and e are not; two forms of three lines each; two crops a line."""
    rng = np.random.default_rng(0)
    form = np.repeat(np.arange(10), 3)
    names = [f"f{number}" for number in form]
    writers = [list("abcde")[number // 2] for number in form]
    line = np.repeat(np.arange(30), 2)
    table = np.zeros(60, CROP)
    table["line"], table["start"] = line, line * 60 + np.tile([0, 36], 30)
    table["label"] = np.where(line < 12, line // 6, NO_LABEL)
    strips = rng.integers(0, 256, (1800, 32)).astype(np.uint8)
    tables = {"test": table[:24], "validation": table[:24], "unseen": table[24:]}
    lines: dict[str, list[Any]] = {
        "line": [f"l{number}" for number in range(30)],
        "form": names,
        "writer": writers,
        "width": [60] * 30,
        "height": [32] * 30,
    }
    return Packed(strips, tables, lines, np.arange(31) * 60, 24, ["a", "b"])


def six_strangers() -> Packed:
    """Six writers are unknown, with three lines each, every one a form of its own."""
    names = {"writer": [f"w{number // 3}" for number in range(30)], "form": [f"f{number}" for number in range(30)]}
    made = sides()
    return replace(made, lines={**made.lines, **names})


@pytest.fixture
def packed() -> Packed:
    return sides()


def evaluated(packed: Packed) -> Report:
    network = tiny_network(classes=2)
    model = build(network, seed=0)
    size = model.get_layer("logits").input.shape[-1]
    labels = packed.tables["test"]["label"]
    levels = Levels(packed, "test", log_softmax(4.0 * np.eye(2)[labels]))
    scores = Scores(packed, levels, dict.fromkeys(("crop", "line", "form"), 1.0), [])
    return unseen.evaluate(model, Embedding(np.zeros(size), np.eye(size)), packed, scores, 20, 0)


def test_the_whole_report(packed: Packed):
    report = evaluated(packed)
    found = report.figures
    assert (found["writers"], found["line"]["documents"], found["half_form"]["documents"]) == (3, 18, 12)
    assert found["form"]["documents"] == 6
    assert (found["open_set"]["line"]["known"], found["open_set"]["line"]["strangers"]) == (12, 18)
    assert found["open_set"]["form"]["auroc"] == 1  # a network without training is not sure of anything
    assert list(found["enrolment"]) == ["1", "2"]
    assert set(unseen.metrics(found)) == set(METRICS)
    assert {name: len(rows) for name, rows in report.tables.items()} == found["rows"]
    assert found["rows"] == {"tippett": 0, "cross_entropy": 0, "enrolment": 2, "coverage": 80, "pairs": 0}
    assert all(len(row) == len(unseen.COLUMNS[name]) for name, rows in report.tables.items() for row in rows)
    assert report == evaluated(packed)


def test_six_writers_have_ratios_and_pairs_to_show():
    found = evaluated(six_strangers())
    assert found.figures["rows"]["tippett"] == 3 * 2 * 61
    assert found.figures["rows"]["cross_entropy"] == 3 * 3 * 41
    line_one, line_other = found.tables["pairs"][0][1:3]
    assert line_one != line_other
    assert {str(row[3])[0] for row in found.tables["pairs"]} == {"w"}


def test_one_stranger_is_refused_but_not_compared(packed: Packed):
    """Nor are strangers of whom each wrote one form."""
    table = packed.tables["unseen"]
    alone = evaluated(replace(packed, tables={**packed.tables, "unseen": table[table["line"] < 18]}))
    single = evaluated(replace(packed, lines={**packed.lines, "form": packed.lines["writer"]}))
    for found, writers in ((alone, 1), (single, 3)):
        assert found.figures["writers"] == writers
        assert "auroc" in found.figures["open_set"]["form"]
        assert set(found.figures["line"]) == {"documents", "lines_a_document"}
        assert found.figures["enrolment"] == {}
        assert [len(found.tables[name]) for name in unseen.COLUMNS] == [0, 0, 0, 80, 0]


def test_without_unseen_writers_that_is_said(packed: Packed):
    report = evaluated(replace(packed, tables={**packed.tables, "unseen": packed.tables["unseen"][:0]}))
    assert report.figures == {"writers": 0, "rows": dict.fromkeys(unseen.COLUMNS, 0)}
    assert unseen.metrics(report.figures) == {}
