"""The test side as it is explained: decisions, embeddings and evidence of one network."""

from collections.abc import Mapping, Sequence
from functools import cached_property

import keras
import numpy as np

from writerid.base.errors import InputError
from writerid.base.randomness import Use, stream
from writerid.base.schema import Explain
from writerid.crops.choice import evenly
from writerid.crops.windows import Packed, gather
from writerid.evaluation.reported import Levels
from writerid.explain import activations, attribution, fidelity, hands, sureness, traits
from writerid.explain.taps import Taps
from writerid.network.prediction import predict
from writerid.scores import confusion
from writerid.scores.calibration import scaled
from writerid.scores.decisions import Decisions, log_softmax
from writerid.scores.embedding import means

SAMPLE = 400  # crops among which those are looked for that drive a filter
MAP_CROPS = 4  # crops of the line whose maps are shown
TRAIT_LINES = 80  # lines on which changed traits are tried, spread evenly over the test side
MAPPED = 2000  # lines on the map of hands; t-SNE's time grows faster than their number
BLANK = 16  # grey values; a crop of fewer holds no writing


class Study:
    """A network on the test side; what takes long is computed once, when it is first asked for."""

    def __init__(self, model: keras.Model, packed: Packed, limits: Explain, seed: int, scanned: traits.Scanned) -> None:
        """Take a model, what the crop stage made of the test side, and how it is made (see strips.Scans.strip).

        `limits`: how much is shown and measured.
        """
        self.taps, self.writers, self.limits = Taps(model), list(packed.writers), limits
        self._packed, self._seed, self._scanned = packed, seed, scanned
        self.crops: np.ndarray = packed.tables["test"]
        embeddings, logits = self.taps.embed(packed.strips, self.crops)
        levels = Levels(packed, "test", log_softmax(logits))
        self.rows, self.line_of, self.decisions = levels.rows, levels.line_of, levels.by_name()
        self.embeddings = means(embeddings, self.line_of)

    def writing(self, line: int) -> np.ndarray:
        """Return the strip, uint8 (height, columns), of a test line by number."""
        crops = self.crops_of(line)
        return self._packed.strips[crops["start"].min() : crops["start"].max() + self.taps.width].T

    def named(self, name: str) -> np.ndarray:
        """Return the strip, uint8 (height, columns), of a line of any side by its name.

        Raises InputError where there is no such line.
        """
        if name not in self._packed.lines["line"]:
            raise InputError(f"data/lines.csv: has no line {name!r}; run `dvc repro --force evaluate`")
        row = self._packed.lines["line"].index(name)
        return self._packed.strips[self._packed.ends[row] : self._packed.ends[row + 1]].T

    def crops_of(self, line: int) -> np.ndarray:
        """Return the crops of a test line by number."""
        return self.crops[self.line_of == line]

    def name(self, line: int) -> str:
        """Return the name of a test line by number."""
        return str(self._packed.lines["line"][self.rows[line]])

    def evidence(
        self, lines: Sequence[int], writers: Sequence[int], method: str = "integrated_gradients"
    ) -> list[np.ndarray]:
        """Evidence over each of some test lines for a writer, float32 (height, columns)."""
        crops = [self.crops_of(line) for line in lines]
        return attribution.over_lines(self.taps, self._packed.strips, crops, writers, attribution.METHODS[method])

    @cached_property
    def counts(self) -> np.ndarray:
        """Test crops by actual and predicted writer, int (writers, writers)."""
        crop = self.decisions["crop"]
        return confusion.counts(crop.log_probs.argmax(axis=1), crop.labels, len(self.writers))

    def confused(self) -> list[tuple[int, int, float]]:
        """Return the most confused (actual, predicted, share of crops), of each two writers the worse direction."""
        pairs = confusion.pairs(confusion.recall(self.counts))
        kept = {frozenset(pair[:2]): pair for pair in reversed(pairs)}  # of two directions the worse one, the first
        return sorted(kept.values(), key=pairs.index)[: self.limits.pairs]

    def likest(self, writer: int, other: int, shown: Mapping[int, int]) -> int | None:
        """Return the writer's test line that is most likely the other's, of those that were shown least often.

        `shown`: how often each line, by number, was shown. None for a writer without a test line.
        """
        line = self.decisions["line"]
        theirs = [int(number) for number in np.flatnonzero(line.labels == writer)]
        return min(theirs, key=lambda number: (shown.get(number, 0), -line.log_probs[number, other]), default=None)

    def examples(self, temperature: float) -> list[sureness.Example]:
        """The surest wrong, the least sure and the surest right lines, at a temperature (see calibration)."""
        line = self.decisions["line"]
        return sureness.examples(scaled(line.log_probs, temperature), line.labels, self.limits.lines)

    def reliability(self, temperatures: Mapping[str, float]) -> dict[str, dict[str, list[sureness.Bin]]]:
        """Reliability by level, raw and calibrated."""
        return {
            level: {
                state: sureness.reliability(scaled(decisions.log_probs, by), decisions.labels, decisions.forms)
                for state, by in (("raw", 1.0), ("calibrated", temperatures[level]))
            }
            for level, decisions in self.decisions.items()
        }

    @cached_property
    def mapped(self) -> np.ndarray:
        """Numbers of the test lines on the map of hands: all, or MAPPED of them."""
        return evenly(len(self.rows), MAPPED)

    @cached_property
    def places(self) -> np.ndarray:
        """The map of hands, float64 (mapped lines, 2)."""
        return hands.layout(self.embeddings[self.mapped], self._seed)

    @cached_property
    def _sample(self) -> tuple[np.ndarray, np.ndarray]:
        """Test crops, uint8 (crops, height, width), spread evenly, and their numbers."""
        return self._some(SAMPLE)

    def _some(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        numbers = evenly(len(self.crops), count)
        return gather(self._packed.strips, self.crops["start"][numbers], self.taps.width), numbers

    @property
    def blank(self) -> float:
        """The share of the test crops, judged by a sample, that hold no writing."""
        crops = self._sample[0].reshape(len(self._sample[0]), -1)
        return float((crops.max(axis=1).astype(int) - crops.min(axis=1) < BLANK).mean())

    def fidelity(self, temperature: float) -> tuple[fidelity.Fidelity, np.ndarray, float]:
        """Deletion and insertion on some test crops, the crops' forms, and how far integrated gradients miss their sum.

        `temperature`: that of crops (see calibration).
        """
        crops, numbers = self._some(self.limits.crops)
        classes = self.decisions["crop"].log_probs[numbers].argmax(axis=1)
        measured = fidelity.measure(self.taps, crops, classes, stream(self._seed, Use.FIDELITY), temperature)
        part = slice(0, 16)
        total = attribution.integrated_gradients(self.taps, crops[part], classes[part]).sum(axis=(1, 2))
        blank = attribution.blank_paper(crops[part])
        gained = attribution.gains(self.taps, crops[part], classes[part]) - attribution.gains(
            self.taps, blank, classes[part]
        )
        missed = float(np.abs(total - gained).mean() / max(float(np.abs(gained).mean()), 1e-9))
        return measured, self.decisions["crop"].forms[numbers], missed

    @property
    def changes(self) -> list[traits.Trait]:
        """The changes of single traits that are tried."""
        return traits.traits(str(self._packed.origin.get("tone", "clip")))

    def with_trait(self, line: int, trait: traits.Trait) -> np.ndarray:
        """Return the strip, uint8 (height, columns), of a test line by number, changed in one trait."""
        return traits.of_line(self._packed, int(self.rows[line]), trait, self._seed, self._scanned)

    def changed(self, trait: traits.Trait) -> tuple[Decisions, Decisions]:
        """Decisions on crops and lines when TRAIT_LINES of the test lines are changed in one trait."""
        tried = evenly(len(self.rows), TRAIT_LINES)
        among = np.isin(self.line_of, tried)
        strips, crops = traits.changed(self._packed, self.crops[among], trait, self._seed, self._scanned)
        _, forms = np.unique(self.decisions["crop"].forms[among], return_inverse=True)
        by_crop = Decisions(log_softmax(predict(self.taps.model, strips, crops)), crops["label"], forms)
        return by_crop, by_crop.grouped(np.searchsorted(tried, self.line_of[among]))

    def driven(self) -> list[activations.Driven]:
        """What drives the filters of each layer (see activations)."""
        crops, numbers = self._sample
        return activations.driven(self.taps, crops, self.line_of[numbers], stream(self._seed, Use.GROWN_IMAGES))

    def maps(self, line: int, count: int) -> tuple[np.ndarray, list[tuple[str, np.ndarray]]]:
        """Part of a test line, uint8 (height, columns), and `count` maps of it a layer, those that vary most.

        Maps are float32 (maps, rows, columns), as wide as the line, under which they can be put. They are of single
        crops; where two crops lap, the left one is shown up to the middle of what they share, the right one from there.
        """
        crops = np.sort(self.crops_of(line)[:MAP_CROPS], order="start")
        starts, width = crops["start"] - crops["start"][0], self.taps.width
        seen = gather(self._packed.strips, crops["start"], width)
        column = np.arange(starts[-1] + width)
        crop = np.searchsorted((starts[1:] + starts[:-1] + width) // 2, column, side="right")
        within = column - starts[crop]
        unseen = (within < 0) | (within >= width)  # between crops that stand apart
        within = np.clip(within, 0, width - 1)
        layers = []
        for number, answers in enumerate(self.taps.maps(seen), start=1):
            maps = np.maximum(answers, 0)
            strongest = np.sort(np.argsort(-maps.std(axis=(0, 1, 2)), kind="stable")[:count])
            whole = maps[crop, :, within * maps.shape[2] // width][:, :, strongest]
            whole[unseen] = 0
            layers.append((f"layer {number}, one of {maps.shape[-1]} filters", whole.transpose(2, 1, 0)))
        return self._packed.strips[crops["start"][0] + column].T, layers
