"""The identifier as a folder: network.onnx, references.npz, identifier.json and README.md, the model card.

Nothing in it is executed on loading, and nothing is believed: sizes, shapes and digests are checked first.
"""

import hashlib
import json
import time
import zipfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np

from writerid.base.errors import InputError, brief
from writerid.base.files import atomic
from writerid.identifier.decide import Calibration
from writerid.identifier.traits import NEAREST_LINE, TRAITS
from writerid.scores.likelihood_ratio import restored

FORMAT = 2
NETWORK, REFERENCES, SETTINGS, CARD = "network.onnx", "references.npz", "identifier.json", "README.md"
MOST = {NETWORK: 2**30, REFERENCES: 2**30, SETTINGS: 2**26, CARD: 2**20}  # bytes
UNPACKED = 2**32  # bytes of all arrays
TRAINED, ENROLLED, DRAWN = "trained", "enrolled", "drawn"  # how a writer became known; drawn: by a program, trained on
TRIES, PAUSE = 15, 0.02  # attempts to read a folder while it is written, and seconds between them


@dataclass(frozen=True)
class Preparation:
    """How scans are brought to what the network sees: size of a crop and stride, pixels; tone and fit, see crops.

    largest: with fit `dataset`, so many pixels of a scan fill the height; 0 with fit `line`. invert: what the network
    itself does. size: the usual size of writing (dataset.writing_size) of the documents that were seen, in pixels of a
    scan, to which every document is brought; 0 where it is not known, or with fit `line`. labels: tag, and pattern of
    the text, of lines of a layout file that are no handwriting.
    """

    height: int
    width: int
    stride: int
    tone: str
    fit: str
    largest: float
    invert: bool
    size: float = 0.0
    labels: tuple[str, str] = ("", "")

    def scale(self, rows: int, by: float = 1.0) -> float:
        """By how much a line so many pixels high is scaled, of a document that is itself scaled by so much."""
        fills = self.height / rows
        return min(fills, by * self.height / self.largest) if self.largest else fills

    def size_factor(self, size: float | None) -> float:
        """By how much a document whose writing is so large is scaled, 1 where that is not known."""
        return self.size / size if size and self.size else 1.0


@dataclass(frozen=True)
class Writer:
    """A writer by name, and how the identifier came to know this one."""

    name: str
    kind: str


@dataclass(frozen=True)
class References:
    """Lines by the known writers: the mean vector of the crops of each, float32 (lines, dimensions), how many crops
    these are, its writer and its document by their places in `writers` and `documents`, int32 (lines,) each.

    pictures: grey values, uint8, all lines' end to end, each column by column, PICTURE pixels high; ends: int64
    (lines + 1,), where each begins, in columns; both empty, but for a 0, where no pictures are kept.
    """

    vectors: np.ndarray
    crops: np.ndarray
    writer: np.ndarray
    document: np.ndarray
    pictures: np.ndarray
    ends: np.ndarray


@dataclass(frozen=True)
class Bundle:
    """All that an identifier is.

    calibration: for writers who were trained on, and for those who were enrolled since. comparison: the likelihood
    ratio by level. known: the range of each trait of documents, by level. made: from what, and by which versions.
    """

    network: bytes = field(repr=False)
    preparation: Preparation
    writers: tuple[Writer, ...]
    documents: tuple[str, ...]
    references: References
    calibration: Mapping[str, Calibration]
    comparison: Mapping[str, Any]
    known: Mapping[str, Mapping[str, tuple[float, float]]]
    made: Mapping[str, Any]
    card: str


def claim(folder: Path) -> None:
    """Make a folder in which an identifier is to be kept.

    Raises InputError where it holds something, but no identifier nor, after a kill, the first file of one (see
    `write`): files of a person's own would be written over.
    """
    names = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if not names & {SETTINGS, NETWORK} and any(not name.startswith(".") for name in names):
        raise InputError(f"{folder}: holds other files, and no identifier; name a new folder")
    folder.mkdir(parents=True, exist_ok=True)


