"""The one exception that is shown to people as a line of text instead of a traceback."""


class InputError(Exception):
    """Something a person gave us is wrong; the message says what, where, and what to do about it."""
