"""What the page tells of hands never met: of none, of one, of few, and of enough for likelihood ratios."""

import csv
import io
from pathlib import Path
from typing import Any

import pytest

from tests.made_up import made_up
from tests.test_unseen import evaluated, sides, six_strangers
from writerid.crops.windows import Packed
from writerid.evaluation import unseen
from writerid.report import gallery, glossary, look, strangers, unseen_charts
from writerid.report.runs import OF_UNSEEN, Run
from writerid.scores.likelihood_ratio import number


def run_of(packed: Packed) -> Run:
    """A made up run with the unseen side of this one, its tables read as the page reads them."""
    found = evaluated(packed)
    tables: dict[str, list[dict[str, str]]] = {}
    for name in OF_UNSEEN:
        text = io.StringIO(newline="")
        csv.writer(text).writerows([unseen.COLUMNS[name], *found.tables[name]])
        tables[name] = list(csv.DictReader(io.StringIO(text.getvalue(), newline="")))
    side = {"writers": found.figures["writers"], "forms": 18, "lines": 18}
    return made_up(unseen=found.figures, tables=tables, split={"unseen": side, "train": {"writers": 50}})


@pytest.fixture(scope="module")
def six() -> Run:
    return run_of(six_strangers())


def test_of_no_unseen_writer_it_is_said():
    run = made_up()
    assert "split.unseen_writers is 0" in strangers.missing(run)


def test_of_few_it_is_said_what_they_do_not_bear_out():
    few = run_of(sides())
    assert strangers.missing(few).startswith("So few unseen writers do not bear out likelihood ratios: these take 5")
    assert [name for _, name, _ in strangers.measures(few)][-1] == "of it discrimination"
    one = made_up(unseen={"writers": 1, "line": {"documents": 3}})
    assert strangers.missing(one).startswith("Documents by 1 unseen writer cannot be told apart")


def test_what_is_said_of_likelihood_ratios(six: Run):
    assert strangers.missing(six) == ""
    against, bounds, misled, cost = strangers.ratios(six)
    assert "fitted on 6 writers (18 forms, 18 lines) of data/own.zip. Each pair's ratio was fitted without" in against
    assert f"no ratio is above {number(six.unseen['line']['ratio_upper'])} or below 1 in " in bounds
    assert misled.startswith("How often do they mislead? Of 18 pairs of lines by one writer, ")
    assert "of 135 pairs by two writers, " in misled
    assert f"cost {six.unseen['line']['cllr']:.2f} bits" in cost
    drawn = made_up(params={"dataset": "data/synthetic.zip"}, split=six.split)
    assert strangers.population(drawn).endswith("of data/synthetic.zip, whose hands a program drew")
    assert [name for _, name, _ in strangers.measures(six)] == [name for _, name in strangers.MEASURES.values()]
    assert {term for term, _, _ in (*strangers.measures(six), *strangers.open_set(six))} <= set(glossary.TERMS)


def test_how_strongly_a_pair_speaks():
    row = {"ratio": "0.92", "low": "0.74", "high": "1.11"}
    assert strangers.times(row) == (
        "8.3 times likelier if one person wrote both "
        "(log10 of the likelihood ratio 0.92, 95\u00a0% interval 0.74 to 1.11)"
    )
    assert strangers.times({**row, "ratio": "-0.5"}).startswith("3.2 times likelier if two people did (log10 of ")


def test_charts_are_drawn_of_what_there_is(six: Run, tmp_path: Path):
    few = run_of(sides())
    assert set(gallery.of_unseen([made_up(tables={name: [] for name in OF_UNSEEN})])) == set()
    assert set(gallery.of_unseen([few])) == {"enrolled", "enrolled, errors", "coverage by line", "coverage by form"}
    for runs in ([six], [six, few]):
        drawn: dict[str, Any] = gallery.of_unseen(runs)
        assert len(drawn) == 8
        for name, chart in drawn.items():
            look.save_chart(chart.properties(width=300), [name], tmp_path / "chart.png")
    assert set(drawn) <= set(gallery.TITLES)
    spec = unseen_charts.tippett(six.tables["tippett"]).to_dict()
    assert spec["layer"][0]["encoding"]["x"]["field"] == "at"  # the dotted line at a ratio of 1
