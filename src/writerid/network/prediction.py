"""A network's logits for the crops of a table."""

import keras
import numpy as np
from tqdm import tqdm

from writerid.crops.windows import gather
from writerid.network import devices

BATCH = 256  # crops at a time


def predict(model: keras.Model, strips: np.ndarray, crops: np.ndarray, description: str | None = None) -> np.ndarray:
    """Return the logits, float32 (crops, classes), of the crops of a table (see windows.CROP).

    `description` names a progress bar on a terminal; None shows none.
    """
    model.jit_compile = devices.jit()
    width = model.input_shape[2]
    logits = np.empty((len(crops), model.output_shape[-1]), np.float32)
    bar = tqdm(total=len(crops), desc=description, unit=" crops", disable=None if description else True)
    with bar:
        for start in range(0, len(crops), BATCH):
            batch = gather(strips, crops["start"][start : start + BATCH], width)
            rows = len(batch)
            if rows < BATCH:  # every batch has the same shape, so that the network is compiled once
                batch = np.concatenate([batch, np.zeros((BATCH - rows, *batch.shape[1:]), np.uint8)])
            logits[start : start + rows] = keras.ops.convert_to_numpy(model.predict_on_batch(batch))[:rows]
            bar.update(rows)
    return logits
