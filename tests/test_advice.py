"""Advice is followed to the letter: what a message says to set is set, and the next stage is content."""

import re
from pathlib import Path

import pytest

from stages import map_writers, split
from tests.conftest import copy_checkout, dataset_members, edit_params, write_zip
from writerid.base.errors import InputError


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = copy_checkout(tmp_path / "project", {"dataset": "data/own.zip", "split.unseen_writers": 0})
    monkeypatch.chdir(folder)
    return folder


def advice(message: str) -> list[dict[str, object]]:
    """What a message says to set, one alternative each."""
    ways = []
    for way in message.split(": ", 1)[1].split("; or "):
        settings = dict(re.findall(r"((?:split\.)?[a-z_]+): (form|line|\d+)", way))
        if settings:
            ways.append({key: int(value) if value.isdigit() else value for key, value in settings.items()})
    return ways


@pytest.mark.parametrize(
    ("forms", "lines", "min_forms", "ways"),
    [(1, 12, 3, 1), (2, 6, 3, 1), (3, 2, 5, 1), (4, 5, 9, 2)],
)
def test_each_way_that_is_offered_leads_to_a_split(project: Path, forms: int, lines: int, min_forms: int, ways: int):
    write_zip(project / "data/own.zip", dataset_members(3, forms, lines))
    edit_params(project / "params.yaml", {"min_forms": min_forms})
    with pytest.raises(InputError) as error:
        map_writers.main()
    offered = advice(str(error.value).splitlines()[1])
    assert len(offered) == ways
    for settings in offered:
        edit_params(project / "params.yaml", settings)
        map_writers.main()
        split.main()


def test_where_nothing_helps_nothing_is_offered(project: Path):
    write_zip(project / "data/own.zip", dataset_members(3, 1, 2))
    with pytest.raises(InputError, match="this dataset allows neither; add forms of two writers or more") as error:
        map_writers.main()
    assert not re.search(r"\bset ", str(error.value))
