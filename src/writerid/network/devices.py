"""What the machine computes with: backend, threads, determinism and precision.

Only this module and gradients.py call a backend itself; all others go through Keras.
"""

import itertools
import os
import platform
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import keras
import numpy as np

from writerid.base.machine import processor

PACKAGES = ("keras", "tensorflow", "jax", "torch", "numpy", "pillow", "scikit-learn", "dvc", "dvclive")


def prepare(seed: int) -> None:
    """Seed everything and make the backend compute the same bits each time. Call this before anything is built.

    Settings in a person's keras.json are overridden: the stages are written for these.

    On a CPU two TensorFlow runs differ as soon as two operations may run at once, so one runs at a time, on all
    cores. On a GPU TensorFlow takes memory as it needs it.
    """
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_epsilon(1e-7)
    keras.utils.set_random_seed(seed)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        try:
            tf.config.threading.set_inter_op_parallelism_threads(1)
            for gpu in tf.config.list_physical_devices("GPU"):
                tf.config.experimental.set_memory_growth(gpu, True)
        except RuntimeError:
            pass  # TensorFlow has begun to work in this process, and was prepared before
        tf.config.experimental.enable_op_determinism()
    elif keras.backend.backend() == "torch":
        import torch

        torch.use_deterministic_algorithms(True, warn_only=True)


def feed(batches: Iterator[tuple[dict[str, np.ndarray], np.ndarray]]) -> Any:
    """Return batches, all of one size, in the form that `fit` reads: as TensorFlow's dataset where that is the backend.

    Keras would make a dataset itself, but one with autotuning: its thread sleeps for up to a minute, and the end of the
    fit waits for it.
    """
    if keras.backend.backend() != "tensorflow":
        return batches
    import tensorflow as tf

    first = next(batches)
    dataset = tf.data.Dataset.from_generator(
        lambda: itertools.chain([first], batches),
        output_signature=tf.nest.map_structure(lambda array: tf.TensorSpec(array.shape, array.dtype), first),
    )
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.prefetch(2).with_options(options)


def gpu() -> str | None:
    """Return the name of the GPU that Keras computes on, None on a CPU."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        gpus = tf.config.list_physical_devices("GPU")
        return str(tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU")) if gpus else None
    if backend == "jax":
        import jax

        device = jax.devices()[0]
        return None if device.platform == "cpu" else str(device.device_kind)
    if backend == "torch":
        import torch

        return str(torch.cuda.get_device_name()) if torch.cuda.is_available() else None
    return None


def memory() -> int | None:
    """Return the memory of the GPU in bytes, None on a CPU or where it cannot be told.

    Of several GPUs it is the one that Keras computes on: the first that CUDA_VISIBLE_DEVICES names, by number or UUID.
    """
    if gpu() is None:
        return None
    import pynvml

    first = os.environ.get("CUDA_VISIBLE_DEVICES", "").split(",")[0].strip() or "0"
    find = pynvml.nvmlDeviceGetHandleByIndex if first.isdigit() else pynvml.nvmlDeviceGetHandleByUUID
    try:
        pynvml.nvmlInit()
        return int(pynvml.nvmlDeviceGetMemoryInfo(find(int(first) if first.isdigit() else first)).total)
    except pynvml.NVMLError:
        return None


def precision(wanted: str) -> str:
    """Return the Keras dtype policy for the parameter `precision`.

    `auto` is float32 on a CPU, mixed_bfloat16 on a GPU that has it, and mixed_float16 on an older one.
    """
    if wanted != "auto":
        return wanted
    if gpu() is None:
        return "float32"
    return "mixed_bfloat16" if _has_bfloat16() else "mixed_float16"


def jit() -> bool:
    """Whether to compile with XLA: JAX always, PyTorch never, TensorFlow on a GPU only (it halves a CPU's speed)."""
    backend = keras.backend.backend()
    return backend == "jax" or (backend == "tensorflow" and gpu() is not None)


def describe() -> dict[str, Any]:
    """Return backend, device and package versions: what may differ between runs with equal parameters and inputs."""
    versions = {}
    for package in PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return {
        "backend": keras.backend.backend(),
        "device": gpu() or processor(),
        "python": platform.python_version(),
        "versions": versions,
    }


def _has_bfloat16() -> bool:
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        details = tf.config.experimental.get_device_details(tf.config.list_physical_devices("GPU")[0])
        return bool(details.get("compute_capability", (0, 0))[0] >= 8)
    if backend == "torch":
        import torch

        return bool(torch.cuda.is_bf16_supported())
    return True
