"""A run that ended with train holds the test figures of another model, and is not told of."""

import pytest

from writerid.report.runs import MODEL, _untested


@pytest.mark.parametrize(("judged", "untested"), [("a", False), ("b", True), (None, False)])
def test_figures_of_another_model_are_known_by_the_lock(judged: str | None, untested: bool):
    stages = {"train": {"outs": [{"path": MODEL, "md5": "a"}, {"path": "models/checkpoints", "md5": "c"}]}}
    if judged:
        stages["evaluate"] = {"deps": [{"path": "data/lines.csv", "md5": "a"}, {"path": MODEL, "md5": judged}]}
    assert _untested({"stages": stages}) is untested
