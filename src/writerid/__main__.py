"""`python -m writerid` is the command `writerid`."""

import sys

from writerid.cli import main

sys.exit(main())
