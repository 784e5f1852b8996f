"""The page in the browser with many visitors at once: how many get the right answer, how late, and in what memory.

    python -m benchmarks.served [--identifier models/identifier] [--lines data/synthetic.zip] [--visitors 1 20 100]

`writerid serve` runs in a process of its own, a new one for each number of visitors. Each visitor opens the first page,
brings a page of handwriting, and asks for the answer, all at the same moment. The pages are made of the lines of a form
each. Right is what the same page gets while nobody else is there. Linux only.
"""

import io
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import groupby, islice
from pathlib import Path
from statistics import median

from PIL import Image

from benchmarks import tables
from benchmarks.identify import stacked
from stages.runner import run
from tests.visitor import Answer, Visitor
from writerid.base.declaration import ROOT
from writerid.dataset.archive import Archive

PAGES = 10  # that differ


def pages(lines: Path) -> list[bytes]:
    """Pages, as PNG files, of the first forms of an archive whose lines are named FORM-NN."""
    found = []
    with Archive(lines) as archive:
        for _, names in islice(groupby(archive.images, lambda name: name.rpartition("-")[0]), PAGES):
            buffer = io.BytesIO()
            Image.fromarray(stacked([archive.decode(name) for name in names])).save(buffer, "PNG")
            found.append(buffer.getvalue())
    return found


@contextmanager
def served(folder: Path) -> Iterator[tuple[int, int]]:
    """Serve an identifier; the port, and the process."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as people:
        where = ["--identifier", str(folder.resolve()), "--into", f"{people}/people"]
        command = [sys.executable, "-m", "writerid", "serve", "--no-browser", "--port", str(port), *where]
        with subprocess.Popen(command, cwd=ROOT / "src", stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout
            process.stdout.readline()  # "the page is at ..."
            while not opened(port):
                time.sleep(0.05)
            yield port, process.pid
            process.terminate()


def opened(port: int) -> bool:
    """Whether somebody listens."""
    with socket.socket() as door:
        return door.connect_ex(("127.0.0.1", port)) == 0


def visit(port: int, page: bytes, name: str) -> tuple[Answer, float]:
    """Ask who wrote a page; the answer, and after how many seconds."""
    begun, visitor = time.perf_counter(), Visitor(port)
    visitor.ask("GET", "/")
    answer = visitor.bring("/identify", [("scans", name, page)])
    if answer.status == 303:
        answer = visitor.ask("GET", answer.location)
    return answer, time.perf_counter() - begun


def told(answer: Answer) -> str:
    """Who it was, how sure that is, and from how many lines."""
    found = re.search(r'<p class="answer" role="status">(.*?)</p>', answer.text, re.DOTALL)
    return found[1] if found else ""


def measured(folder: Path, lines: Path, visitors: list[int]) -> Iterator[tables.Row]:
    """A row for each number of visitors."""
    made = pages(lines)
    for number in visitors:
        with served(folder) as (port, process):
            alone = [told(visit(port, page, "alone.png")[0]) for page in made]
            assert all(alone)
            with ThreadPoolExecutor(number) as pool:
                found = list(pool.map(lambda n: visit(port, made[n % len(made)], f"page-{n}.png"), range(number)))
            peak = int(Path(f"/proc/{process}/status").read_text().split("VmHWM:")[1].split()[0]) // 1024
        right = sum(
            told(answer) == alone[n % len(made)] and f"Who wrote page-{n}.png?" in answer.text
            for n, (answer, _) in enumerate(found)
        )
        status = Counter(answer.status // 100 for answer, _ in found)
        seconds = [took for _, took in found]
        yield {
            "visitors": number,
            "right": right,
            "refused": status[4],
            "failed": status[5],
            "median_s": round(median(seconds), 1),
            "slowest_s": round(max(seconds), 1),
            "peak_mb": peak,
        }


def main(identifier: Path, lines: Path, visitors: list[int], csv: Path | None) -> None:
    """Print the table."""
    tables.show(measured(identifier, lines, visitors), csv)


if __name__ == "__main__":
    options = tables.parser(__doc__)
    options.add_argument("--identifier", type=Path, default=Path("models/identifier"))
    options.add_argument("--lines", type=Path, default=Path("data/synthetic.zip"))
    options.add_argument("--visitors", type=tables.positive, nargs="+", default=[1, 20, 100])
    run(main, options, alone=False)
