"""Which files of DVC's own are whole; that `make unlock` mends the others is tried in test_pipeline.py."""

from pathlib import Path

from ruamel.yaml import YAML

from tests.conftest import ROOT
from tools.unlock import is_whole


def test_a_lock_that_passes_says_only_what_was_written(tmp_path: Path):
    """Cut off anywhere: what is left passes only where each file in it still has its whole hash."""
    whole = (ROOT / "dvc.lock").read_text()
    path = tmp_path / "dvc.lock"
    path.write_text(whole)
    assert is_whole(path)
    written = {(item["path"], item["md5"]) for item in items(whole)}
    ends = [whole.rindex("  evaluate:") + offset for offset in range(0, 260, 13)]
    ends += [end for end, character in enumerate(whole, 1) if character == "\n"][-12:]
    passed = 0
    for end in ends:
        path.write_text(whole[:end])
        if is_whole(path):
            passed += 1
            assert {(item["path"], item["md5"]) for item in items(whole[:end])} <= written
    assert 0 < passed < len(ends)


def items(text: str) -> list[dict[str, str]]:
    stages = YAML(typ="safe", pure=True).load(text)["stages"].values()
    return [item for stage in stages for key in ("deps", "outs") for item in stage.get(key, [])]
