"""The stages of the pipeline, one script each: `python -m stages.NAME` from the repository's root.

A queued DVC experiment runs in a copy of the repository, so the library is taken from beside this very file and
never from an installed copy.
"""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's notes to its developers are not for our users
