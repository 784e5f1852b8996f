"""split: put every line on the train, validation, test or unseen side."""

from pathlib import Path

from stages.runner import run
from writerid.base.files import write_csv, write_json
from writerid.base.folds import folds
from writerid.base.params import load
from writerid.dataset.lines import read_lines
from writerid.dataset.splits import SIDES, assign, contents


def main() -> None:
    """Write the side of each line, and what the sides hold and share."""
    params = load()
    table = read_lines(Path("data/lines.csv"))
    lines, forms, writers = table["line"], table["form"], table["writer"]
    sides = assign(
        forms,
        writers,
        {"train": params.split.train, "validation": params.split.validation, "test": params.split.test},
        group_by=params.split.group_by,
        seed=params.seed,
        fold=params.split.fold,
        unseen_writers=params.split.unseen_writers,
    )
    write_csv(Path("data/split.csv"), ("line", "split"), zip(lines, sides, strict=True))
    write_json(
        Path("metrics/split.json"),
        {
            "group_by": params.split.group_by,
            "fold": params.split.fold,
            "folds": folds(params.split.test),
            **contents(lines, forms, writers, sides),
        },
    )
    print(", ".join(f"{sides.count(side)} {side}" for side in SIDES) + " lines")


if __name__ == "__main__":
    run(main)
