"""What the page says of a run, of made up ones."""

from dataclasses import replace
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT
from tests.made_up import made_up
from writerid.base.params import meanings
from writerid.explain.orders import ORDERS
from writerid.report import compared, glossary, reasons, words
from writerid.report.runs import flat


def test_what_is_said_of_a_result():
    run = made_up()
    assert words.headline(run) == (
        "Of 40 test lines, 90.0 % are given to the right one of 50 writers (95 % interval: 85.0 % to 95.0 %); "
        "guessing would give 2.0 %."
    )
    iam = made_up(dataset={"writers": 50, "iam": True}, params={"dataset": "data/mine.zip"})
    assert "8.7 points more." in words.against_reference(iam)[0]
    (told,) = words.against_reference(made_up(params={"dataset": "data/william.zip"}))  # a name says nothing
    assert "of other data. They do not compare" in told
    shares = {1.0: "100.0 %", 0.99958: "99.96 %", 0.9999999: "99.999 %", 0.5: "50.0 %"}
    assert {share: words.percent(share) for share in shares} == shares
    (told,) = words.against_reference(made_up(params={"dataset": "data/synthetic.zip"}))
    assert "drawn by a program" in told
    assert "points" not in told  # the two are of different data
    by_line = made_up(test={**run.test, "split": "line"})
    assert "on both sides here" in words.leaning(by_line)
    assert words.leaning(run) == ""
    assert words.failures(run)[0] == (
        "Hardest writers, by lines that are right: w (50 % of 8). No writer has every line right."
    )
    table = [{"writer": str(i), "lines": "8", "line_accuracy": "0.5" if i < 8 else "1"} for i in range(9)]
    told = words.failures(made_up(tables={"writers": table, "pairs": []}))[0]
    assert told.endswith("4 (50 % of 8). 3 writers more have at least one wrong line. Of 1 writer every line is right.")


def test_why_training_may_look_worse_than_validation():
    assert "still changes, with parts of the network switched off (dropout)." in words.harder(made_up())
    smoothed = made_up(params={"dropout": 0.2, "label_smoothing": 0.1, "augment.share": 0.5})
    assert "(dropout), against targets" in words.harder(smoothed)
    assert "(label smoothing) and on crops" in words.harder(smoothed)
    assert words.harder(made_up(params={"dropout": 0.0})) == ""


def test_what_decisions_rest_on():
    shares = {("", "as it is"): 0.9, ("", "anew"): 0.8, ("slant", "left"): 0.6, ("slant", "right"): 0.79}
    shares |= {("size", "larger"): 0.7, ("order", "any order"): 0.78, ("place", "higher"): 0.85}

    def rows(spread: float) -> list[dict[str, str]]:
        return [
            {
                "trait": trait,
                "change": change,
                "accuracy": str(share),
                "p": "0.0010" if abs(share - 0.8) > 2 * spread else "1.0000",
            }
            for (trait, change), share in shares.items()
        ]

    told = reasons.upset_by(made_up(tables={"traits": rows(0.05)}))
    assert "90.0 % are right as they are, and 80.0 % when" in told[0]
    assert told[1] == "Decisions suffer most from a change of slant (60.0 %: left)."  # size costs but an eighth
    assert told[2] == (
        "For order and place it is not certain that anything is lost, compared with lines drawn anew. The others lie "
        "between."
    )
    for few in (rows(0.05)[:2], rows(0.2)):  # nothing changed; all within chance
        unsure = reasons.upset_by(made_up(tables={"traits": few}))
        assert unsure[1].startswith("No single trait is seen to decide")


def test_a_weak_network_explains_nothing_and_is_told_why():
    weak = made_up(test={"crop": {"accuracy": 0.04}, "chance": {"accuracy": 0.02}})
    assert reasons.upset_by(weak) == [reasons.trust(weak)] == [reasons.weak(weak)]
    assert "so weak a network says nothing" in reasons.weak(weak)
    assert "needs more forms of each writer" in reasons.weak(weak)  # 90 % of its training crops are right
    untrained = replace(weak, curves={"train": {"accuracy": [0.03]}})
    assert "Train it longer" in reasons.weak(untrained)
    blank = replace(untrained, explain={"blank_crops": 0.9})
    assert "90 % of the test crops hold no writing" in reasons.weak(blank)
    assert "longer" not in reasons.weak(blank)
    assert reasons.weak(made_up(test={"crop": {"accuracy": 0.47}, "chance": {"accuracy": 0.5}}))
    assert not reasons.weak(made_up(test={"crop": {"accuracy": 0.9}, "chance": {"accuracy": 0.5}}))


