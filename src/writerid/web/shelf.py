"""What people have brought, for a while and in memory only: never on a disk, and each person sees only their own."""

import secrets
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import anyio

from writerid.identifier.scans import Scan

MOST_DOCUMENTS, OF_ONE = 40, 6  # documents that are kept at a time, and of one person's
MOST_BYTES = 2**30  # of all together
EACH = 60  # seconds between two looks for what is late
SECONDS = 1800 - EACH  # after which a document is late: so none stays for more than half an hour


@dataclass
class Document:
    """A document: its name, its scans, whose it is, and the numbers of its lines that count."""

    name: str
    scans: Sequence[Scan]
    owner: str
    chosen: set[int]
    since: float = field(default_factory=time.monotonic)

    @property
    def size(self) -> int:
        """Bytes of its pixels."""
        whole = sum(scan.grey.nbytes for scan in self.scans if scan.grey is not None)
        return whole + sum(line.grey.nbytes for scan in self.scans for line in scan.lines)


class Shelf:
    """Documents by unguessable names; the oldest go first."""

    def __init__(self) -> None:
        self._documents: OrderedDict[str, Document] = OrderedDict()
        self._lock = threading.Lock()

    def put(self, name: str, scans: Sequence[Scan], owner: str) -> str:
        """Keep a document; returns what it is found by."""
        lines = [line for scan in scans for line in scan.lines]
        usable = {number for number, line in enumerate(lines) if not line.problem}
        key = secrets.token_urlsafe(16)
        self.drop_late()
        with self._lock:
            self._documents[key] = Document(name, scans, owner, usable)
            own = [each for each, document in self._documents.items() if document.owner == owner]
            for old in own[:-OF_ONE]:
                del self._documents[old]
            while len(self._documents) > MOST_DOCUMENTS or (len(self._documents) > 1 and self._size() > MOST_BYTES):
                self._documents.popitem(last=False)
        return key

    def get(self, key: str, owner: str) -> Document | None:
        """Return a document of this owner; None where there is none, or no longer."""
        self.drop_late()
        with self._lock:
            document = self._documents.get(key)
        return document if document and document.owner == owner else None

    def drop_late(self) -> None:
        """Drop the documents that were here long enough."""
        late = time.monotonic() - SECONDS
        with self._lock:
            for old in [each for each, document in self._documents.items() if document.since < late]:
                del self._documents[old]

    async def keep_short(self) -> None:
        """Drop them as they become late, until cancelled: nobody may ask for anything for days."""
        while True:
            await anyio.sleep(EACH)
            self.drop_late()

    def _size(self) -> int:
        return sum(document.size for document in self._documents.values())
