"""A run that nobody made, for tests of what is said of one."""

from dataclasses import replace
from typing import Any

from writerid.report.runs import Run


def made_up(**changes: Any) -> Run:
    level = {
        "accuracy": 0.9,
        "accuracy_low": 0.85,
        "accuracy_high": 0.95,
        "items": 40,
        "calibrated_ece": 0.02,
        "ece": 0.1,
    }
    run = Run(
        name="a",
        rev="",
        params={"dataset": "data/own.zip", "dropout": 0.2, "seed": 0},
        edited={},
        mixed=[],
        test=dict.fromkeys(("crop", "line", "form"), level) | {"split": "form", "chance": {"accuracy": 0.02}},
        unseen={"writers": 0},
        explain={},
        train={"best": {"epoch": 1}},
        dataset={"writers": 50},
        split={"train": {"writers": 50}},
        runtime={},
        curves={"train": {"accuracy": [0.9]}},
        tables={"writers": [{"writer": "w", "lines": "8", "line_accuracy": "0.5"}], "pairs": []},
        lock={},
        read=lambda path: None,
    )
    return replace(run, **changes)
