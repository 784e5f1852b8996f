"""The parameters: the name, type, bounds, default and meaning of each stand here, and nowhere else.

params.yaml is made from this module (`make params`), so a new parameter is one field here, `make params`, and its name
among the `params` of the stages in dvc.yaml that read it.
"""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field

Optimizer = Literal[
    "adadelta", "adafactor", "adagrad", "adam", "adamax", "adamw", "ftrl", "lamb", "lion", "muon",
    "nadam", "rmsprop", "schedulefreeadamw", "sgd",
]  # fmt: skip
SYNTHETIC = "data/synthetic.zip"  # the dataset that the pipeline draws itself, and the only one it can make anew
Part = TypeVar("Part", bound="Group")
Backend = Literal["tensorflow", "jax", "torch"]


class Group(BaseModel):
    """Keys of params.yaml. Each must be there, no other may be, and types are not converted."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)


def parameter(default: Any, meaning: str, **bounds: Any) -> Any:
    """Return the field of a parameter: its default, its meaning and its bounds."""
    return Field(json_schema_extra={"default": default}, description=meaning, **bounds)


class Seeded(Group):
    """The parameter of every stage that draws anything at random."""

    seed: int = parameter(0, "all randomness follows from this number", ge=0, le=2**31 - 1)


class Synthesis(Group):
    """the handwriting a fresh clone draws for itself"""

    writers: int = parameter(60, "so many hands are drawn", ge=2, le=10_000)
    forms: int = parameter(5, "sheets that each writer fills", ge=1, le=1_000)
    lines: int = parameter(8, "lines on each form", ge=1, le=100)
    difficulty: float = parameter(
        0.5, "0: hands far apart, steady, all with nibs; 1: alike, unsteady, any pen", ge=0, le=1
    )


class Pages(Group):
    """what of whole pages is no handwriting to judge by; docs/pages.md"""

    label_tag: str = parameter("printed", "lines whose tag, or whose region's, is this are left out; empty: none")
    label_text: str = parameter("", "lines whose text has this pattern (a regular expression) are left out")


class Split(Group):
    """which lines the network learns from, and which it is tested on"""

    group_by: Literal["form", "line"] = parameter(
        "form", "form: no form on two sides; line: lines at random, as in the reference"
    )
    train: float = parameter(0.7, "share of the lines that the network learns from", gt=0, lt=1)
    validation: float = parameter(
        0.15, "share by which the best epoch is chosen and confidence is calibrated", gt=0, lt=1
    )
    test: float = parameter(0.15, "share kept for the figures that are reported", gt=0, lt=1)
    fold: int = parameter(
        0, "which stretch of each writer's forms is the test side; with a test share of 0.2, 0 to 4", ge=0
    )
    unseen_writers: int = parameter(
        10, "writers of whom the network sees no line, a side of their own; by fold, others in turn; 0: none", ge=0
    )


class Crop(Group):
    """the pieces of a line that the network sees"""

    height: int = parameter(64, "pixels; lines are brought to this height", ge=8, le=1024)
    width: int = parameter(112, "pixels; shows a word or two", ge=8, le=4096)
    fit: Literal["line", "dataset"] = parameter(
        "dataset",
        "dataset: one scale for all lines, which keeps how large a hand writes; line: each line fills the height",
    )
    tone: Literal["raw", "clip", "binary"] = parameter(
        "clip", "clip: each line's paper to white, its ink to black; binary: only black and white; raw: as scanned"
    )
    keep: float = parameter(0.1, "share of the possible start columns that training draws from", gt=0, le=1)
    min_ink: float = parameter(0.01, "training crops with a smaller share of ink are skipped", ge=0, lt=1)
    stride: int = parameter(112, "validation and test: at most so many pixels from window to window", ge=1)


class Dataset(Seeded):
    """Which dataset is read, and which of its lines take part."""

    dataset: str = parameter(
        SYNTHETIC,
        "the lines: a zip or tar archive, or a folder; docs/data.md says how to bring your own",
        min_length=1,
    )
    synthesis: Synthesis
    top_writers: Annotated[int, Field(ge=2)] | None = parameter(
        None, "only the N writers with the most lines; null: all"
    )
    min_forms: int = parameter(3, "writers with fewer forms are left out", ge=1)
    min_size: int = parameter(8, "pixels; images lower or narrower than this are left out", ge=1)
    pages: Pages
    split: Split
    crop: Crop


class Network(Group):
    """The network"""

    invert: bool = parameter(
        True,
        "true: the network sees paper as 0 and ink as 1; false: black as 0 and white as 1, as in the reference",
    )
    layers: int = parameter(
        4,
        "convolutions, each a set of pattern detectors; the first has stride 2, the first three end in 2x2 pooling",
        ge=1,
        le=6,
    )
    kernel_size: int = parameter(3, "side, in values, of what a filter looks at in the layer before", ge=1, le=31)
    filters: int = parameter(
        32, "patterns that the first layer looks for; doubled after each pooling but the last", ge=1, le=1024
    )
    batch_norm: bool = parameter(
        True, "keep each layer's values in one range (batch normalisation), so that larger steps can be taken"
    )
    head: Literal["average", "dense"] = parameter(
        "average",
        "from the last map to one vector. average: its mean; dense: all of it, through one hidden layer",
    )
    dense_units: int = parameter(512, "size of the hidden layer of the dense head", ge=1, le=16_384)
    dropout: float = parameter(
        0.2,
        "share of the values before the last layer that is switched off at random in each training step",
        ge=0,
        lt=1,
    )


class Augmentation(Group):
    """how far training crops are changed at most"""

    share: float = parameter(0.3, "share of the training crops that are changed at all", ge=0, le=1)
    scale: float = parameter(0.07, "larger or smaller, by up to this share of the size (of its logarithm)", ge=0, lt=1)
    slant: float = parameter(0.07, "leaning further to a side, by up to so many columns a row", ge=0, lt=1)
    rotation: float = parameter(0.014, "rising or falling, by up to so many rows a column", ge=0, lt=1)
    shift: float = parameter(4, "up, down, left or right, by up to so many pixels", ge=0, le=100)
    stroke: float = parameter(
        0.6, "thicker or thinner strokes, by up to this share of a pixel on either side", ge=0, le=1
    )
    blur: float = parameter(0.8, "softer or sharper edges, by up to this share of a blur over 3 x 3 pixels", ge=0, le=1)
    contrast: float = parameter(8.0, "edges up to so many times as steep; 100: black and white", ge=1, le=100)

    def __bool__(self) -> bool:
        changes = (self.scale, self.slant, self.rotation, self.shift, self.stroke, self.blur)
        return self.share > 0 and (any(changes) or self.contrast > 1)


class Recipe(Seeded):
    """The fit"""

    backend: Backend = parameter(
        "tensorflow", "what Keras computes with; jax and torch must be installed first (`make jax`, `make torch`)"
    )
    optimizer: Optimizer = parameter(
        "adam", "the rule by which training changes the weights: adam, adamw, sgd or another of Keras's"
    )
    learning_rate: float = parameter(
        0.004, "how far a training step moves the weights; of a schedule, the highest", gt=0, le=100
    )
    schedule: Literal["constant", "cosine"] = parameter(
        "cosine", "cosine: the learning rate rises for warmup_steps, then falls to 0; constant: stays"
    )
    warmup_steps: int = parameter(50, "training steps in which the learning rate rises", ge=0)
    label_smoothing: float = parameter(
        0.05,
        "share of certainty that is taken from the right writer in training, against overconfidence",
        ge=0,
        lt=1,
    )
    batch_size: int = parameter(64, "crops in a training step", ge=1, le=65_536)
    epochs: int = parameter(
        4,
        "rounds of steps_per_epoch training steps; 4 are a quick look, the README holds the recommended budget",
        ge=1,
        le=10_000,
    )
    steps_per_epoch: int = parameter(
        150, "training steps from one look at the validation side to the next", ge=1, le=1_000_000
    )
    balance: float = parameter(
        0.5, "0: crops as they come; 1: every writer equally often, and every line of a writer", ge=0, le=1
    )
    augment: Augmentation
    precision: Literal["auto", "float32", "mixed_bfloat16", "mixed_float16"] = parameter(
        "auto",
        "format of the numbers it computes with. auto: float32 on a CPU, mixed precision on a GPU",
    )


class Evaluate(Group):
    """how the test figures are reported"""

    resamples: int = parameter(
        1000,
        "random choices: of the lines that are read of a form, of unseen writers for intervals",
        ge=100,
        le=100_000,
    )


class Explain(Group):
    """how much the pictures show"""

    lines: int = parameter(5, "lines to draw of each kind: surest and wrong, least sure, surest and right", ge=1, le=50)
    pairs: int = parameter(6, "pairs of writers to draw, of those most often confused", ge=1, le=50)
    crops: int = parameter(64, "test crops on which deletion and insertion check the evidence", ge=1, le=10_000)


class Enrol(Group):
    """what the identifier keeps of the known writers"""

    pictures: bool = parameter(
        True, "true: small pictures of their lines, to be shown beside questioned ones; false: only vectors"
    )


class Params(Recipe, Network, Dataset):
    """All of params.yaml."""

    evaluate: Evaluate
    explain: Explain
    enrol: Enrol
    grid: dict[str, list[Any]] = parameter(
        {
            "layers": [2, 3, 4],
            "kernel_size": [3, 5],
            "optimizer": ["adam", "adamw", "sgd"],
            "dropout": [0.0, 0.4],
        },
        "values to try; no stage depends on them",
    )

    @property
    def network(self) -> Network:
        """The parameters of the network."""
        return self._part(Network)

    @property
    def recipe(self) -> Recipe:
        """The parameters of the fit, the seed among them."""
        return self._part(Recipe)

    def _part(self, kind: type[Part]) -> Part:
        return kind(**{name: getattr(self, name) for name in kind.model_fields})
