"""What the network looks at: on networks small enough that one can say what must come out."""

from collections import Counter
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest

from tests.conftest import tiny_network
from writerid.crops.windows import CROP, Packed
from writerid.explain import activations, attribution, confusions, fidelity, hands, sureness, traits
from writerid.explain.study import Limits, Study
from writerid.explain.taps import Taps
from writerid.network.gradients import gradient
from writerid.network.models import build
from writerid.pictures import album
from writerid.scores.decisions import Decisions


@pytest.fixture(scope="module")
def taps() -> Taps:
    model = build(tiny_network(width=40, layers=4), seed=0)
    rng = np.random.default_rng(0)
    for weight in model.weights:  # a network as after training: normalisation, too, does something
        if "moving_variance" not in weight.path:
            weight.assign(weight + rng.normal(0, 0.05, weight.shape))
    return Taps(model)


@pytest.fixture(scope="module")
def crops() -> np.ndarray:
    grey = np.full((5, 32, 40), 255, np.uint8)
    rng = np.random.default_rng(1)
    for crop in grey:
        for x in rng.integers(0, 38, 6):
            crop[6:26, x : x + 2] = rng.integers(0, 90)
    return grey


def test_gradients_are_those_of_calculus():
    x = np.array([[1.0, -2.0, 3.0]], np.float32)
    np.testing.assert_allclose(gradient(lambda t: keras.ops.sum(t**3, axis=1), x), 3 * x**2, rtol=1e-6)


