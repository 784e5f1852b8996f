"""A run that ended with train holds the test figures of another model, one that ended with evaluate its pictures."""

import pytest

from writerid.report.runs import MODEL, _of_other_model


@pytest.mark.parametrize("reporter", ["evaluate", "explain"])
@pytest.mark.parametrize(("judged", "other"), [("a", False), ("b", True), (None, False)])
def test_figures_of_another_model_are_known_by_the_lock(reporter: str, judged: str | None, other: bool):
    stages = {"train": {"outs": [{"path": MODEL, "md5": "a"}, {"path": "models/checkpoints", "md5": "c"}]}}
    if judged:
        stages[reporter] = {"deps": [{"path": "data/lines.csv", "md5": "a"}, {"path": MODEL, "md5": judged}]}
    assert _of_other_model({"stages": stages}, reporter) is other
