"""What every stage costs on a dataset, and on one many times as large: time, memory and disk.

    python -m benchmarks.memory [ARCHIVE] [--times 1 10 30] [--width 600] [--new-writers]

ARCHIVE is data/synthetic.zip unless given. The larger archives hold every image under many names, each copy turned
round by some columns, since no line is taken twice. --width cuts all lines to so many pixels, so that the largest
archive is made and read in minutes. Fits are of ten steps: the size of the data does not decide how long a step takes.
Linux only.
"""

import argparse
import io
import tempfile
import zipfile
from pathlib import Path, PurePosixPath

import numpy as np
from PIL import Image

from benchmarks import scratch

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


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("archive", nargs="?", type=Path, default=scratch.ROOT / "data/synthetic.zip")
    parser.add_argument("--times", type=int, nargs="+", default=[1, 10])
    parser.add_argument("--width", type=int)
    parser.add_argument("--new-writers", action="store_true")
    options = parser.parse_args()
    print(f"{'times':>5} {'stage':>12} {'images':>8} {'CPU, s':>8} {'seconds':>8} {'peak, MB':>9} {'written, MB':>12}")
    for times in options.times:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            target = scratch.prepare(folder, options.archive, FIT)
            target.unlink()
            multiply(options.archive, times, options.width, options.new_writers, target)
            with zipfile.ZipFile(target) as archive:
                images = len(archive.namelist()) - 1
            print(f"{times:>5} {'archive':>12} {images:>8,} {'':>27} {used(target.parent):>12,.0f}", flush=True)
            for stage in STAGES:
                before = used(folder)
                seconds, cpu, peak = scratch.measure([stage], folder)
                told = f"{cpu:>8.1f} {seconds:>8.1f} {peak:>9,.0f} {used(folder) - before:>12,.0f}"
                print(f"{times:>5} {stage:>12} {images:>8,} {told}", flush=True)


if __name__ == "__main__":
    main()
