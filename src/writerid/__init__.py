"""Writer identification from scanned lines of handwriting, as a reproducible experiment.

`from writerid import Identifier` gives what says who wrote a scan; it is imported only when it is asked for.
"""

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from writerid.identifier.identify import Identifier

__all__ = ["Identifier"]

# Read as Pillow is imported: what is larger than 32 MB goes back to the system at once, whereas pieces of the usual
# 16 MB stay behind here and there, up to 300 MB of them after a page at 600 dpi.
os.environ.setdefault("PILLOW_BLOCK_SIZE", "64m")


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module("writerid.identifier.identify"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