def test_parameters_that_were_edited_after_the_run():
    run = made_up(edited={"dropout": 0.4, "crop.tone": "gone"}, params={"dropout": 0.2, "crop.tone": "clip"})
    assert words.edited(run) == (
        "params.yaml was changed after this run: dropout is 0.4 there, and was 0.2, crop.tone is gone there, and was "
        "clip. This page is of the run as it was; `dvc repro` makes another."
    )
    many = {f"p{number}": number for number in range(8)}
    assert "p4 is 4 there, and was 0; and 3 more. This" in words.edited(
        made_up(edited=many, params=dict.fromkeys(many, 0))
    )
    assert words.edited(made_up()) == ""


def test_evidence_is_believed_only_where_it_beats_chance():
    good = {"area": 0.2, "over_random_low": 0.1, "over_ink_low": 0.1, "over_random_p": 0.01, "over_ink_p": 0.01}
    test = {**dict.fromkeys(ORDERS, good), "random": {"area": 0.4}, "ink": {"area": 0.4}}
    assert "beyond chance" in reasons.trust(made_up(explain={"crops": 64, "deletion": test, "insertion": test}))
    assert "prove nothing" in reasons.trust(made_up(explain={"crops": 9, "deletion": test, "insertion": test}))
    coarse = {**test, "grad_cam": {**good, "over_random_low": -0.1}}
    told = reasons.trust(made_up(explain={"crops": 64, "deletion": test, "insertion": coarse}))
    assert "beyond chance" in told
    assert "Grad-CAM, shown further down, does not beat both orders in both tests here." in told
    bad = {**test, "integrated_gradients": {**good, "over_ink_low": -0.1}}
    assert "do not read" in reasons.trust(made_up(explain={"crops": 64, "deletion": test, "insertion": bad}))


def locked(code: str = "0", crops: str = "0", model: str = "0") -> dict[str, Any]:
    """What dvc.lock holds of a fit and its evaluation."""
    read = [{"path": "src/writerid/network", "md5": code}, {"path": "data/crops/test.npy", "md5": crops}]
    judged = [*read, {"path": "models/model.keras", "md5": model}]
    return {"stages": {"train": {"deps": read}, "evaluate": {"deps": judged}}}


def test_runs_with_and_without_dropout_find_one_another():
    dropped = made_up(lock=locked())
    plain = made_up(name="b", params={**dropped.params, "dropout": 0.0}, lock=locked(model="1"))
    other = made_up(name="c", params={**plain.params, "seed": 1}, lock=locked())
    assert compared.dropout_pair([plain, dropped]) == (dropped, plain)
    assert compared.dropout_pair([dropped, other]) is None
    for lock in (locked(code="1"), locked(crops="1"), {}):  # of other code, of another archive of that name, unknown
        assert compared.dropout_pair([dropped, replace(plain, lock=lock)]) is None
    assert compared.dropout_pair([replace(dropped, lock={}), replace(plain, lock={})]) is None
    assert compared.differing([dropped, plain]) == [("dropout", ["0.2", "0.0"])]


def test_runs_of_other_code_or_data_are_told_apart():
    one = made_up(lock=locked(code="1234567890.dir"))
    one.lock["stages"]["crop"] = {"deps": [{"path": "data/own.zip", "md5": "1" * 32}]}
    other = made_up(name="b", lock=locked(code="abcdefabcdef.dir", crops="1"))
    code = ("MD5 of src/writerid/network", ["1234567", "abcdefa"])
    assert compared.differing([one, other]) == [("MD5 of data/own.zip", ["1111111", "-"]), code]
    assert compared.differing([one, replace(other, lock={})]) == []  # not known


def test_terms_are_linked_where_they_are_first_met():
    found = str(glossary.linked("Crops & losses; of crops, the loss: Loss", "loss", "crop"))
    assert found.count("<a ") == 2
    assert found.startswith('<a class="term" href="#term-crop" title="A piece of a line')
    assert ">Crops</a> &amp; losses; of crops, the <a" in found
    assert found.endswith(">loss</a>: Loss")
    with pytest.raises(KeyError):
        glossary.term("jargon")


def test_every_parameter_is_explained():
    written = flat(YAML(typ="safe").load((ROOT / "params.yaml").read_text()))
    assert written.keys() <= meanings().keys()
    assert min(len(meaning) for meaning in meanings().values()) > 10


@pytest.mark.parametrize(
    ("kind", "shown", "said"),
    [
        ("surest_wrong", 5, ""),
        ("surest_wrong", 1, "These are all: every other test line is right."),
        ("surest_wrong", 0, "There is none: every test line is right."),
        ("least_sure", 2, "Only these 2 test lines are left that are not shown above."),
        ("least_sure", 1, "Only this test line is left that is not shown above."),
        ("surest_right", 0, "No right test line is left that is not shown above."),
    ],
)
def test_fewer_lines_than_asked_for_are_explained(kind: str, shown: int, said: str):
    assert reasons.few(made_up(params={"explain.lines": 5}), kind, shown) == said
