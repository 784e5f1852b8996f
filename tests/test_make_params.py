"""params.yaml is written anew: nothing in it is lost, and nothing wrong gets in."""

from pathlib import Path

import pytest

from tools import params
from writerid.base.errors import InputError
from writerid.base.params import load


def test_make_params_keeps_values_and_fills_in_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text("learning_rate: 1e-05\ncrop:\n  height: 96\ngrid:\n  layers: [2]\n")
    params.main()
    written = load()
    assert (written.learning_rate, written.crop.height, written.grid) == (1e-5, 96, {"layers": [2]})
    assert (written.crop.width, written.dropout) == (112, 0.2)
    once = Path("params.yaml").read_text()
    params.main()
    assert Path("params.yaml").read_text() == once


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("droput: 0.5", r"droput: not a parameter; did you mean 'dropout'\?"),
        ("crop: {heigth: 3}", r"crop.heigth: not a parameter of crop; did you mean 'height'\?"),
        ("crop: 3", "crop: 3 is not a group of keys"),
        ("crop:", "crop: null is not a group of keys"),
        ("grid: {layers: 3}", "grid.layers: 3 is not a list of values"),
        ("layers: 7", "layers: 7 is not a whole number from 1 to 6"),
        ("layers: [1", "line 2: not YAML"),
        ("- 1", "must hold `key: value` lines"),
        ("", "must hold `key: value` lines, not null"),
    ],
)
def test_make_params_drops_nothing_that_it_does_not_know(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, message: str
):
    monkeypatch.chdir(tmp_path)
    Path("params.yaml").write_text(text + "\n")
    with pytest.raises(InputError, match=f"^params.yaml:.*{message}") as error:
        params.main()
    assert len(str(error.value).splitlines()) == 1
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("params.yaml", text + "\n")]
