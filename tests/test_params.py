"""Every value of params.yaml is checked, and every message names the key, what it holds and what it may hold."""

import copy
from pathlib import Path
from typing import Any, get_args

import keras
import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT
from writerid.base.errors import InputError
from writerid.base.params import check, load
from writerid.base.schema import Optimizer
from writerid.network.training import optimizers


def changed(**changes: Any) -> dict[str, Any]:
    content = copy.deepcopy(YAML(typ="safe").load((ROOT / "params.yaml").read_text()))
    for key, value in changes.items():
        *groups, name = key.split("__")
        node = content
        for group in groups:
            node = node[group]
        node[name] = value
    return content


def test_the_committed_parameters_are_valid():
    assert load(ROOT / "params.yaml").dataset == "data/synthetic.zip"


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"optimizer": "adamm"}, r"optimizer: 'adamm' is not one of adadelta, .*; did you mean 'adam'\?"),
        ({"layers": 7}, "layers: 7 is not a whole number from 1 to 6"),
        ({"layers": 0}, "layers: 0 is not a whole number from 1 to 6"),
        ({"layers": True}, "layers: true is not a whole number"),
        ({"layers": "3"}, "layers: '3' is not a whole number"),
        ({"layers": 3.0}, "layers: 3.0 is not a whole number"),
        ({"layers": None}, "layers: null is not a whole number"),
        ({"lyers": 3}, r"lyers: not a parameter; did you mean 'layers'\?"),
        ({"crop__heigth": 3}, r"crop.heigth: not a parameter of crop; did you mean 'height'\?"),
        ({"crop": 3}, "crop: 3 is not a group of keys: height, width"),
        ({"dropout": 1}, "dropout: 1 is not a number from 0 under 1"),
        ({"learning_rate": float("nan")}, "learning_rate: nan is not a number over 0"),
        ({"learning_rate": "fast"}, "learning_rate: 'fast' is not a number over 0"),
        ({"batch_norm": "yes"}, "batch_norm: 'yes' is not true or false"),
        ({"top_writers": 1}, "top_writers: 1 is not a whole number from 2 or null"),
        (
            {"synthesis__writers": 10_000, "synthesis__forms": 300},
            "synthesis: .* are 24,000,000 lines; 2,000,000 at most",
        ),
        ({"dataset": ""}, "dataset: '' is not the path of an archive or a folder"),
        ({"pages__label_text": 3}, "pages.label_text: 3 is not text"),
        ({"pages__label_text": "["}, r"pages.label_text: '\[' is not a regular expression"),
        ({"split__fold": 6}, "split.fold: 6 is out of range; with split.test: 0.15 there are 6 folds, 0 to 5"),
        (
            {"split__fold": 1, "split__test": 0.8, "split__train": 0.05},
            "fold: 1 is out of .* is one fold, 0",
        ),
        ({"seed": -1}, "seed: -1 is not a whole number from 0"),
        ({"split__group_by": "page"}, "split.group_by: 'page' is not one of form, line"),
        ({"split__train": 0.8}, "split: train, validation and test are 1.1 together; they must add up to 1"),
        ({"warmup_steps": 600}, r"warmup_steps: 600 leaves nothing of the 600 steps .* 0 to 599"),
        ({"layers": 6, "kernel_size": 9}, "layers: 6 with kernel_size: 9 does not fit crops of 64 x 112 pixels"),
        ({"crop__height": 8, "layers": 3}, "layers: 3 with kernel_size: 3 does not fit crops of 8 x 112"),
        ({"grid": 3}, "grid: 3 is not a mapping from parameters to lists of values"),
        ({"grid__layers": 3}, "grid.layers: 3 is not a list of values"),
        ({"grid__layers": []}, "grid.layers: holds no value"),
        ({"grid__layers": [2, 9]}, "grid.layers: 9 is not a whole number from 1 to 6"),
        ({"grid__layrs": [1]}, r"grid.layrs: not a parameter to tune; did you mean 'layers'\?"),
        ({"grid__crop": [1]}, "grid.crop: not a parameter to tune"),
    ],
)
def test_a_wrong_value_is_named(changes: dict[str, Any], message: str):
    with pytest.raises(InputError, match=message):
        check(changed(**changes))


def test_a_missing_key_is_named_with_what_it_must_hold():
    content = changed()
    del content["split"]["train"], content["kernel_size"]
    with pytest.raises(InputError) as error:
        check(content)
    assert "split.train: missing; it must hold a number over 0 under 1" in str(error.value)
    assert "kernel_size: missing; it must hold a whole number from 1 to 31" in str(error.value)


def test_all_problems_are_told_at_once():
    with pytest.raises(InputError) as error:
        check(changed(layers=9, optimizer="sdg", epochs=0))
    assert len(str(error.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("layers: [1", "line 2: not YAML"),
        ("layers: 1\nlayers: 2\n", "not YAML: found duplicate key"),
        ("- 1\n", "must hold `key: value` lines"),
        ("", "must hold `key: value` lines, not null"),
        ("a: \x00", "not YAML"),
    ],
)
def test_a_file_that_is_not_yaml(tmp_path: Path, text: str, message: str):
    path = tmp_path / "params.yaml"
    path.write_text(text + "\n")
    with pytest.raises(InputError, match=message):
        load(path)


def test_a_file_that_is_not_there_or_not_text(tmp_path: Path):
    with pytest.raises(InputError, match="there is no such file"):
        load(tmp_path / "params.yaml")
    (tmp_path / "params.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="not UTF-8"):
        load(tmp_path / "params.yaml")


def test_numbers_as_dvc_writes_them(tmp_path: Path):
    path = tmp_path / "params.yaml"
    text = (ROOT / "params.yaml").read_text().replace("learning_rate: 0.004", "learning_rate: 1e-05")
    path.write_text(text)
    assert load(path).learning_rate == 1e-5


def test_the_optimizers_are_all_of_keras():
    assert set(get_args(Optimizer)) == set(optimizers())
    assert keras.optimizers.Adam in optimizers().values()
