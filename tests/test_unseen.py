"""The unseen side: what is compared with what, and that a network which tells hands apart is found to."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from tests.conftest import tiny_network
from writerid.crops.windows import CROP, NO_LABEL, Packed
from writerid.evaluation import unseen
from writerid.evaluation.reported import Levels, Scores
from writerid.evaluation.unseen import METRICS, Crops
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


def test_documents_are_lines_halves_of_forms_and_forms():
    form = np.array([0, 0, 0, 1, 2, 2])
    found = unseen.documents(Crops(np.zeros((0, 1)), np.zeros(0, int), form, form))
    np.testing.assert_array_equal(found["line"], np.arange(6))
    np.testing.assert_array_equal(found["half_form"], [0, 0, 1, 2, 3, 4])
    np.testing.assert_array_equal(found["form"], form)


def test_hands_that_are_apart_are_told_apart_and_larger_documents_better():
    near, far = crops(spread=0.6), crops(spread=0.01)
    best = unseen.compared(far, unseen.documents(far)["line"], AS_IT_IS, 20, 0, 0)
    assert (best["map"], best["top1"], best["hard_top2"], best["eer"], best["documents"]) == (1, 1, 1, 0, 72)
    by_level = [unseen.compared(near, own, AS_IT_IS, 20, 0, 0) for own in unseen.documents(near).values()]
    assert by_level[0]["map"] < by_level[1]["map"] < by_level[2]["map"]
    assert [found["lines_a_document"] for found in by_level] == [1, 2, 4]


def test_of_many_documents_so_many_are_drawn_that_their_pairs_fit_in_memory(monkeypatch: pytest.MonkeyPatch):
    made = crops(spread=0.01)
    monkeypatch.setattr(unseen, "MOST", 30)
    found = unseen.compared(made, unseen.documents(made)["line"], AS_IT_IS, 20, 0, 0)
    assert (found["documents"], found["top1"]) == (30, 1)
    assert found["same_pairs"] + found["different_pairs"] < 30 * 29 / 2
    assert found == unseen.compared(made, unseen.documents(made)["line"], AS_IT_IS, 20, 0, 0)
    assert unseen.compared(made, made.form, AS_IT_IS, 20, 0, 0)["documents"] == 18


@pytest.mark.parametrize("writers", [1, 6])
def test_where_nobody_can_be_found_only_documents_are_counted(writers: int):
    alone = crops(0.1, writers=writers, forms=3 if writers == 1 else 1)
    found = unseen.compared(alone, alone.form, AS_IT_IS, 20, 0, 0)
    assert set(found) == {"documents", "lines_a_document"}


def test_more_lines_enrol_better():
    found = unseen.enrolment(crops(spread=0.8), AS_IT_IS, seed=0)
    assert list(found) == ["1", "2", "4"]  # no form has eight lines
    assert found["1"]["accuracy"] < found["2"]["accuracy"] < found["4"]["accuracy"]
    assert found["1"]["eer"] > found["4"]["eer"]
    assert all(own["accuracy_low"] <= own["accuracy"] <= own["accuracy_high"] for own in found.values())
    assert found["1"]["writers"] == 6


def test_enrolled_lines_are_never_asked_about_nor_the_rest_of_their_form():
    """Each form has a vector of its own, so that only lines of enrolled forms could be named but by luck."""
    form = np.repeat(np.arange(12), 4)
    vectors = np.random.default_rng(0).normal(size=(12, 6))[form]
    made = Crops(vectors, np.arange(48), form, form // 2)
    assert unseen.enrolment(made, AS_IT_IS, seed=0)["1"]["accuracy"] < 0.5


@pytest.fixture
def packed() -> Packed:
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
    lines: dict[str, list[Any]] = {"form": names, "writer": writers, "width": [60] * 30, "height": [32] * 30}
    return Packed(strips, tables, lines, np.arange(31) * 60, 24, ["a", "b"])


def evaluated(packed: Packed) -> dict:
    network = tiny_network(classes=2)
    model = build(network, seed=0)
    size = model.get_layer("logits").input.shape[-1]
    labels = packed.tables["test"]["label"]
    levels = Levels(packed, "test", log_softmax(4.0 * np.eye(2)[labels]))
    scores = Scores(packed, levels, dict.fromkeys(("crop", "line", "form"), 1.0), [])
    return unseen.evaluate(model, Embedding(np.zeros(size), np.eye(size)), packed, scores, 20, 0)


def test_the_whole_report(packed: Packed):
    found = evaluated(packed)
    assert (found["writers"], found["line"]["documents"], found["half_form"]["documents"]) == (3, 18, 12)
    assert found["form"]["documents"] == 6
    assert (found["open_set"]["line"]["known"], found["open_set"]["line"]["strangers"]) == (12, 18)
    assert found["open_set"]["form"]["auroc"] == 1  # a network without training is not sure of anything
    assert list(found["enrolment"]) == ["1", "2"]
    assert set(unseen.metrics(found)) == set(METRICS)
    assert found == evaluated(packed)


def test_without_unseen_writers_that_is_said(packed: Packed):
    found = evaluated(replace(packed, tables={**packed.tables, "unseen": packed.tables["unseen"][:0]}))
    assert found == {"writers": 0}
    assert unseen.metrics(found) == {}
