"""crop: put all lines end to end into one strip, and choose the windows of it that the network sees."""

from pathlib import Path

from stages.runner import run
from writerid.base.files import write_array
from writerid.base.params import load
from writerid.crops.choice import read_sides, tables
from writerid.crops.strips import pack
from writerid.crops.windows import labels, write_origin
from writerid.dataset.archive import Archive
from writerid.dataset.lines import read_lines
from writerid.dataset.splits import SIDES, UNSEEN, SideLine, check_apart


def main() -> None:
    """Write the strips and, for each side, a table of crops."""
    params = load()
    lines = read_lines(Path("data/lines.csv"))
    side_of = read_sides(Path("data/split.csv"))
    named = [SideLine(*cells) for cells in zip(lines["line"], lines["form"], lines["writer"], strict=True)]
    sides = {side: [line for line in named if side_of.get(line.line) == side] for side in SIDES}
    check_apart(sides, params.split.group_by, "run split again (`dvc repro --force split`)")
    known = sorted(set(lines["writer"]) - {line.writer for line in sides[UNSEEN]})
    with Archive(Path(params.dataset)) as archive:
        inks = pack(archive, lines, params.crop, Path("data/crops/strips.npy"))
        side_of_row = [side_of.get(line) for line in lines["line"]]
        crops, ends = tables(inks, labels(lines["writer"], known), side_of_row, params.crop, params.seed)
    folder = Path("data/crops")
    write_array(folder / "ends.npy", ends)
    for side, table in crops.items():
        write_array(folder / f"{side}.npy", table)
    write_origin(folder, Path("data/lines.csv"), known, params.crop, params.split.group_by)
    print(", ".join(f"{len(table)} {side}" for side, table in crops.items()) + " crops")


if __name__ == "__main__":
    run(main)
