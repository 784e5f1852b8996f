"""The test side as it is explained: filters, maps, the map of hands, the lines that are shown."""

from collections import Counter
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

from writerid.base.errors import InputError
from writerid.base.schema import Explain
from writerid.crops.strips import OnScan
from writerid.crops.windows import CROP, Packed
from writerid.explain import activations, hands
from writerid.explain.results import PAIR, Results
from writerid.explain.study import Study
from writerid.explain.taps import Taps
from writerid.pictures import album


def test_what_drives_a_filter(taps: Taps, crops: np.ndarray):
    layers = activations.driven(taps, crops, np.arange(5), np.random.default_rng(0))
    assert [id(own.layer) for own in layers] == [id(layer) for layer in taps.layers]
    for own in layers:
        side = own.grown.shape[-1]
        assert own.patches.shape == (len(own.filters), 4, side, side)
    # The image grown for a filter of the first layer moves it further than noise does.
    first = layers[0]
    middle = np.full((len(first.filters), 32, 40), 128, np.uint8)
    grown = middle.copy()
    side = first.grown.shape[-1]
    top, left = int(4.5 * 4 - side / 2), int(5.5 * 4 - side / 2)
    grown[:, top : top + side, left : left + side] = first.grown
    drive = taps.to_drive(first.layer)
    before, after = (
        keras.ops.convert_to_numpy(drive(taps.scaled(images)))[np.arange(len(first.filters)), 4, 5, first.filters]
        for images in (middle, grown)
    )
    assert (after > before).mean() > 0.7


def test_the_strongest_pieces_are_of_different_lines():
    peak = np.array([9.0, 8, 7, 6, 5, 4])
    assert activations._strongest(peak, np.array([0, 0, 0, 1, 2, 3])) == [0, 3, 4, 5]
    assert activations._strongest(peak[:1], np.array([0])) == [0, 0, 0, 0]


@pytest.mark.parametrize("lines", [1, 2, 5, 40])
def test_the_map_of_hands(lines: int):
    writer = np.arange(lines) % 2
    embeddings = np.random.default_rng(0).normal(0, 0.1, (lines, 6)) + 10 * writer[:, None]
    places = hands.layout(embeddings, seed=0)
    assert places.shape == (lines, 2)
    np.testing.assert_array_equal(places, hands.layout(embeddings, seed=0))
    if lines == 40:
        apart = np.linalg.norm(places[:, None] - places[None], axis=2)
        same = writer[:, None] == writer[None]
        assert apart[same].mean() < apart[~same].mean()


