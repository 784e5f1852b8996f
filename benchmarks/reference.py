"""The published reference: its network, and its own way of making batches, trained through all of its steps.

    python -m benchmarks.reference ARCHIVE [--share 0.125] [--dropout 0.4] [--keep FOLDER]

ARCHIVE holds 50 writers. Its lines are split at random (`split.group_by: line`), in raw tones, each brought to the
crop's height. A batch is what the authors' generator yields: 16 lines, of each crops at a tenth of the possible
columns; or, as these are much alike and take hours, a --share of them. After each of the 8 epochs of 1,000 steps stand
loss and accuracy by crop of both sides, and at last of the test side. --keep names a folder in which an interrupted
run goes on after its last whole epoch, with the batches that follow; only the masks of dropout begin anew, whose state
Keras does not save.

tests/test_models.py holds the network against Keras's own layers.
"""

import itertools
import tempfile
import zipfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import keras
import numpy as np
from PIL import Image

from benchmarks import scratch, tables
from stages.runner import run
from writerid.base.errors import InputError
from writerid.base.parallel import ordered_map
from writerid.base.schema import Augmentation, Recipe
from writerid.crops.choice import read_sides
from writerid.dataset.lines import read_lines
from writerid.network import devices, models, training

ACCURACY = 0.8128  # of test crops
EPOCHS, STEPS = 8, 1000
LINES = 16  # in a batch, with all their crops

NETWORK = models.Network(
    height=113,
    width=113,
    classes=50,
    invert=False,
    layers=3,
    kernel_size=3,
    filters=32,
    batch_norm=False,
    head="dense",
    dense_units=512,
    dropout=0.4,
)
RECIPE = Recipe(
    backend="tensorflow",
    optimizer="adam",
    learning_rate=0.001,
    schedule="constant",
    warmup_steps=0,
    label_smoothing=0.0,
    batch_size=64,
    epochs=EPOCHS,
    steps_per_epoch=STEPS,
    balance=0.0,
    augment=Augmentation(share=0, scale=0, slant=0, rotation=0, shift=0, stroke=0, blur=0, contrast=1),
    precision="auto",
    seed=0,
)


def line(image: Path) -> np.ndarray:
    """Open the image of a line and scale it to the crop's height: grey values, uint8 (height, width)."""
    with Image.open(image) as opened:
        width = round(opened.width * NETWORK.height / opened.height)
        return np.asarray(opened.convert("L").resize((width, NETWORK.height)))


