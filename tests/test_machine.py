"""What this machine has."""

import pynvml
import pytest

from writerid.base import machine


@pytest.mark.parametrize(
    ("visible", "gpus"),
    [
        (None, 4),
        ("", 0),
        ("-1", 0),
        ("2", 1),
        ("0, 3", 2),
        ("1,-1,2", 1),
        ("0,4,1", 1),
        ("GPU-8932f937-d72c,GPU-1b2c", 2),
        ("NoDevFiles", 0),
    ],
)
def test_gpus_that_cuda_hides_are_not_counted(monkeypatch: pytest.MonkeyPatch, visible: str | None, gpus: int):
    monkeypatch.setattr(pynvml, "nvmlInit", lambda: None)
    monkeypatch.setattr(pynvml, "nvmlDeviceGetCount", lambda: 4)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    assert machine.resources()["GPU"] == gpus


def test_a_machine_without_a_driver_has_no_gpu(monkeypatch: pytest.MonkeyPatch):
    def init() -> None:
        raise pynvml.NVMLError(pynvml.NVML_ERROR_LIBRARY_NOT_FOUND)

    monkeypatch.setattr(pynvml, "nvmlInit", init)
    assert machine.resources()["GPU"] == 0
    assert machine.resources()["CPU"] >= 1
