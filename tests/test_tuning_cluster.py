"""Tuning on several machines, played on one: Ray nodes that share nothing but a repository's URL and a DVC remote."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import environment
from tests.tuning_clone import TUNE, Clone, runs, wait_for

GRID = {"layers": [1, 2, 3]}


@pytest.mark.cluster
@pytest.mark.timeout(3600)
def test_a_machine_is_lost_and_every_experiment_is_found_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    from ray.cluster_utils import Cluster

    clone = Clone(tmp_path, GRID, dataset="data/mine.zip")
    for name, value in environment().items() | {("FLAGS", str(clone.flags)), ("RAY_USAGE_STATS_ENABLED", "0")}:
        monkeypatch.setenv(name, value)
    home = tmp_path / "home.git"
    subprocess.run(["git", "init", "--quiet", "--bare", str(home)], check=True)
    clone.run("dvc", "remote", "add", "--default", "shared", str(tmp_path / "remote"))
    clone.git("remote", "add", "origin", home.as_uri())
    clone.git("commit", "--quiet", "--all", "-m", "a remote")
    clone.run("dvc", "push", "data/mine.zip.dvc")

    cluster = Cluster()
    try:
        cluster.add_node(num_cpus=0, include_dashboard=False)
        nodes: dict[str, Any] = {}
        for name in ("one", "two"):
            room = str(tmp_path / name)
            nodes[room] = cluster.add_node(num_cpus=1, env_vars={"WRITERID_ROOM": room})
        tune = (*TUNE, "--address", cluster.address)
        assert "error: --address: the machines would not find commit" in clone.run(*tune, status=1)
        clone.git("push", "--quiet", "origin", "main")

        for layers in (1, 2):
            (clone.flags / f"wait-{layers}").touch()
        process = clone.start(*tune)
        wait_for(lambda: len(clone.trained()) == 2, process)
        lost = clone.trained()[1]
        assert {each[2] for each in clone.trained()} == set(nodes)
        cluster.remove_node(nodes[lost[2]], allow_graceful=False)
        wait_for(lambda: not runs(lost[1]))  # all that ran on it has ended
        for layers in (1, 2):
            (clone.flags / f"wait-{layers}").unlink()
        output = process.communicate(timeout=600)[0]
        assert process.returncode == 0, output
        assert f"layers-{lost[0]}: its process or its machine was lost; it starts again" in output
    finally:
        cluster.shutdown()
    assert output.endswith("3 done, 0 failed; `python -m stages.tune --show` compares them\n")
    assert list(clone.experiments()) == ["layers-1", "layers-2", "layers-3"]
    assert "by line 0.8000" in output

    # Its outputs are where a person can have them, and are those of one machine.
    clone.run("dvc", "exp", "pull", "--force", "origin", "layers-2")
    clone.run("dvc", "exp", "apply", "layers-2")
    assert (clone.path / "models/model.keras").read_text() == "2"
    alone = Clone(tmp_path, GRID, name="alone", dataset="data/mine.zip")
    (alone.flags / "trained").unlink()
    alone.run(*TUNE)
    for name, rev in alone.experiments().items():
        for path in ("dvc.lock", "params.yaml", "metrics/train"):
            assert alone.git("rev-parse", f"{rev}:{path}") == clone.git(
                "rev-parse", f"{clone.experiments()[name]}:{path}"
            )