def test_a_network_is_open_at_its_joints(taps: Taps, crops: np.ndarray):
    assert [layer.name for layer in taps.layers] == ["conv1", "conv2", "conv3", "conv4"]
    assert [(layer.field, layer.step) for layer in taps.layers] == [(5, 4), (17, 8), (41, 16), (73, 16)]
    assert [maps.shape for maps in taps.maps(crops)] == [(5, 8, 10, 4), (5, 4, 5, 8), (5, 2, 2, 16), (5, 2, 2, 16)]
    pixels = keras.ops.convert_to_tensor(taps.scaled(crops))
    whole, *parts = (
        keras.ops.convert_to_numpy(logits)
        for logits in (taps.model(crops), taps.to_logits(pixels), taps.from_map(taps.to_map(pixels)))
    )
    for part in parts:
        np.testing.assert_allclose(part, whole, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("head", ["average", "dense"])
def test_any_network_of_the_family_can_be_looked_into(head: Any, crops: np.ndarray):
    own = Taps(build(tiny_network(width=40, layers=1, invert=False, batch_norm=False, head=head), seed=0))
    for method in attribution.METHODS.values():
        assert method(own, crops, np.zeros(5, int)).shape == crops.shape


def test_integrated_gradients_add_up_to_what_is_explained(taps: Taps, crops: np.ndarray):
    classes = np.array([0, 1, 2, 0, 1])
    found = attribution.integrated_gradients(taps, crops, classes, steps=200).sum(axis=(1, 2))
    gained = attribution.gains(taps, crops, classes) - attribution.gains(taps, attribution.blank_paper(crops), classes)
    np.testing.assert_allclose(found, gained, atol=0.02 * np.abs(gained).max())


def test_evidence_is_on_the_ink(taps: Taps, crops: np.ndarray):
    for method in (attribution.integrated_gradients, attribution.gradient_x_input):
        assert not method(taps, crops, np.zeros(5, int))[crops == 255].any()
    cam = attribution.grad_cam(taps, crops, np.zeros(5, int))
    assert cam.shape == crops.shape
    assert cam.min() >= 0


def test_evidence_of_crops_is_averaged_where_they_lap(taps: Taps):
    strips = np.full((70, 32), 255, np.uint8)
    table = np.array([(0, 0, 0), (20, 0, 0), (30, 0, 0)], CROP)

    def ones(_: Taps, crops: np.ndarray, classes: np.ndarray) -> np.ndarray:
        return np.ones(crops.shape, np.float32)

    one, other = attribution.over_lines(taps, strips, [table, table[1:]], [0, 1], ones)
    assert (one == np.ones((32, 70))).all()
    assert (other == np.ones((32, 50))).all()


class OneSpot:
    """A stand-in for a network that is sure of class 1 by the ink of one cell alone."""

    def __init__(self) -> None:
        self.height, self.width = 32, 40

    def logits(self, crops: np.ndarray) -> np.ndarray:
        ink = (255.0 - crops[:, 8:16, 16:24]).mean(axis=(1, 2)) / 255
        return np.column_stack([np.zeros(len(crops)), 20 * ink - 4]).astype(np.float32)


def test_deletion_and_insertion_reward_the_map_that_knows(crops: np.ndarray, monkeypatch: pytest.MonkeyPatch):
    def methods(marks: np.ndarray) -> dict[str, Callable]:
        return {"integrated_gradients": lambda taps, own, classes: np.broadcast_to(marks, own.shape)}

    spot = np.zeros((32, 40))
    spot[8:16, 16:24] = 1
    written = np.zeros_like(crops)  # ink everywhere but a border of paper, so that blank paper is known
    written[:, :10] = 255
    written[:, 8:16, 16:24] = 0
    one_spot: Taps = OneSpot()  # type: ignore[assignment]
    areas = {}
    for name, marks in (("right", spot), ("wrong", -spot)):
        monkeypatch.setattr(fidelity, "METHODS", methods(marks))
        found = fidelity.measure(one_spot, written, np.ones(5, int), np.random.default_rng(0))
        areas[name] = found.figures(np.arange(5))
        assert {row[:2] for row in found.rows()} >= {("deletion", "random"), ("insertion", "ink")}
        for curves in (found.deletion, found.insertion):  # both ends are the same for all orders
            ends = np.array([values[:, [0, -1]] for values in curves.values()])
            assert np.ptp(ends, axis=0).max() < 1e-6
    right, wrong = (areas[name] for name in ("right", "wrong"))
    own = "integrated_gradients"
    assert right["deletion"][own]["area"] < right["deletion"]["random"]["area"] < wrong["deletion"][own]["area"]
    assert right["insertion"][own]["area"] > right["insertion"]["random"]["area"] > wrong["insertion"][own]["area"]
    assert right["deletion"][own]["over_random_low"] > 0 > wrong["deletion"][own]["over_random_high"]
    assert right["deletion"][own]["over_random_p"] < 0.1


def test_evidence_is_compared_form_by_form():
    """Ten crops of each form, all alike: no more is known than of one."""
    shares = np.linspace(0, 1, 6)
    rng = np.random.default_rng(0)
    by_form = {name: rng.random((4, 6)) for name in ("integrated_gradients", *fidelity.BASELINES)}
    few = fidelity.Fidelity(shares, by_form, by_form).figures(np.arange(4))
    copies = {name: np.repeat(values, 10, axis=0) for name, values in by_form.items()}
    many = fidelity.Fidelity(shares, copies, copies).figures(np.repeat(np.arange(4), 10))
    assert many["deletion"]["integrated_gradients"] == pytest.approx(few["deletion"]["integrated_gradients"])
    alone = fidelity.Fidelity(shares, copies, copies).figures(np.zeros(40, int))["insertion"]["integrated_gradients"]
    assert (alone["area_low"], alone["area_high"], alone["over_ink_low"], alone["over_ink_p"]) == (0, 1, -1, 1)


def test_what_a_change_costs_is_told_form_by_form_against_lines_drawn_anew():
    forms = np.repeat(np.arange(12), 5)
    labels = forms % 2

    def decided(wrong: np.ndarray) -> Decisions:
        return Decisions(np.log(np.where(np.eye(2)[np.where(wrong, 1 - labels, labels)] > 0, 0.9, 0.1)), labels, forms)

    anew, worse = np.arange(60) % 10 == 0, np.arange(60) % 5 < 2 + forms % 2
    told = traits.costs({traits.ANEW: decided(anew), "same": decided(anew), "worse": decided(worse)})
    assert told[traits.ANEW] == told["same"] == (0, 0, 0, 1)
    value, low, high, p = told["worse"]
    assert value == pytest.approx(anew.mean() - worse.mean())
    assert -1 <= low < value < high < 0
    assert p < 0.01


def test_what_drives_a_filter(taps: Taps, crops: np.ndarray):
    layers = activations.driven(taps, crops, np.arange(5), np.random.default_rng(0))
    assert [own.layer.name for own in layers] == [layer.name for layer in taps.layers]
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


def test_confused_writers_stand_together():
    recall = np.eye(6)
    recall[0] = [0.5, 0, 0, 0, 0, 0.5]
    recall[2] = [0, 0, 0.6, 0.4, 0, 0]
    order = list(confusions.order(recall))
    assert sorted(order) == [0, 1, 2, 3, 4, 5]
    assert abs(order.index(0) - order.index(5)) == 1
    assert abs(order.index(2) - order.index(3)) == 1
    assert list(confusions.order(np.eye(2))) == [0, 1]


def test_entries_of_the_confusion_matrix():
    rows = confusions.entries(np.array([[3, 1], [0, 0]]), ["a", "b"])
    assert rows == [("a", "a", 3, "0.7500", 0, 0), ("a", "b", 1, "0.2500", 0, 1)]


def test_examples_and_reliability():
    probability = np.array([[0.9, 0.1], [0.8, 0.2], [0.45, 0.55], [0.3, 0.7]])
    labels = np.array([0, 1, 1, 1])
    found = sureness.examples(np.log(probability), labels, 2)
    assert [(own.kind, own.number) for own in found] == [
        ("surest_wrong", 1),
        ("least_sure", 2),
        ("least_sure", 3),
        ("surest_right", 0),  # the only one left: no line is shown twice
    ]
    assert found[0].classes == (0, 1)
    one = sureness.examples(np.log(probability), labels, 1)
    assert [own.number for own in one] == [1, 2, 0]
    none_wrong = sureness.examples(np.log(probability), probability.argmax(axis=1), 3)
    assert [(own.kind, own.number) for own in none_wrong] == [
        ("least_sure", 2),
        ("least_sure", 3),
        ("least_sure", 1),
        ("surest_right", 0),
    ]
    six = np.array([[0.9, 0.1], [0.89, 0.11], [0.88, 0.12], [0.2, 0.8], [0.45, 0.55], [0.6, 0.4]])
    right = sureness.examples(np.log(six), six.argmax(axis=1), 2)[2:]
    assert [own.number for own in right] == [0, 3]  # one a writer first


def test_reliability_by_bins_that_hold_enough():
    sure = np.array([0.55] * 3 + [0.7] * 8 + [0.8] * 12 + [0.95] * 4)
    right = np.arange(27) % 3 > 0
    log_probs, labels = np.log(np.column_stack([sure, 1 - sure])), np.where(right, 0, 1)
    bins = sureness.reliability(log_probs, labels, np.arange(27))
    assert [own.items for own in bins] == [11, 16]  # three are too few, and so are the last four
    assert bins[0].confidence == pytest.approx((3 * 0.55 + 8 * 0.7) / 11)
    assert bins[0].accuracy == pytest.approx(right[:11].mean())
    for own in bins:
        assert 0 <= own.low < own.accuracy < own.high <= 1
    few = sureness.reliability(np.log([[0.9, 0.1], [0.6, 0.4]]), np.array([0, 1]), np.array([0, 1]))
    assert [own.items for own in few] == [2]
    of_three_forms = sureness.reliability(log_probs, labels, np.arange(27) % 3)
    assert all(
        wide.high - wide.low > 1.5 * (own.high - own.low) for wide, own in zip(of_three_forms, bins, strict=True)
    )


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
    return Study(taps.model, packed, Limits(1, 1, 1), 0)


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


def written(crops: np.ndarray) -> Packed:
    """Crops one after another as lines, each of two crops that lap."""
    strips = np.concatenate(list(crops.transpose(0, 2, 1)))
    table = np.array([(40 * line + start, line, line % 3) for line in range(5) for start in (0, 8)], CROP)
    names = {"line": [f"l{n}" for n in range(5)], "form": [f"f{n}" for n in range(5)]}
    return Packed(strips, {"test": table}, names, 40 * np.arange(6), 32, ["a", "b", "c"])


def test_lines_are_changed_in_one_trait(crops: np.ndarray):
    packed = written(crops)
    table, known = packed.tables["test"], {trait.change: trait for trait in traits.traits(8)}
    assert len(known) == len(traits.traits(8))
    strips, same = traits.changed(packed, table, known[traits.UNCHANGED], 0)
    assert (strips == packed.strips).all()
    assert (same == table).all()
    for change, trait in known.items():
        strips, other = traits.changed(packed, table, trait, 0)
        assert strips.dtype == np.uint8
        assert (other[["line", "label"]] == table[["line", "label"]]).all()
        columns = 40 + 4 * change.endswith(("10 % larger", "10 % wider")) - 4 * change.endswith(("smaller", "narrower"))
        assert len(strips) == 5 * columns
        last = other["start"][1::2] + 32
        assert last.tolist() == [columns * line for line in range(1, 6)]  # a line's last crop ends with it, as before
        kept = change == traits.UNCHANGED or "wiped out" in change  # these strokes have but the zone of small letters
        assert np.array_equal(strips, packed.strips) == kept
        assert (strips == traits.changed(packed, table, trait, 0)[0]).all()


def test_traits_are_changed_as_they_say():
    line, rng = np.full((32, 60), 255, np.uint8), np.random.default_rng(0)
    line[4:28, 30:33] = 0  # one upright stroke, from above small letters to below them
    line[12:20, 10:50] = 0
    known = {trait.change: trait.apply(line, rng).astype(float) for trait in traits.traits(8)}

    def middle(rows: slice, change: str) -> float:
        ink = 255 - known[change][rows].sum(axis=0) / known[change][rows].shape[0]
        return float((ink * np.arange(len(ink))).sum() / ink.sum())

    top, bottom = slice(4, 8), slice(24, 28)
    assert middle(top, "leaning 5° more to the right") > middle(bottom, traits.UNCHANGED) + 0.5
    assert middle(top, "leaning 5° more to the left") < middle(bottom, traits.UNCHANGED) - 0.5
    ink = {change: (255 - found).sum() for change, found in known.items()}
    assert ink["strokes half a pixel thinner"] < ink[traits.UNCHANGED] < ink["strokes half a pixel wider"]
    assert ink[traits.ANEW] == pytest.approx(ink[traits.UNCHANGED], rel=0.02)
    assert (255 - known["3 pixels further up"])[1:5].any()
    assert not (255 - known["3 pixels further up"])[25:].any()
    assert traits.core(line) == (12, 20)
    above, below = (known[f"all {where} small letters wiped out"] for where in ("above", "below"))
    assert (above[:12] == 255).all()
    assert (above[12:] == line[12:]).all()
    assert (below[20:] == 255).all()
    assert (below[:20] == line[:20]).all()
    pieces = known["pieces of 8 pixels in any order"]
    assert sorted(map(bytes, pieces.astype(np.uint8).T)) == sorted(map(bytes, line.T))


def test_decisions_on_changed_lines(taps: Taps):
    own = study(taps, [0, 8, 48, 56], 48)
    as_it_is, _, leaning, *_ = own.changes
    by_crop, by_line = own.changed(as_it_is)
    np.testing.assert_allclose(by_crop.log_probs, own.decisions["crop"].log_probs, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(by_line.log_probs, own.decisions["line"].log_probs, rtol=1e-4, atol=1e-5)
    assert not np.allclose(own.changed(leaning)[0].log_probs, by_crop.log_probs, atol=1e-4)