def write(bundle: Bundle, folder: Path) -> None:
    """Write an identifier to a folder, the same bytes for the same content.

    Raises InputError, and writes nothing, where it would be larger than what `read` takes.
    """
    unpacked = sum(array.nbytes for array in asdict(bundle.references).values())
    files = {NETWORK: bundle.network, REFERENCES: _packed(asdict(bundle.references)), CARD: bundle.card.encode()}
    settings = {
        "format": FORMAT,
        "preparation": asdict(bundle.preparation),
        "writers": [asdict(writer) for writer in bundle.writers],
        "documents": bundle.documents,
        "calibration": {name: asdict(each) for name, each in bundle.calibration.items()},
        "comparison": bundle.comparison,
        "known": bundle.known,
        "made": bundle.made,
        "files": {name: _digest(files[name]) for name in (NETWORK, REFERENCES)},
    }
    files[SETTINGS] = (json.dumps(settings, indent=1, ensure_ascii=False) + "\n").encode()
    large = [name for name, content in files.items() if len(content) > MOST[name]]
    if large or unpacked > UNPACKED:
        raise InputError(
            f"{folder}: would be too large ({', '.join(large) or REFERENCES}), so nothing was written; leave out "
            "writers, or start from an identifier without pictures (`enrol.pictures: false`)"
        )
    with ExitStack() as whole:  # all are written, then all take their names, this one last, as it seals them
        for name in reversed(files):
            whole.enter_context(atomic(folder / name)).write_bytes(files[name])


def read(folder: Path) -> Bundle:
    """Read an identifier; raises InputError where the folder holds none that is whole.

    What is being written just now is read again a moment later.
    """
    for _ in range(TRIES):
        try:
            return _read(folder)
        except _Unsealed:
            time.sleep(PAUSE)
    return _read(folder)


class _Unsealed(InputError):
    """Files that are not those of the settings: one of them is damaged, or they are being replaced."""


def _read(folder: Path) -> Bundle:
    if not (folder / SETTINGS).is_file():
        raise InputError(
            f"{folder}: holds no identifier ({SETTINGS}); name that of one that somebody gave you (--identifier), or "
            "make one by `make repro` in a clone of the project"
        )
    try:
        settings = json.loads(_content(folder, SETTINGS))
        if settings["format"] != FORMAT:
            raise InputError(
                f"{folder}: made by another version of writerid (format {settings['format']!r:.20}); make it anew "
                "(`make repro`), or get one of this version, and enrol people anew"
            )
        files = {name: _content(folder, name) for name in (NETWORK, REFERENCES)}
        for name, content in files.items():
            if _digest(content) != settings["files"][name]:
                raise _Unsealed(f"{folder / name}: not the file that {SETTINGS} was written with; get a fresh copy")
        card = (folder / CARD).read_text(encoding="utf-8", errors="replace") if (folder / CARD).is_file() else ""
        return _checked(
            Bundle(
                files[NETWORK],
                Preparation(**{**settings["preparation"], "labels": tuple(settings["preparation"]["labels"])}),
                tuple(Writer(str(one["name"]), str(one["kind"])) for one in settings["writers"]),
                tuple(map(str, settings["documents"])),
                References(**_unpacked(files[REFERENCES])),
                {str(name): Calibration(**one) for name, one in settings["calibration"].items()},
                dict(settings["comparison"]),
                {
                    level: {key: _pair(each[key]) for key in (*TRAITS, NEAREST_LINE)}
                    for level, each in settings["known"].items()
                },
                dict(settings["made"]),
                card[: MOST[CARD]],
            )
        )
    except InputError:
        raise
    except OSError as error:
        raise InputError(f"{folder}: {error.strerror}") from None
    except (KeyError, TypeError, UnicodeDecodeError, json.JSONDecodeError, RecursionError):
        raise InputError(f"{folder / SETTINGS}: damaged, or not of an identifier; get a fresh copy") from None
    except Exception as error:  # whatever else cannot be
        raise InputError(f"{folder}: not an identifier that can be read ({brief(error)}); get a fresh copy") from None


def enrolled(bundle: Bundle, name: str, documents: list[str], added: References) -> Bundle:
    """Return an identifier with the lines of a writer added; `added` counts writers and documents from 0."""
    names = [writer.name for writer in bundle.writers]
    place = names.index(name) if name in names else len(names)
    writers = bundle.writers if name in names else (*bundle.writers, Writer(name, ENROLLED))
    own = bundle.references
    references = References(
        np.concatenate([own.vectors, added.vectors]),
        np.concatenate([own.crops, added.crops]),
        np.concatenate([own.writer, np.full(len(added.vectors), place, np.int32)]),
        np.concatenate([own.document, added.document + np.int32(len(bundle.documents))]),
        np.concatenate([own.pictures, added.pictures]),
        np.concatenate([own.ends, own.ends[-1] + added.ends[1:]]),
    )
    return replace(bundle, writers=writers, documents=(*bundle.documents, *documents), references=references)


