"""The stages of the pipeline, one script each: `python -m stages.NAME` from the repository's root.

A queued DVC experiment runs in a copy of the repository, so the library is taken from beside this very file and
never from an installed copy.
"""

import os
import signal
import sys
import time
from importlib.util import find_spec
from pathlib import Path

if find_spec("psutil") is None:
    sys.exit(
        f"error: {sys.executable} (Python {sys.version.split()[0]}) lacks this project's packages; "
        "run `make env`, then `source .venv/bin/activate`"
    )

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow's notes to its developers are not for our users
# TensorFlow keeps what memory it has had, where it would else ask the system for each array of each step anew.
os.environ.setdefault("TF_CPU_ALLOCATOR_USE_BFC", "true")

from writerid.base.interrupts import TIDYING, exit_at_once
from writerid.base.lifetime import SIGNALS, STAGE, end_with, started_by

INTERRUPTED = "error: interrupted; `dvc repro` goes on (a fit: after its last finished epoch)"


def _end() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(TIDYING)
    os._exit(130)


# Before anything else is imported: TensorFlow takes seconds, in which an interrupt would show the inside of some
# import, and in which `dvc` may be killed.
if sys.argv[0] == "-m":  # a stage that is being started, not a test that imports one nor a worker process
    for _number in SIGNALS:
        signal.signal(_number, exit_at_once)
    if STAGE in os.environ:  # set by `dvc`: killed alone, it would leave its stage at work beside the next one
        end_with(started_by(), _end)
