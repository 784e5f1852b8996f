"""What is asked of git and DVC is what they are meant to do, whatever a person's paths, values and settings are."""

import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from dvc.utils.hydra import apply_overrides
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML

from tests.conftest import runner
from writerid.base.errors import InputError
from writerid.repository import dvc
from writerid.repository.git import git, patch, present_tree
from writerid.tuning import running, trial

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


# What a person may have set for git, and what would break where a patch were made, or applied, by commands for people.
SETTINGS = """
[user]
    name = t
    email = t@t.invalid
[clone]
    defaultRemoteName = upstream
[diff]
    noprefix = true
    mnemonicPrefix = true
    external = false
    relative = true
    renames = copies
[diff "mine"]
    command = false
    textconv = false
[apply]
    whitespace = error-all
[core]
    quotePath = true
    attributesFile = {attributes}
[color]
    ui = always
[column]
    ui = always
[branch]
    sort = -committerdate
[fetch]
    prune = true
[remote "origin"]
    fetch = +refs/exps/*:refs/exps/*
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The path of a repository with a commit on origin, by a person who has set much for git."""
    (tmp_path / "attributes").write_text("* diff=mine\n")
    (tmp_path / "settings").write_text(SETTINGS.format(attributes=tmp_path / "attributes"))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "settings"))
    folder = tmp_path / "here"
    (folder / ".dvc").mkdir(parents=True)
    monkeypatch.chdir(folder)
    for name in (".dvc/config", "kept", "gone", "changed", "\u00fcber.txt"):
        Path(name).write_text(f"{name}\nmore\n")
    for command in ("init --quiet -b main", "add --all", "commit --quiet -m one", "init --quiet --bare ../there.git"):
        git(*command.split())
    git("config", "remote.origin.url", str(tmp_path / "there.git"))
    git("push", "--quiet", "origin", "main")
    return folder


def committed(message: str, *parents: str) -> str:
    """A commit that no branch holds."""
    return git("commit-tree", "HEAD^{tree}", "-m", message, *(part for each in parents for part in ("-p", each)))


def at_origin(**revs: str) -> str:
    """Put experiments of HEAD on origin; returns the folder of their references."""
    references = dvc.references(git("rev-parse", "HEAD"))
    git("push", "--quiet", "--force", "origin", *(f"{rev}:{references}/{name}" for name, rev in revs.items()))
    return references


def test_what_origin_has_is_taken_over_and_no_experiment_here_is_replaced_or_removed(folder: Path):
    mine, other = committed("mine"), committed("other")
    later = committed("later", mine)
    references = at_origin(new=other, same=mine, differs=other, later=later)
    for name in ("same", "differs", "later", "only-here"):
        git("update-ref", f"{references}/{name}", mine)
    head = git("rev-parse", "HEAD")
    for name, left in (("new", []), ("differs", ["differs"]), ("*", ["differs", "later"])):
        assert dvc.fetch(head, name) == left
        found = git("for-each-ref", "--format=%(refname:lstrip=4) %(objectname)", references).splitlines()
        assert dict(map(str.split, found)) == {
            "new": other,
            **dict.fromkeys(("same", "differs", "later", "only-here"), mine),
        }


def test_what_is_left_on_origin_is_told(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch):
    monkeypatch.setattr(running, "dvc", lambda *_: "shared")
    head = git("rev-parse", "HEAD")
    git("update-ref", f"{at_origin(taken=committed('other'))}/taken", committed("mine"))
    git("fetch", "--quiet", "origin", "main:refs/remotes/origin/main")
    assert running.shared_home(head) == str(folder.parent / "there.git")
    assert capsys.readouterr().out.endswith("(`dvc exp rename` frees them): taken\n")


def test_a_commit_that_only_another_remote_has_is_not_on_origin(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(running, "dvc", lambda *_: "shared")
    for remote in ("fork", "origin-too"):
        git("update-ref", f"refs/remotes/{remote}/main", "HEAD")
    with pytest.raises(InputError, match=r"would not find commit .* on origin; run `git push`"):
        running.shared_home(git("rev-parse", "HEAD"))


def test_a_trial_is_of_the_present_files_whatever_is_set_for_git(folder: Path, monkeypatch: pytest.MonkeyPatch):
    Path("gone").unlink()
    Path("changed").write_bytes(b"more\n\xfc\x00 \t \n\n")
    Path("\u00fcber.txt").write_text("blanks at the end  \n\n \n")
    tree, before = present_tree(), git("status", "--porcelain")
    told: list[Sequence[str]] = []

    def only_git(command: Sequence[str], where: Path, environment: dict[str, str], log: Path) -> int:
        if command[0] == "git":
            return subprocess.run(command, cwd=where, env=environment, check=False).returncode
        told.append(command)
        assert runner(where)("git", "remote").stdout == "origin\n"
        assert runner(where)("git", "write-tree").stdout.strip() == tree
        (where / "changed").write_bytes((where / "changed").read_bytes() + b"\x00 by a stage \n")
        log.touch()
        return 0

    monkeypatch.setattr(trial, "guarded", only_git)
    each = trial.Trial(
        name="one",
        key="k",
        overrides=("seed=0",),
        home=str(folder),
        commit=git("rev-parse", "HEAD"),
        patch=patch(tree),
        data=(),
        targets=("crop",),
        threads=1,
        room=str(folder.parent / "room"),
        cache="cache",
        links="copy",
        prepares=True,
    )
    *_, outcome = trial.run(each)
    assert outcome and outcome.state == "done", outcome
    assert told == [("dvc", "exp", "run", "--name", "one", "-S", "seed=0", "crop")]
    assert git("status", "--porcelain") == before
    Path("changed").write_bytes(Path("changed").read_bytes() + b"\x00 by a stage \n")
    assert outcome.patch == patch(present_tree())
