"""A body on its way: as it came, once it is admitted, and what became of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from exporter.archive.entry import Entry, Kind
from exporter.batch import Batch, Decoded, Reason, Reject
from exporter.derive import Derived

ERRORS_TOLD = 20


@dataclass(frozen=True, slots=True)
class Payload:
    """A body as it came: its bytes, media type and content encoding, and which source brought it."""

    body: bytes
    content_type: str = "application/x-ndjson"
    content_encoding: str = "identity"
    source: str = "http"


@dataclass(frozen=True, slots=True)
class Receipt:
    """What became of a body: rows accepted, and the records rejected, in the order of their positions."""

    accepted: int
    rejects: Sequence[Reject]

    @property
    def reasons(self) -> Counter[Reason]:
        return Counter(reject.reason for reject in self.rejects)

    @property
    def told(self) -> Sequence[Reject]:
        """The rejects that an answer spells out."""
        return self.rejects[:ERRORS_TOLD]

    def by_row(self, rows: int) -> list[Receipt]:
        """A receipt for each row of a body of so many."""
        rejects = {reject.position: reject for reject in self.rejects}
        return [Receipt(0, [rejects[row]]) if row in rejects else Receipt(1, ()) for row in range(rows)]


@dataclass(frozen=True, slots=True)
class Admitted:
    """What was read of a body: its good rows, and the records rejected so far; nothing has come of it yet.

    entry : the rows as they are to be kept; None when there are none, or nothing is archived.
    taken : rows that another exporter has taken already; they are among the rejects.
    """

    kind: Kind
    source: str
    received_at: float
    decoded: Decoded
    derived: Derived
    rejects: list[Reject] = field(default_factory=list)
    entry: Entry | None = None
    taken: Batch | None = None