def study(taps: Taps, starts: list[int], columns: int) -> Study:
    """A study of lines of so many columns; each crop, by its start, is of the line it is in."""
    rng = np.random.default_rng(0)
    strips = np.full((columns * (max(starts) // columns + 1), 32), 255, np.uint8)
    strips[:, 8:24] = rng.integers(0, 255, (len(strips), 16))
    table = np.array([(start, start // columns, 0) for start in starts], CROP)
    count = len(strips) // columns
    lines = {
        "form": ["f"] * count,
        "writer": list("abc" * count)[: max(3, count)],
        "line": [f"f-{number:02d}" for number in range(count)],
    }
    packed = Packed(strips, {"test": table}, lines, np.arange(count + 1) * columns, 40, ["a", "b", "c"])

    def scanned(row: int, change: OnScan) -> np.ndarray:
        return change(strips[columns * row : columns * (row + 1)].T, 32).T

    return Study(taps.model, packed, Explain(lines=1, pairs=1, crops=1), 0, scanned)


@pytest.mark.parametrize("second", [26, 50])  # crops that lap by 14 columns, crops that stand apart by 10
def test_maps_lie_under_the_line_they_are_of(taps: Taps, second: int):
    own = study(taps, [0, second], 100)
    writing, layers = own.maps(0, 2)
    assert (writing == own.writing(0)).all()
    first, deep = layers[0][1], layers[-1][1]
    assert layers[0][0] == "layer 1, one of 4 filters"
    assert first.shape == (2, 8, second + 40)
    assert deep.shape == (2, 2, second + 40)
    crops = np.stack([writing[:, :40], writing[:, second:]])
    seen = np.maximum(taps.maps(crops)[0], 0)  # 8 x 10 values, of 4 columns each
    filters = np.sort(np.argsort(-seen.std(axis=(0, 1, 2)), kind="stable")[:2])
    middle = 33 if second < 40 else 40  # up to here the left crop is shown, from there the right one
    np.testing.assert_allclose(first[:, :, middle - 1], seen[0][:, (middle - 1) // 4, filters].T, rtol=1e-5)
    np.testing.assert_allclose(first[:, :, -1], seen[1][:, -1, filters].T, rtol=1e-5)
    if second < 40:
        np.testing.assert_allclose(first[:, :, middle], seen[1][:, (middle - second) // 4, filters].T, rtol=1e-5)
    else:
        assert (first[:, :, 40:50] == 0).all()


def test_pairs_by_unseen_writers_are_drawn_by_the_names_of_their_lines(taps: Taps, tmp_path: Path):
    own = study(taps, [0, 100, 200], 100)
    pair = dict(zip(PAIR, ("worst_same", "f-00", "f-02", "a", "a", "0.4", "-0.9", "-1", "0.1"), strict=True))
    drawn = album.Album(own, Results({}, {}, [pair]), tmp_path, tmp_path)
    drawn.compared()
    with Image.open(tmp_path / "lines/compared_1_other.png") as image:
        np.testing.assert_array_equal(image, own.named("f-02"))
    assert own.named("f-02").shape == (32, 100)
    header, row = (tmp_path / "compared.csv").read_text().splitlines()
    assert header == f"picture_one,picture_other,{','.join(PAIR)}"
    assert row == f"compared_1_one.png,compared_1_other.png,{','.join(pair.values())}"
    assert drawn.counts == {"compared": 1}
    with pytest.raises(InputError, match=r"data/lines.csv: has no line 'g-00'; run `dvc repro --force evaluate`"):
        own.named("g-00")


def test_lines_are_shown_once_while_others_are_left(taps: Taps):
    own = study(taps, [0, 40, 80], 40)  # three lines of one crop each
    shown: Counter[int] = Counter()
    chosen = [line for _ in range(3) for line in album.sure_lines(own, shown, 1)]
    assert sorted(chosen) == [0, 1, 2] == sorted(shown)
    assert album.sure_lines(own, shown, 1) == chosen[:1]
    likest = own.likest(0, 1, {})
    assert likest is not None
    assert own.likest(0, 1, {likest: 1}) not in (None, likest)
    assert own.likest(0, 1, Counter([0, 1, 2])) == likest  # all are shown, and a pair needs a line
    assert own.likest(2, 1, {}) is None
    own.decisions["line"].labels[:] = [0, 1, 1]
    own.decisions["line"].log_probs[:] = np.log([[0.8, 0.1, 0.1], [0.1, 0.8, 0.1], [0.1, 0.8, 0.1]])
    first, second = album.sure_lines(own, Counter(), 2)
    assert {first, second} in ({0, 1}, {0, 2})  # of different writers
    assert len(album.sure_lines(own, Counter(), 9)) == 3


def test_decisions_on_changed_lines(taps: Taps):
    own = study(taps, [0, 8, 48, 56], 48)
    as_it_is, _, leaning, *_ = own.changes
    by_crop, by_line = own.changed(as_it_is)
    np.testing.assert_allclose(by_crop.log_probs, own.decisions["crop"].log_probs, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(by_line.log_probs, own.decisions["line"].log_probs, rtol=1e-4, atol=1e-5)
    assert not np.allclose(own.changed(leaning)[0].log_probs, by_crop.log_probs, atol=1e-4)
