"""tune: try the grid of params.yaml as DVC experiments, and compare them. A command, not a stage of the pipeline."""

import io
import os
import signal
import sys

import stages  # noqa: F401  (the library beside this very file, and one line where it is interrupted while it starts)
from writerid.base.errors import InputError, of_system
from writerid.tuning.cli import app


class Interrupted(BaseException):
    """Ctrl-C or SIGTERM; typer would say `Aborted` of a KeyboardInterrupt."""


def _interrupt(number: int, frame: object) -> None:
    raise Interrupted


def main() -> int:
    """Run the command; what people can mend is shown as `error: ...`, anything else keeps its traceback."""
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)  # a log of hours is to be read while it is written
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)  # from here on there are processes to end
    try:
        app(prog_name="python -m stages.tune")
    except InputError as error:
        status, message = 1, str(error)
    except (Interrupted, SystemError) as error:
        if not isinstance(error, Interrupted) and not isinstance(error.__cause__, Interrupted):  # as Ray passes it on
            raise
        status, message = 130, "interrupted; the same command goes on, and what is done stays done"
    except BrokenPipeError:  # `| head` has read enough; nor is there anyone for what is left to be written at the end
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except OSError as error:
        status, message = 1, of_system(error)
    print("\n".join(f"error: {line}" for line in message.splitlines()), file=sys.stderr)
    return status


if __name__ == "__main__":
    sys.exit(main())
