"""The backend is what the parameter says; anything else is refused in one line."""

import os

import pytest

from writerid.base import backend
from writerid.base.errors import InputError


def test_a_variable_that_names_another_backend_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(backend.VARIABLE, "jax")
    with pytest.raises(InputError, match=r"is 'jax', .* backend: tensorflow; .*`-S backend=jax`"):
        backend.use("tensorflow")


def test_a_backend_that_is_not_installed_is_refused(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv(backend.VARIABLE, raising=False)
    monkeypatch.setattr(backend, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="backend: torch is not installed; `make torch` installs it"):
        backend.use("torch")


def test_what_one_backend_alone_can_do_overrules_the_variable(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(backend.VARIABLE, "jax")
    backend.use("tensorflow", overrule=True)
    assert os.environ[backend.VARIABLE] == "tensorflow"


def test_the_backend_is_chosen(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(backend.VARIABLE, "tensorflow")
    backend.use("tensorflow")
