"""What people see as a line of text instead of a traceback: our own exception, and other messages made short."""

import re

MOST = 200  # characters of another library's message that are shown


class InputError(Exception):
    """What a person gave us is wrong. The message says what is wrong, where, and what to do about it."""


def brief(error: Exception) -> str:
    """Return another library's error message as one short line: some quote everything they could not read."""
    return next(iter(str(error).strip().splitlines()), type(error).__name__)[:MOST]


def shown(name: str) -> str:
    """Return a name from a dataset as a message shows it: on one line, of bounded length, nothing hidden in it."""
    text = name if name.isprintable() and name == name.strip() else repr(name)
    return text if len(text) <= MOST else f"{text[: MOST - 3]}..."


def of_system(error: OSError) -> str:
    """Return what the system refused, where, and what to do; raises an error that is none of the system's again."""
    if error.errno is None:
        raise error
    where = f" ({error.filename})" if error.filename else ""
    return f"{error.strerror}{where}; make room or mend the path, then run again"


def tail(text: str) -> str:
    """Return the end of a log, indented; what a stage itself reported as an error, if it did."""
    lines = [line.rstrip() for line in re.split(r"[\r\n]+", text) if line.strip()]
    reported = [line for line in lines if line.startswith("error: ")]
    return "\n".join(f"    {line}" for line in (reported or lines)[-6:])
