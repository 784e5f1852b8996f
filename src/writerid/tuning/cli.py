"""The command `python -m stages.tune`: what is asked for, and what is told about it."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated

from filelock import FileLock, Timeout
from typer import Context, Exit, Option, Typer

from writerid.base.declaration import read_by
from writerid.base.errors import InputError
from writerid.base.machine import resources
from writerid.base.params import changed, check
from writerid.repository.dvc import check_dataset
from writerid.repository.git import git, present_tree
from writerid.tuning import engine, experiments, running
from writerid.tuning.grid import combinations, identity, only, random_subset

app = Typer(add_completion=False, pretty_exceptions_enable=False)
Until = StrEnum("Until", ["train", "evaluate"])  # stages without which there is still something to compare
_Texts = list[str] | None


@app.command()
def tune(
    context: Context,
    show: Annotated[bool, Option("--show", help="only compare what was tried: tables and pictures")] = False,
    any_code: Annotated[bool, Option("--any-code", help="with --show: runs of other code, too")] = False,
    dry_run: Annotated[bool, Option("--dry-run", help="only say what would be run")] = False,
    changes: Annotated[_Texts, Option("-S", "--set-param", metavar="KEY=VALUE", help="for all, as in DVC")] = None,
    wanted: Annotated[_Texts, Option("--only", metavar="KEY=V,...", help="only these values of the grid")] = None,
    random: Annotated[int | None, Option(min=1, help="only so many combinations, drawn at random")] = None,
    seed: Annotated[int, Option(min=0, help="of that draw")] = 0,
    seeds: Annotated[int, Option(min=1, help="run each with so many seeds, from that of params.yaml on")] = 1,
    workers: Annotated[int, Option(min=1, help="at once on a machine, each with a GPU or its share of cores")] = 1,
    address: Annotated[str | None, Option(metavar="HOST:PORT", help="run on the Ray cluster there")] = None,
    until: Annotated[Until | None, Option(help="stop after this stage, not after all")] = None,
    retry: Annotated[bool, Option("--retry", help="run those again that failed")] = False,
) -> None:
    """Try the combinations of params.yaml's grid as DVC experiments, and compare what came of them.

    What is done is not done again; interrupted, the same command goes on.
    """
    _check_together(context)
    params, tree = changed(Path("params.yaml"), changes or []), present_tree()
    if show:
        from writerid.tuning import compare  # what draws and reckons takes a second to import

        failed = len(running.failures())
        data = read_by(experiments.declared(tree), "split", str(params["dataset"])) - {"seed"}
        source = experiments.source(tree, params)
        comparison = compare.compare(experiments.load(), params, source, data, any_code=any_code)
        if comparison.runs.empty:
            raise InputError(f"there is nothing to compare yet. {compare.omissions(comparison, failed)}".strip())
        compare.write(comparison, failed)
        return

    asked, impossible = combinations(params, check, seeds)
    for reason, each in impossible.items():
        if named := only(each, wanted or [], params["grid"]):
            print(f"impossible, left out: {', '.join(one.name for one in named)}: {reason}")
    asked = only(asked, wanted or [], params["grid"])
    if not asked:
        raise InputError("no combination is left to try")
    if random:
        if random > (count := len({identity(each.params, seed=0) for each in asked})):
            print(f"--random {random}: there are only {count} combinations to draw from; all are taken")
        asked = random_subset(asked, random, seed)
    for dataset in {str(each.params["dataset"]) for each in asked}:
        check_dataset(dataset, elsewhere=address is not None)
    home = running.shared_home(git("rev-parse", "HEAD")) if address else None
    plan = running.plan(asked, experiments.load(), tree, params, retry)
    names = [f"  {each.name}" for each in plan.left.values()] or ["nothing to run; `--show` compares them"]
    if not plan.left or (dry_run and not address):
        print(running.told(plan, retry, engine.share([resources()], workers).apart), *names, sep="\n")
        return
    lock = FileLock(experiments.FOLDER / "lock", timeout=0)  # the system drops it when this process ends, however
    try:
        lock.acquire()
    except Timeout:
        raise InputError("another `python -m stages.tune` is at work here; --show shows what it has done") from None
    with lock, engine.started(address) as machines:
        share = engine.share(machines, workers)
        print(running.told(plan, retry, share.apart), *names * dry_run, sep="\n", flush=True)
        if dry_run:
            return
        counts = running.run(plan, share, tree, home, changes or [], until.value if until else None)
    print(f"{counts['done']} done, {counts['failed']} failed; `python -m stages.tune --show` compares them")
    raise Exit(1 if counts["failed"] else 0)


def _check_together(context: Context) -> None:
    """Refuse options that would change nothing beside the others."""
    sources = ((each, context.get_parameter_source(str(each.name))) for each in context.command.params)
    given = {each.opts[0] for each, source in sources if source and source.name == "COMMANDLINE"}
    if "--show" in given and (useless := given - {"--show", "--any-code", "-S"}):
        raise InputError(f"--show goes with -S and --any-code alone; leave out {', '.join(sorted(useless))}")
    for name, needed in (("--any-code", "--show"), ("--seed", "--random")):
        if name in given and needed not in given:
            raise InputError(f"{name} says nothing without {needed}; give both or none")
