"""One column as a decoder read it, before anybody judged its rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from exporter.batch import Booleans, Decoded

ROW_LIMIT = 1_000_000
"""Records that one body may hold; memory goes with rows times features, whatever the body's size."""

RECORD_LIMIT_BYTES = 1 << 20
"""Bytes that one record of JSON may have."""


class Decoder(Protocol):
    """Turns a body of one format into columns.

    Does not block. The same body gives the same result. Raises only RejectedPayload, when nothing of the body can be
    read; a record that cannot be read is a Reject in the result and costs no other record.
    """

    def decode(self, body: bytes) -> Decoded: ...


@dataclass(frozen=True, slots=True)
class Reading:
    """A column of n values.

    values   : float64[n], NaN where missing; or an Arrow array of text (string or dictionary), null where missing.
    mistyped : bool[n], where a value of the wrong type stood, now missing; None when there is none.
    """

    values: Any
    mistyped: Booleans | None = None
