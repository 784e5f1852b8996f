"""The network as ONNX: from crops to vectors."""

import os

import numpy as np

from writerid.base.errors import InputError, brief

BATCH = 64  # crops at a time


class Network:
    """A network that takes crops, uint8 (crops, height, width); it runs on the processor."""

    def __init__(self, content: bytes, source: str, size: tuple[int, int]) -> None:
        """Take the content of network.onnx, the path that errors name, and the height and width of a crop.

        Raises InputError where it is no such network.
        """
        import onnxruntime  # here: what looks at no writing need not wait for it

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = min(4, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 2)
        options.log_severity_level = 4
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # onnxruntime raises many kinds on files that are damaged or not its own
            raise InputError(f"{source}: not a network that can be read ({brief(error)}); make it anew") from None
        takes, gives = self._session.get_inputs(), {each.name: each for each in self._session.get_outputs()}
        one = takes[0] if len(takes) == 1 else None
        if one is None or one.type != "tensor(uint8)" or one.shape[1:] != list(size) or "vectors" not in gives:
            raise InputError(f"{source}: not a network from crops of {size[0]} x {size[1]} pixels; make it anew")
        self.dimensions = int(gives["vectors"].shape[1])
        self._input = one.name

    def vectors(self, crops: np.ndarray) -> np.ndarray:
        """Return the vector of each crop, float32 (crops, dimensions)."""
        parts = [
            self._session.run(["vectors"], {self._input: np.ascontiguousarray(crops[first : first + BATCH])})[0]
            for first in range(0, len(crops), BATCH)
        ]
        return np.concatenate(parts)
