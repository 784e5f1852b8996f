"""Time and peak memory of every stage on a dataset as it is, and of the data stages on one ten times as large.

    python -m benchmarks.memory [ARCHIVE] [--times 10]

ARCHIVE is data/synthetic.zip unless given. The larger archive holds every image under as many names; since
map_writers leaves copies out, crop then works on a table of lines written here. Linux only.
"""

import argparse
import csv
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

from benchmarks import scratch


def multiply(archive: Path, times: int, target: Path) -> None:
    """Write an archive that holds every image of another under so many names, by forms of their own."""
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(target, "w") as result:
        for member in source.namelist():
            data = source.read(member)
            path = PurePosixPath(member)
            if path.suffix == ".png":
                for copy in range(times):
                    result.writestr(str(path.with_name(f"c{copy}{path.name}")), data)
            else:
                rows = data.decode("utf-8-sig").splitlines()
                forms = [row for row in rows if row.strip() and not row.startswith("#")]
                result.writestr(member, "".join(f"c{copy}{row}\n" for copy in range(times) for row in forms))


def multiply_lines(folder: Path, times: int) -> None:
    """Write the tables of lines and of sides for a multiplied archive, from those of the archive itself."""
    for name, columns in (("lines.csv", ("line", "path", "form")), ("split.csv", ("line",))):
        with (folder / name).open(newline="") as file:
            rows = list(csv.DictReader(file))
        with (folder / name).open("w", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            for copy in range(times):
                for row in rows:
                    changed = dict(row)
                    for column in columns:
                        path = PurePosixPath(row[column])
                        changed[column] = str(path.with_name(f"c{copy}{path.name}"))
                    writer.writerow(changed)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("archive", nargs="?", type=Path, default=scratch.ROOT / "data/synthetic.zip")
    parser.add_argument("--times", type=int, default=10)
    options = parser.parse_args()
    print(f"{'dataset':>10} {'stage':>12} {'lines':>8} {'strips, MB':>11} {'seconds':>8} {'peak, MB':>9}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        target = scratch.prepare(folder, options.archive, {})

        def report(dataset: str, stage: str) -> None:
            seconds, peak = scratch.measure([stage], folder)
            with (folder / "data/lines.csv").open() as table:
                lines = sum(1 for _ in table) - 1
            strips = folder / "data/crops/strips.npy"
            size = f"{strips.stat().st_size / 1e6:,.0f}" if stage == "crop" else ""
            print(f"{dataset:>10} {stage:>12} {lines:>8,} {size:>11} {seconds:>8.1f} {peak:>9.0f}", flush=True)

        for stage in ("map_writers", "split", "crop", "train", "evaluate", "explain"):
            report("as it is", stage)
        tables = {table: (folder / "data" / table).read_text() for table in ("lines.csv", "split.csv")}
        target.unlink()
        multiply(options.archive, options.times, target)
        report(f"{options.times} times", "map_writers")
        for table, text in tables.items():
            (folder / "data" / table).write_text(text)
        multiply_lines(folder / "data", options.times)
        report(f"{options.times} times", "crop")


if __name__ == "__main__":
    main()
