"""The parameters stay the same while one `dvc` runs its stages: each stage reads params.yaml anew, and so does DVC."""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
from ruamel.yaml import YAML

from writerid.base import declaration
from writerid.base.dotted import flat
from writerid.base.errors import InputError
from writerid.base.files import atomic
from writerid.base.lifetime import STAGE, started_by

BEGUN = Path(".dvc/tmp/begun.json")  # the `dvc` that runs stages here, and the parameters it began with


@contextmanager
def steady() -> Iterator[None]:
    """Refuse parameters that were edited since the first stage of this `dvc`, or, of the stage's own, while it ran.

    DVC writes down the values that params.yaml holds once a stage has ended. Without DVC there is nothing to refuse.
    Raises InputError.
    """
    stage, dvc = os.environ.get(STAGE), _identity()
    if stage is None or dvc is None:
        yield
        return
    begun = _read(BEGUN)
    if begun.get("dvc") == dvc:
        _compare(begun["params"], "since this run began; put it back, or run it again with the new value")
    else:
        with atomic(BEGUN) as temporary:
            temporary.write_text(json.dumps({"dvc": dvc, "params": _parameters()}), encoding="utf-8")
    before = _parameters()
    yield
    own = tuple(f"{name}." for name in declaration.parameters(stage))
    read = {key: value for key, value in before.items() if f"{key}.".startswith(own)}
    _compare(read, f"while {stage} ran, and DVC would take its results for those of the new value; run it again")


def _compare(before: dict[str, Any], when: str) -> None:
    now = _parameters()
    for key in before:
        if now and now.get(key) != before[key]:
            raise InputError(f"params.yaml: {key} was changed from {before[key]} to {now.get(key)} {when}")


def _parameters() -> dict[str, Any]:
    """The values in params.yaml, but for the grid, as JSON holds them; empty where it cannot be read."""
    try:
        content = YAML(typ="safe", pure=True).load(Path("params.yaml").read_text(encoding="utf-8"))
        return dict(json.loads(json.dumps(flat(content), default=str)))
    except Exception:  # whatever is wrong with it, the stage tells
        return {}


def _identity() -> list[float] | None:
    """Number and time of the start of the `dvc` that started this process, which no two share."""
    try:
        number = started_by()
        return [number, psutil.Process(number).create_time()]
    except (psutil.Error, ValueError):
        return None


def _read(path: Path) -> dict[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}
