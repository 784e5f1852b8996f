"""A small identifier and scans for the tests, made without training: hands differ in their strokes."""

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper
from PIL import Image

from writerid.identifier.bundle import TRAINED, Bundle, Preparation, References, Writer
from writerid.identifier.decide import Calibration
from writerid.identifier.hands import see
from writerid.identifier.identify import Identifier
from writerid.identifier.network import Network
from writerid.identifier.pictures import packed
from writerid.identifier.scans import ScannedLine
from writerid.scores.likelihood_ratio import Calibrator, plain

HEIGHT, WIDTH, STRIDE = 32, 64, 64
HANDS = {"anna": (2, 9), "bert": (5, 16), "carla": (9, 30)}  # thickness of strokes and the gap between them, pixels
OTHERS = {"dora": (3, 30), "emil": (14, 20)}


def writing(hand: tuple[int, int], seed: int, width: int = 400, height: int = 40) -> np.ndarray:
    """A line with upright strokes, uint8 (height, width)."""
    rng = np.random.default_rng(seed)
    thick, gap = hand
    grey = rng.integers(228, 240, (height, width)).astype(np.uint8)
    x = 6
    while x < width - thick - 6:
        top = int(rng.integers(4, 10))
        grey[top : height - 6, x : x + thick] = 40
        x += thick + gap + int(rng.integers(-1, 2))
    return grey


def page(hand: tuple[int, int], seed: int, lines: int = 5) -> np.ndarray:
    """A page of such lines, uint8 (height, width)."""
    sheet = np.full((lines * 90 + 120, 560), 235, np.uint8)
    for place in range(lines):
        top = 60 + 90 * place
        sheet[top : top + 40, 60:460] = np.minimum(sheet[top : top + 40, 60:460], writing(hand, seed * 100 + place))
    return sheet


def save(grey: np.ndarray, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(grey).save(path)
    return path


def network() -> bytes:
    """A network whose vector tells how thick strokes are: differences of a crop and itself, shifted, on average."""
    shifts = (1, 2, 3, 4, 6, 8, 12, 16)
    nodes = [helper.make_node("Cast", ["crop"], ["grey"], to=TensorProto.FLOAT)]
    weights = [numpy_helper.from_array(np.array([2], np.int64), "axis")]
    for shift in shifts:
        for name, first, end in (("left", 0, WIDTH - shift), ("right", shift, WIDTH)):
            for bound, value in (("first", first), ("end", end)):
                weights.append(numpy_helper.from_array(np.array([value], np.int64), f"{name}{bound}{shift}"))
            cut = ["grey", f"{name}first{shift}", f"{name}end{shift}", "axis"]
            nodes.append(helper.make_node("Slice", cut, [f"{name}{shift}"]))
        nodes += [
            helper.make_node("Sub", [f"left{shift}", f"right{shift}"], [f"difference{shift}"]),
            helper.make_node("Abs", [f"difference{shift}"], [f"size{shift}"]),
            helper.make_node("ReduceMean", [f"size{shift}"], [f"mean{shift}"], axes=[1, 2], keepdims=0),
            helper.make_node("Unsqueeze", [f"mean{shift}", "one"], [f"column{shift}"]),
        ]
    weights.append(numpy_helper.from_array(np.array([1], np.int64), "one"))
    nodes.append(helper.make_node("Concat", [f"column{shift}" for shift in shifts], ["all"], axis=1))
    nodes.append(helper.make_node("ReduceMean", ["all"], ["middle"], axes=[1], keepdims=1))
    nodes.append(helper.make_node("Sub", ["all", "middle"], ["vectors"]))
    nodes.append(helper.make_node("Identity", ["vectors"], ["logits"]))
    takes = helper.make_tensor_value_info("crop", TensorProto.UINT8, ["crops", HEIGHT, WIDTH])
    gives = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["crops", 8]) for name in ("logits", "vectors")]
    graph = helper.make_graph(nodes, "made", [takes], gives, weights)
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    onnx.checker.check_model(made)
    return bytes(made.SerializeToString())


def identifier(writers: tuple[str, ...] = ("anna", "bert"), kind: str = TRAINED) -> Identifier:
    """An identifier that knows some of HANDS."""
    how = Preparation(HEIGHT, WIDTH, STRIDE, "clip", "dataset", 48.0, True)
    content = network()
    lines = [
        (place, ScannedLine("", writing((HANDS | OTHERS)[name], number)))
        for place, name in enumerate(writers)
        for number in range(4)
    ]
    hands = see([line for _, line in lines], how, Network(content, "made", (HEIGHT, WIDTH)))
    pictures, ends = packed([hand.strip for hand in hands])
    place = np.array([place for place, _ in lines], np.int32)
    references = References(
        np.array([hand.vector for hand in hands], np.float32),
        np.array([len(hand.crops) for hand in hands], np.int32),
        place,
        place,
        pictures,
        ends,
    )
    calibration = Calibration([1.0, 8.0], [0.05, 0.05], [40.0, 40.0], [-36.0, -36.0], 2, 5.0, 10)
    ratio = Calibrator(4.0, -3.0, -1.0, 1.5, np.array([[4.0, -3.0, -1.0, 1.5], [4.2, -3.3, -1.1, 1.4]]), 10, "made up")
    known = dict.fromkeys(("height", "stroke", "soft"), (0.0, 1000.0)) | {"nearest": (-1.0, 1.0)}
    return Identifier(
        Bundle(
            content,
            how,
            tuple(Writer(name, kind) for name in writers),
            tuple(f"form of {name}" for name in writers),
            references,
            {TRAINED: calibration},
            {"line": {**plain(ratio), "lines": 1.0}},
            {"line": known, "form": known},
            {"pictures": True},
            "# A card\n",
        ),
        "made",
    )
