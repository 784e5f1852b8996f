"""Which files of DVC's own are whole; that `make unlock` mends the others is tried in test_pipeline.py."""

import re
import subprocess
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT
from tools.unlock import is_whole, main
from writerid.base.errors import InputError


def test_a_lock_that_passes_says_only_what_was_written(tmp_path: Path):
    """Cut off anywhere: what is left passes only where each file in it still has its whole hash."""
    committed = (ROOT / "dvc.lock").read_text()
    whole = committed[: committed.index("  ")] + committed[committed.index("  evaluate:") :]  # enough, and fast to read
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


def in_git(folder: Path, *command: str) -> None:
    subprocess.run(["git", "-c", "user.name=t", "-c", "user.email=t@t.invalid", *command], cwd=folder, check=False)


def test_a_merge_conflict_is_left_to_the_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Also where its marks are gone, and git still waits for one side or the other."""
    whole = (ROOT / "dvc.lock").read_text()
    path = tmp_path / "dvc.lock"
    in_git(tmp_path, "init", "--quiet", "--initial-branch=one")
    for switch, digit in (([], "a"), (["-b", "two"], "b"), (["one"], "c")):
        in_git(tmp_path, "checkout", "--quiet", *switch)
        path.write_text(re.sub(r"md5: \w{8}", f"md5: {digit * 8}", whole))
        in_git(tmp_path, "add", "dvc.lock")
        in_git(tmp_path, "commit", "--quiet", "-m", digit)
    in_git(tmp_path, "merge", "--quiet", "two")
    assert "<<<<<<< " in path.read_text()
    monkeypatch.chdir(tmp_path)
    for text in (path.read_text(), path.read_text().replace("<<<<<<< ", "").replace(">>>>>>> ", "")):
        path.write_text(text)
        with pytest.raises(InputError, match=r"merge conflict, and is left as it is; .*`git checkout --ours dvc"):
            main()
        assert path.read_text() == text


def test_what_a_lock_held_is_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    monkeypatch.chdir(tmp_path)
    Path("dvc.lock").write_text("schema: '2.0'\nsta")
    main()
    assert "cut off; removed (what it held is in .dvc/tmp/dvc.lock.damaged)" in capsys.readouterr().out
    assert not Path("dvc.lock").exists()
    assert Path(".dvc/tmp/dvc.lock.damaged").read_text() == "schema: '2.0'\nsta"


def items(text: str) -> list[dict[str, str]]:
    stages = YAML(typ="safe", pure=True).load(text)["stages"].values()
    return [item for stage in stages for key in ("deps", "outs") for item in stage.get(key, [])]
