"""What is asked of git and DVC is what they are meant to do, whatever a person's paths, values and settings are."""

from pathlib import Path
from typing import Any

import pytest
from dvc.utils.hydra import apply_overrides
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from writerid.repository import dvc

VALUES: tuple[Any, ...] = (
    *(
        "data/iam.zip",
        "/home/M\u00fcller (old), a=b/iam.zip",
        "",
        " x ",
        "null",
        "true",
        "12",
        "1e-3",
        "[a]",
        "{a: b}",
        "~x",
    ),
    *("it's", '"quoted"', "\\", "a\\'", "${x}", "\\\\${oc.env:HOME}", "a\nb", "# x", "a: b", "*.zip", "choice(1,2)"),
    *(None, True, False, 0, -3, 10**30, 0.0, 0.4, 1e-05, 1e22, [], [1, 0.5, None, "a,b", [True, "it's", "["]]),
)


def through_dvc(value: Any, path: Path) -> Any:
    """The value after `dvc exp run -S`, which goes through Hydra and OmegaConf, has written it to a file."""
    path.write_text("seed: 0\nkey: x\n")
    apply_overrides(str(path), [dvc.override("key", value)])
    return YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8"))["key"]


@pytest.mark.parametrize("value", VALUES)
def test_a_value_that_dvc_is_told_comes_to_be_as_it_is(value: Any, tmp_path: Path):
    found = through_dvc(value, tmp_path / "params.yaml")
    assert (found, type(found)) == (value, type(value))


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(st.sampled_from("\\'\"${}[]()=,: a\u00fc\n"), max_size=8))
def test_so_does_any_text(text: str, tmp_path: Path):
    assert through_dvc(text, tmp_path / "params.yaml") == text