def batches(
    read: Callable[[int], np.ndarray], labels: np.ndarray, share: float = 1.0, seed: int = 0
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield the batches of one round over all lines, in any order; `read` gives a line's grey values by its number.

    Each holds the crops of LINES lines, uint8 (crops, height, width), cut at random at so large a share of a tenth of
    the possible columns, and one-hot labels, float32 (crops, classes). Lines narrower than a crop are left out, and so
    are the last lines where they fill no batch.
    """
    rng = np.random.default_rng(seed)
    one_hot = np.eye(NETWORK.classes, dtype=np.float32)
    order = rng.permutation(len(labels))
    for first in range(0, len(order) - LINES + 1, LINES):
        crops, own = [], []
        for number in order[first : first + LINES]:
            pixels = read(number)
            columns = pixels.shape[1] - NETWORK.width + 1
            for start in rng.integers(columns, size=int(columns / 10 * share)) if columns > 0 else ():
                crops.append(pixels[:, start : start + NETWORK.width])
                own.append(labels[number])
        yield np.stack(crops), one_hot[own]


def images(folder: Path, sides: Sequence[str]) -> dict[str, tuple[list[Path], np.ndarray]]:
    """Return the images of some sides in a folder with a split, which are put there, and their writers' numbers."""
    lines, side_of = read_lines(folder / "data/lines.csv"), read_sides(folder / "data/split.csv")
    side = np.array([side_of[line] for line in lines["line"]])
    labels = np.unique(lines["writer"], return_inverse=True)[1]
    found = {}
    with zipfile.ZipFile(folder / "data/set.zip") as opened:
        for name in sides:
            rows = np.flatnonzero(side == name)
            found[name] = [Path(opened.extract(lines["path"][row], folder / "images")) for row in rows], labels[rows]
    return found


def endless(
    lines: Sequence[np.ndarray], labels: np.ndarray, share: float, passed: int = 0
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield batches round after round, each in an order and with crops of its own, after so many that have passed."""
    seed, skipped = divmod(passed, len(labels) // LINES)
    rounds = (batches(lines.__getitem__, labels, share, seed) for seed in itertools.count(seed))
    yield from itertools.islice(itertools.chain.from_iterable(rounds), skipped, None)


def main(archive: Path, share: float, dropout: float, keep: Path | None, csv: Path | None) -> None:
    """Train, and print the curve."""
    if not (0 < share <= 1 and 0 <= dropout < 1):
        raise InputError(f"--share {share} --dropout {dropout}: above 0 to 1, and 0 to below 1")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scratch.prepare(folder, archive, {"split.group_by": "line", "split.unseen_writers": 0})
        scratch.measure(["map_writers", "split"], folder)
        found = {
            side: (list(ordered_map(line, paths, side, " lines")), labels)
            for side, (paths, labels) in images(folder, ("train", "validation", "test")).items()
        }
    if (writers := found["train"][1].max() + 1) > NETWORK.classes:
        raise InputError(f"{archive}: {writers} writers; the reference knows {NETWORK.classes}")
    if (few := min(len(labels) for _, labels in found.values())) < LINES:
        raise InputError(f"{archive}: a side has {few} lines, and a batch {LINES}")
    devices.prepare(RECIPE.seed)
    model = training.compiled(NETWORK.model_copy(update={"dropout": dropout}), RECIPE)
    judged = {}
    for side in ("validation", "test"):
        pixels, labels = zip(*batches(found[side][0].__getitem__, found[side][1], share), strict=True)
        judged[side] = np.concatenate(pixels), np.concatenate(labels)
    callbacks = [keras.callbacks.LambdaCallback(on_epoch_end=show)]
    if csv and not keep:
        csv.unlink(missing_ok=True)
    callbacks += [keras.callbacks.CSVLogger(str(csv), append=True)] if csv else []
    callbacks += [keras.callbacks.BackupAndRestore(str(keep), delete_checkpoint=False)] if keep else []
    print(f"{'epoch':>5} {'training loss':>14} {'accuracy':>9} {'validation loss':>16} {'accuracy':>9}", flush=True)
    for epoch in range(EPOCHS):  # a fit each, so that a run that goes on sees the batches it would have seen
        model.fit(
            endless(*found["train"], share, epoch * STEPS),
            steps_per_epoch=STEPS,
            initial_epoch=epoch,
            epochs=epoch + 1,
            validation_data=judged["validation"],
            validation_batch_size=256,
            callbacks=callbacks,
            verbose=0,
        )
    loss, accuracy = model.evaluate(*judged["test"], batch_size=256, verbose=0)
    print(f"test loss {loss:.4f}, accuracy {accuracy:.4f}; published {ACCURACY}")


def show(epoch: int, logs: dict[str, float]) -> None:
    """Print an epoch's row."""
    loss, accuracy, val_loss, val_accuracy = (logs[key] for key in ("loss", "accuracy", "val_loss", "val_accuracy"))
    print(f"{epoch + 1:>5} {loss:>14.4f} {accuracy:>9.4f} {val_loss:>16.4f} {val_accuracy:>9.4f}", flush=True)


if __name__ == "__main__":
    parser = tables.parser(__doc__)
    parser.add_argument("archive", type=Path, metavar="ARCHIVE", help="an archive of lines by 50 writers")
    parser.add_argument("--share", type=float, default=0.125, help="of a batch's crops that are cut (%(default)s)")
    parser.add_argument("--dropout", type=float, default=NETWORK.dropout, help="of the network (%(default)s)")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="an interrupted run goes on from this folder")
    run(main, parser, alone=False)
