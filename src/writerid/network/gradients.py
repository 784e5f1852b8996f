"""Gradients, for which Keras has no call of its own. Beside devices.py, the only module that calls a backend itself."""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np


def gradient(function: Callable[[Any], Any], inputs: np.ndarray) -> np.ndarray:
    """Return the gradient of the sum of a function's values with respect to its inputs; float32, of the inputs' shape.

    `inputs` are float32. `function` takes them as a tensor of the backend, and uses Keras layers and keras.ops alone.

    Raises NotImplementedError for a backend other than TensorFlow, JAX and PyTorch.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        tensor = tf.convert_to_tensor(inputs)
        with tf.GradientTape() as tape:
            tape.watch(tensor)
            total = keras.ops.sum(function(tensor))
        return np.asarray(tape.gradient(total, tensor))
    if backend == "jax":
        import jax

        return np.asarray(jax.grad(lambda tensor: keras.ops.sum(function(tensor)))(jax.numpy.asarray(inputs)))
    if backend == "torch":
        import torch

        tensor = keras.ops.convert_to_tensor(inputs).detach().clone().requires_grad_(True)
        with torch.enable_grad():
            (slope,) = torch.autograd.grad(keras.ops.sum(function(tensor)), tensor)
        return slope.detach().cpu().numpy()
    raise NotImplementedError(f"gradients on Keras's backend {backend}")
