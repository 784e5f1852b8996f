"""tune: try the grid of params.yaml as DVC experiments, and compare them. A command, not a stage of the pipeline."""

import io
import os
import signal
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from writerid.base.errors import InputError
from writerid.base.params import check, load
from writerid.tuning import cli


def main(arguments: Sequence[str]) -> int:
    """Run the command; what people can mend is shown as `error: ...`, anything else keeps its traceback."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # a log of hours is to be read while it is written
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _raise_interrupt)  # from here on there are workers to end
    try:
        return cli.main(_content, check, arguments)
    except InputError as error:
        print("\n".join(f"error: {line}" for line in str(error).splitlines()), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("error: interrupted; the same command goes on, and what is done stays done", file=sys.stderr)
        return 130
    except BrokenPipeError:  # `| head` has read enough; nor is there anyone for what is left to be written at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        if error.errno is None:
            raise
        where = f" ({error.filename})" if error.filename else ""
        print(f"error: {error.strerror}{where}; make room or mend the path, then run again", file=sys.stderr)
        return 1


def _content(path: Path) -> Mapping[str, Any]:
    return load(path).model_dump()


def _raise_interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
