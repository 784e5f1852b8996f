"""One page about the run in the workspace, or about experiments, compared: `make report`, `make report EXP="a b"`.

python -m tools.report [EXP ...] [--output report.html] [--charts FOLDER]
"""

import argparse
from pathlib import Path

from stages.runner import run
from writerid.base.files import atomic
from writerid.report import gallery
from writerid.report.compared import dropout_pair
from writerid.report.origin import dropout_counterpart, origin
from writerid.report.page import render
from writerid.report.runs import WORKSPACE, load


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m tools.report", description="Write a page about a run, or several.")
    parser.add_argument("runs", nargs="*", metavar="EXP", help=f"experiment, branch, tag, commit or {WORKSPACE}")
    parser.add_argument("--output", type=Path, default=Path("report.html"), help="the file to write (report.html)")
    parser.add_argument("--charts", type=Path, metavar="FOLDER", help="a folder to write all charts to, as PNGs")
    arguments = parser.parse_args()
    runs = [load(name) for name in dict.fromkeys(arguments.runs or [WORKSPACE])]
    counterpart = None if dropout_pair(runs) else dropout_counterpart(runs[0])
    pair = dropout_pair([*runs, load(counterpart)] if counterpart else runs) or ()
    page = render(runs, pair, origin(runs[0]))
    with atomic(arguments.output) as temporary:
        temporary.write_text(page, encoding="utf-8", newline="\n")
    if arguments.charts:
        gallery.save(runs, arguments.charts)
        print(f"{arguments.charts}: {len(gallery.TITLES)} charts")
    print(f"{arguments.output}: {len(page.encode()) / 1e6:.1f} MB; open it in a browser")


if __name__ == "__main__":
    run(main, reads_only=True)
