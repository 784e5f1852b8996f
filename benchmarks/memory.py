"""What every stage costs on a dataset, and on one many times as large: time, memory and disk.

    python -m benchmarks.memory [ARCHIVE] [--times 1 10 30] [--width 600] [--new-writers]

ARCHIVE is data/synthetic.zip unless given. The larger archives hold every image under many names, each copy turned
round by some columns, since no line is taken twice. --width cuts all lines to so many pixels, so that the largest
archive is made and read in minutes. Fits are of ten steps: the size of the data does not decide how long a step takes.
Linux only.
"""

import io
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from benchmarks import scratch, tables
from benchmarks.scratch import DRAWN

FIT = {"epochs": 1, "steps_per_epoch": 10, "warmup_steps": 5}
STAGES = ("map_writers", "split", "crop", "train", "evaluate", "explain", "enrol")


def multiply(archive: Path, times: int, width: int | None, new_writers: bool, target: Path) -> None:
    """Write an archive that holds every image of another so many times, by forms of their own.

    Images are cut to `width` pixels. The copies' forms are by the same writers, or by `new_writers`.
    """
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(target, "w") as result:
        for member in source.namelist():
            data = source.read(member)
            path = PurePosixPath(member)
            if path.suffix == ".png":
                pixels = np.array(Image.open(io.BytesIO(data)).convert("L"))[:, :width]
                for copy in range(times):
                    one = Image.fromarray(np.roll(pixels, 7 * copy, axis=1))
                    with result.open(str(path.with_name(f"c{copy}{path.name}")), "w") as file:
                        one.save(file, "png", compress_level=1)
            else:
                rows = [row.split() for row in data.decode("utf-8-sig").splitlines() if not row.startswith("#")]
                copies = [
                    " ".join([f"c{copy}{form}", f"c{copy}-{writer}" if new_writers else writer, *rest])
                    for copy in range(times)
                    for form, writer, *rest in filter(None, rows)
                ]
                result.writestr(member, "\n".join(copies))


def used(folder: Path) -> float:
    """Return how much the files of a folder take, in MB; what links lead to does not count."""
    return sum(path.lstat().st_size for path in folder.rglob("*")) / 1e6


def measured(archive: Path, times: int, width: int | None, new_writers: bool) -> Iterator[tables.Row]:
    """Yield a row for an archive that is so many times as large, and for each stage on it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        target = scratch.prepare(folder, archive, FIT)
        target.unlink()
        multiply(archive, times, width, new_writers, target)
        with zipfile.ZipFile(target) as larger:
            images = len(larger.namelist()) - 1
        own: tables.Row = {"times": times, "images": images, "archive_mb": round(used(target.parent))}
        for stage in STAGES:
            before = used(folder)
            seconds, cpu, peak = scratch.measure([stage], folder)
            cells = {"cpu_seconds": f"{cpu:.1f}", "seconds": f"{seconds:.1f}", "peak_mb": round(peak)}
            yield {**own, "stage": stage, **cells, "written_mb": round(used(folder) - before)}


def main() -> None:
    """Print the table."""
    parser = tables.parser(__doc__)
    parser.add_argument("archive", nargs="?", type=Path, default=DRAWN, metavar="ARCHIVE", help="an archive of lines")
    parser.add_argument(
        "--times", type=tables.positive, nargs="+", default=[1, 10], metavar="N", help="N times as large (1 10)"
    )
    parser.add_argument("--width", type=tables.positive, metavar="PIXELS", help="to which lines are cut (not at all)")
    parser.add_argument("--new-writers", action="store_true", help="the copies are by writers of their own")
    options = parser.parse_args()
    how = options.width, options.new_writers
    tables.show((row for times in options.times for row in measured(options.archive, times, *how)), options.csv)


if __name__ == "__main__":
    main()
