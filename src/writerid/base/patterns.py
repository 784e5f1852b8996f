"""Regular expressions that people give."""

import re

from writerid.base.errors import MOST, InputError, brief


def text_pattern(pattern: str, where: str) -> re.Pattern[str] | None:
    """Compile a pattern that is sought anywhere in a line's text, in any case; None where it is empty.

    Raises InputError, naming `where`, where it is no regular expression.
    """
    try:
        return re.compile(pattern, re.IGNORECASE) if pattern else None
    except (re.error, OverflowError, ValueError, RecursionError) as error:  # numbers and brackets without end
        raise InputError(f"{where}: {pattern[:MOST]!r} is not a regular expression ({brief(error)})") from None