def forgotten(bundle: Bundle, name: str) -> Bundle:
    """Return an identifier without a writer, without any line and any picture of this one."""
    place = [writer.name for writer in bundle.writers].index(name)
    own = bundle.references
    kept = np.flatnonzero(own.writer != place)
    documents, document = np.unique(own.document[kept], return_inverse=True)
    pictures, ends = own.pictures, own.ends
    if len(own.ends) > 1:
        parts = [own.pictures[own.ends[row] : own.ends[row + 1]] for row in kept]
        pictures = np.concatenate([own.pictures[:0], *parts])
        ends = np.concatenate([[0], np.cumsum([len(part) for part in parts], dtype=np.int64)]).astype(np.int64)
    writer = own.writer[kept]
    return replace(
        bundle,
        writers=tuple(each for each in bundle.writers if each.name != name),
        documents=tuple(bundle.documents[row] for row in documents),
        references=References(
            own.vectors[kept],
            own.crops[kept],
            np.where(writer > place, writer - 1, writer).astype(np.int32),
            document.astype(np.int32),
            pictures,
            ends,
        ),
    )


def _checked(bundle: Bundle) -> Bundle:
    own, how = bundle.references, bundle.preparation
    lines = len(own.vectors)
    kinds = {"vectors": (np.float32, 2), "crops": (np.int32, 1), "writer": (np.int32, 1), "document": (np.int32, 1)}
    for name, (kind, dimensions) in (kinds | {"pictures": (np.uint8, 2), "ends": (np.int64, 1)}).items():
        array = getattr(own, name)
        if array.dtype != kind or array.ndim != dimensions or (name in kinds and len(array) != lines):
            raise ValueError(f"{name} of the references")
    for column, names in ((own.writer, bundle.writers), (own.document, bundle.documents)):
        if len(column) and not (column.min() >= 0 and column.max() < len(names)):
            raise ValueError("references of unknown writers")
    ends = own.ends
    whole = (
        len(ends) in (1, lines + 1) and ends[0] == 0 and (np.diff(ends) >= 0).all() and ends[-1] == len(own.pictures)
    )
    if not whole or not np.isfinite(own.vectors).all() or (own.crops < 1).any():
        raise ValueError("references that cannot be")
    if not (
        {type(how.height), type(how.width), type(how.stride)} == {int}
        and 8 <= how.height <= 1024
        and 8 <= how.width <= 4096
        and how.stride >= 1
        and 0 <= how.largest < 1e6
        and 0 <= how.size < 1e6
        and how.tone in ("raw", "clip", "binary")
        and [*map(type, how.labels)] == [str, str]
    ):
        raise ValueError("a preparation that cannot be")
    if len({writer.name for writer in bundle.writers}) != len(bundle.writers):
        raise ValueError("two writers of one name")
    if TRAINED not in bundle.calibration or "line" not in bundle.known or "form" not in bundle.known:
        raise ValueError("it lacks its calibration")
    for each in bundle.calibration.values():
        columns = np.array([each.lines, each.temperature, each.slope, each.offset], float)
        if not (np.isfinite(columns).all() and (columns[:2] > 0).all() and each.gallery >= 1 and each.bound >= 0):
            raise ValueError("a calibration that cannot be")
    for one in bundle.comparison.values():
        restored(one)
        if not one["lines"] >= 1:
            raise ValueError("a comparison of no lines")
    if bundle.comparison and "line" not in bundle.comparison:
        raise ValueError("it lacks the comparison of lines")
    return bundle


def _content(folder: Path, name: str) -> bytes:
    path = folder / name
    if not path.is_file():
        raise InputError(f"{path}: is missing; get a fresh copy of the folder")
    if path.stat().st_size > MOST[name]:
        raise InputError(f"{path}: over {MOST[name]} bytes; it is no part of an identifier")
    return path.read_bytes()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _packed(arrays: Mapping[str, np.ndarray]) -> bytes:
    """An .npz file without the time of writing, so the same bytes for the same arrays."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, array in arrays.items():
            one = BytesIO()
            np.save(one, np.ascontiguousarray(array), allow_pickle=False)
            way = zipfile.ZIP_STORED if array.dtype.kind == "f" else zipfile.ZIP_DEFLATED  # vectors hardly get smaller
            archive.writestr(zipfile.ZipInfo(f"{name}.npy"), one.getbuffer(), way, 6)
    return packed.getvalue()


def _unpacked(content: bytes) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(BytesIO(content)) as archive:
        if sum(member.file_size for member in archive.infolist()) > UNPACKED:
            raise ValueError(f"{REFERENCES} unpacks to over {UNPACKED} bytes")
        return {
            member.removesuffix(".npy"): np.load(BytesIO(archive.read(member)), allow_pickle=False)
            for member in archive.namelist()
        }


def _pair(values: Any) -> tuple[float, float]:
    low, high = map(float, values)
    return low, high
