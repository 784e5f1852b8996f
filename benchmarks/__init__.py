"""What is measured: each script prints a table."""

import stages  # noqa: F401 - puts this checkout's src/ on the path
