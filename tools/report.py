"""One page about the run in the workspace, or about experiments, compared: `make report`, `make report EXP="a b"`.

python -m tools.report [EXP ...] [--output report.html] [--charts FOLDER]
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from stages.runner import run
from writerid.base.files import atomic, no_folder
from writerid.report import gallery
from writerid.report.compared import dropout_pair
from writerid.report.origin import dropout_experiment, origin
from writerid.report.page import render
from writerid.report.runs import WORKSPACE, load

PARSER = argparse.ArgumentParser(prog="python -m tools.report", description="Write a page about a run, or several.")
PARSER.add_argument("names", nargs="*", metavar="EXP", help=f"experiment, branch, tag, commit or {WORKSPACE}")
PARSER.add_argument("--output", type=Path, default=Path("report.html"), help="the file to write (report.html)")
PARSER.add_argument("--charts", type=Path, metavar="FOLDER", help="a folder to write all charts to, as PNGs")


def main(names: Sequence[str], output: Path, charts: Path | None) -> None:
    """Write the page."""
    no_folder(output)
    runs = [load(name) for name in dict.fromkeys(names or [WORKSPACE])]
    pair = dropout_pair(runs) or dropout_experiment(runs[0]) or ()
    page = render(runs, pair, origin(runs[0]))
    with atomic(output) as temporary:
        temporary.write_text(page, encoding="utf-8", newline="\n")
    if charts:
        print(f"{charts}: {gallery.save(runs, charts)} charts")
    print(f"{output}: {len(page.encode()) / 1e6:.1f} MB; open it in a browser")


if __name__ == "__main__":
    run(main, PARSER, alone=False)
