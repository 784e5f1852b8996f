"""The backend that Keras computes with. The parameter `backend` alone decides it."""

import os
from importlib.util import find_spec

from writerid.base.errors import InputError

VARIABLE = "KERAS_BACKEND"


def use(backend: str, *, overrule: bool = False) -> None:
    """Make Keras compute with a backend (tensorflow, jax or torch). Call this before Keras is imported.

    Raises InputError where the backend is not installed, and where the environment variable KERAS_BACKEND names another
    one: DVC does not see environment variables, so a run would pass for one of the other backend. What only one backend
    can do may `overrule` the variable.
    """
    wanted = backend if overrule else os.environ.get(VARIABLE, backend)
    if wanted != backend:
        raise InputError(
            f"the environment variable {VARIABLE} is {wanted!r}, but params.yaml has backend: {backend}; unset the "
            f"variable, and choose by the parameter (`-S backend={wanted}`)"
        )
    if find_spec(backend) is None:
        how = "`make env`" if backend == "tensorflow" else f"`make {backend}`"
        raise InputError(
            f"params.yaml: backend: {backend} is not installed; {how} installs it, or choose another backend"
        )
    os.environ[VARIABLE] = backend
