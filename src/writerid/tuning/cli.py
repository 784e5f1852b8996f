"""The command `python -m stages.tune`: what is asked for, and what is told about it."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from filelock import FileLock, Timeout
from ruamel.yaml import YAML

from writerid.base.declaration import read_by
from writerid.base.errors import InputError
from writerid.base.params import check, load
from writerid.tuning import compare, engine, experiments, running, shown
from writerid.tuning.grid import combinations, only, random_subset, without_seed

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
Until = StrEnum("Until", ["train", "evaluate"])  # stages without which there is still something to compare


def _natural(text: str | int) -> int:
    if not str(text).isdecimal() or int(text) < 1:
        raise typer.BadParameter(f"{text!r} is not a whole number from 1")
    return int(text)


def _option(*names: str, **options: Any) -> Any:
    return typer.Option(*names, **options)


_Texts = list[str] | None
_N = {"parser": _natural, "metavar": "N"}


@app.command()
def tune(
    names: Annotated[_Texts, typer.Argument(metavar="[EXP]...", help="with --curves: the experiments")] = None,
    show: Annotated[bool, _option("--show", help="only compare what was tried: tables and pictures")] = False,
    dry_run: Annotated[bool, _option("--dry-run", help="only say what would be run")] = False,
    set_param: Annotated[
        _Texts, _option("-S", "--set-param", metavar="KEY=VALUE", help="set for all, as in DVC")
    ] = None,
    wanted: Annotated[_Texts, _option("--only", metavar="KEY=V,...", help="only these values of the grid")] = None,
    random: Annotated[int | None, _option(help="only N combinations, drawn at random", **_N)] = None,
    seed: Annotated[int, _option(min=0, help="of that draw")] = 0,
    seeds: Annotated[int, _option(help="run each with N seeds, from that of params.yaml on", **_N)] = 1,
    workers: Annotated[int, _option(help="at once on a machine, each with a GPU or its share of cores", **_N)] = 1,
    address: Annotated[str | None, _option(metavar="HOST:PORT", help="run on the Ray cluster there")] = None,
    until: Annotated[Until | None, _option(help="stop after this stage, not after all")] = None,
    strict: Annotated[bool, _option("--strict", help="run nothing where a combination is impossible")] = False,
    retry: Annotated[bool, _option("--retry", help="run those again that failed")] = False,
    curves: Annotated[bool, _option("--curves", help="with --show: draw the curves of EXP...")] = False,
    any_code: Annotated[bool, _option("--any-code", help="with --show: runs of other code, too")] = False,
) -> None:
    """Try the combinations of params.yaml's grid as DVC experiments, and compare what came of them.

    What is done is not done again; interrupted, the same command goes on.
    """
    if not Path("dvc.yaml").is_file():
        raise InputError("dvc.yaml: there is no such file; run from the repository's root")
    if bool(names) != curves or (curves and not show):
        raise InputError("--curves: wants --show and the names of experiments, as in --show --curves EXP EXP")
    params = with_changes(set_param or [])
    tree = experiments.present_tree()
    if show:
        stages, failed = experiments.content(tree, "dvc.yaml")["stages"], len(running.failures())
        data = read_by(stages, "split", str(params["dataset"])) - {"seed"}
        source = experiments.source(tree, params)
        found = compare.compare(experiments.load(), params, source, data, any_code=any_code)
        if found.runs.empty:
            hint = shown.omissions(found, failed) or "`python -m stages.tune` runs the grid."
            raise InputError(f"there is nothing to compare yet. {hint}")
        shown.write(found, names or [], failed)
        return

    asked, impossible = combinations(params, check, seeds)
    asked = only(asked, wanted or [], params["grid"])
    left_out = {reason: only(each, wanted or [], params["grid"]) for reason, each in impossible.items()}
    for reason, each in left_out.items():
        if each:
            print(f"impossible, left out: {', '.join(one.name for one in each)}: {reason}")
    if strict and any(left_out.values()):
        raise InputError(f"{sum(map(len, left_out.values()))} impossible (--strict); nothing was run")
    if not asked:
        raise InputError("no combination is left to try")
    if random:
        if random > (count := len({without_seed(each.params) for each in asked})):
            print(f"--random {random}: there are only {count} combinations to draw from; all are taken")
        asked = random_subset(asked, random, seed)
    for dataset in {str(each.params["dataset"]) for each in asked}:
        running.check_dataset(dataset, elsewhere=address is not None)
    home = running.shared_home(experiments.git("rev-parse", "HEAD")) if address else None
    plan = running.plan(asked, experiments.load(), tree, params, retry)
    if dry_run or not plan.left:
        names = [f"  {each.name}" for each in plan.left.values()]
        print(running.told(plan, retry), *names or ["nothing to run; `--show` compares them"], sep="\n")
        return
    varied = [*params["grid"], *(["seed"] if seeds > 1 else [])]
    lock = FileLock(experiments.FOLDER / "lock", timeout=0)  # the system drops it when this process ends, however
    try:
        lock.acquire()
    except Timeout:
        raise InputError("another `python -m stages.tune` is at work here; --show shows what it has done") from None
    with lock, engine.started(address) as machines:
        share = engine.share(machines, workers)
        print(running.told(plan, retry, share.apart), flush=True)
        run = running.Run(plan, share, tree, varied, home)
        run(set_param or [], until.value if until else None)
    print(f"{run.done} done, {run.failed} failed; `python -m stages.tune --show` compares them")
    raise typer.Exit(1 if run.failed else 0)


def with_changes(changes: Sequence[str]) -> dict[str, Any]:
    """Return the content of params.yaml, with changes as `dvc exp run -S` takes them.

    Raises InputError where it, or a change, is wrong.
    """
    params = load(Path("params.yaml")).model_dump()
    for change in changes:
        name, equals, text = change.partition("=")
        *groups, last = name.split(".")
        group: Any = params
        for part in groups:
            group = group.get(part) if isinstance(group, dict) else None
        if not equals or not isinstance(group, dict) or last not in group:
            raise InputError(f"-S {change}: wants KEY=VALUE, with a key of params.yaml such as crop.height")
        if name in params["grid"]:
            raise InputError(f"-S {change}: the grid holds values of {name}; choose of them with --only {name}=...")
        group[last] = YAML(typ="safe", pure=True).load(text)
    return check(params, "-S").model_dump()
