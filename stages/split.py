"""split: put every line on the train, validation or test side."""

from pathlib import Path

from stages.runner import run
from writerid.base.files import write_csv, write_json
from writerid.base.params import load
from writerid.dataset.lines import read_lines
from writerid.dataset.splits import SIDES, by_form, by_line, report


def main() -> None:
    """Write the side of each line, and what the sides hold and share."""
    params = load()
    table = read_lines(Path("data/lines.csv"))
    lines, forms, writers = table["line"], table["form"], table["writer"]
    shares = {"train": params.split.train, "validation": params.split.validation, "test": params.split.test}
    if params.split.group_by == "form":
        sides = by_form(forms, writers, shares, params.seed)
    else:
        sides = by_line(writers, shares, params.seed)
    write_csv(Path("data/split.csv"), ("line", "split"), zip(lines, sides, strict=True))
    write_json(
        Path("metrics/split.json"),
        {"group_by": params.split.group_by, **report(lines, forms, writers, sides)},
    )
    print(", ".join(f"{sides.count(side)} {side}" for side in SIDES) + " lines")


if __name__ == "__main__":
    run(main)
