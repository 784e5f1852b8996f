"""check: refuse wrong parameters, and a dataset that is not there, before DVC removes any other stage's outputs."""

import subprocess
from pathlib import Path

from stages.runner import run
from writerid.base.backend import use
from writerid.base.errors import InputError
from writerid.base.files import write_json
from writerid.base.params import load
from writerid.base.schema import SYNTHETIC

BACK = "without `--temp`, what `-S` set stays in params.yaml; `git checkout params.yaml` takes all of it back"
NOTE = (
    "note: {what}, and DVC cannot run experiments in copies of such a clone (`dvc exp run --temp`, `--queue`); "
    "`make tune` can, or {remedy}"
)


def main() -> None:
    """Check params.yaml, its backend and its dataset; every stage waits for this, and none runs again because of it."""
    try:
        params = load(Path("params.yaml"))
        use(params.backend)
    except InputError as error:
        raise InputError(f"{error}\n{BACK}") from None
    dataset = params.dataset
    if dataset != SYNTHETIC and not Path(dataset).exists():
        raise InputError(
            f"{dataset}: there is no such archive or folder; put it there. (`dvc exp run --temp` and `--queue` find it "
            f"only once it is committed: `dvc add {dataset}`, then commit {dataset}.dvc)\n{BACK}"
        )
    for what, remedy in trouble_with_copies():
        print(NOTE.format(what=what, remedy=remedy))
    write_json(Path("data/checked.json"), {"params.yaml": "checked"})  # always the same, so that nothing runs anew


def trouble_with_copies() -> list[tuple[str, str]]:
    """What DVC writes in ASCII for each copy, and cannot where it holds other letters; and what to do about it."""
    trouble = []
    local = Path.cwd() / ".dvc/config.local"
    cache_elsewhere = local.is_file() and "[cache]" in local.read_text(encoding="utf-8", errors="replace")
    if not str(Path.cwd()).isascii() and not cache_elsewhere:
        remedy = "move it to a path of plain letters, or its cache: `dvc cache dir --local /plain/path`"
        trouble.append(("the path of this clone has letters beyond ASCII", remedy))
    listed = subprocess.run(["git", "config", "--local", "--list"], capture_output=True, check=False).stdout
    if not listed.isascii():
        remedy = "move such a name to your own configuration (`git config --global user.name ...`)"
        trouble.append((".git/config has letters beyond ASCII", remedy))
    return trouble


if __name__ == "__main__":
    run(main)
