"""What the benchmarks compare with."""

from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import probes, reference
from tests.conftest import line


def test_batches_of_the_reference(tmp_path: Path):
    images = [tmp_path / f"{number}.png" for number in range(40)]
    for number, path in enumerate(images):
        Image.fromarray(line(number, width=90 if number % 2 else 30)).save(path)
    crops, labels = next(reference.batches(images, np.arange(40)))
    # 90 x 30 pixels become 339 x 113: 227 columns are possible, and a tenth of them are cut; 30 x 30 give too few
    assert crops.dtype == np.uint8
    assert crops.shape[1:] == (113, 113)
    found = np.unique(labels.argmax(axis=1), return_counts=True)
    assert set(found[1]) == {22}
    assert (found[0] % 2 == 1).all()
    assert len(crops) == len(labels) == 22 * len(found[0])


def test_a_probe_sees_no_ink_of_the_next_line():
    for columns in (1, 111, 112, 113, 300):
        starts = probes.whole_crops(columns, 112, 100)
        assert len(starts) == (0 if columns < 112 else 1 + (columns - 112) // 100)
        assert all(start + 112 <= columns for start in starts)
