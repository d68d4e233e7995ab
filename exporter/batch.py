"""The unit of flow: columns of predictions or labels with their positions in the source.

Canonical columns (what every decoder produces, whatever the payload's format):

=================  =====================================  ==========================================
column             Arrow type                             missing value
=================  =====================================  ==========================================
`@id`              string                                 never (such a row is rejected)
`@timestamp`       float64, seconds since the epoch       never
`@prediction`      float64 (binary, regression), string   NaN, null
                   or dictionary<string> (multiclass)
`@latency`         float64, seconds                       NaN
`@model_version`   string or dictionary<string>           null
`@error`           string or dictionary<string>           null: the prediction did not fail
`@label`           as `@prediction`                       never (labels only)
a feature          float64 (number), string or            NaN, null
                   dictionary<string> (category)
=================  =====================================  ==========================================

Numbers carry NaN, never an Arrow null, so that they turn into NumPy arrays without a copy. A value of the wrong
type is missing in its column and marked in `Batch.mistyped`. Infinities are kept; validation calls them invalid.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

ID = "@id"
TIMESTAMP = "@timestamp"
PREDICTION = "@prediction"
LATENCY = "@latency"
MODEL_VERSION = "@model_version"
ERROR = "@error"
LABEL = "@label"

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]


class Reason(StrEnum):
    """Why a record, or a whole body, was set aside; the closed set behind the label `reason`."""

    MALFORMED = "malformed"
    NOT_AN_OBJECT = "not_an_object"
    NOT_UNICODE = "not_unicode"
    MISSING_ID = "missing_id"
    MISSING_TIMESTAMP = "missing_timestamp"
    INVALID_TIMESTAMP = "invalid_timestamp"
    MISSING_PREDICTION = "missing_prediction"
    INVALID_PREDICTION = "invalid_prediction"
    MISSING_LABEL = "missing_label"
    INVALID_LABEL = "invalid_label"
    DUPLICATE = "duplicate"
    TOO_OLD = "too_old"
    IN_THE_FUTURE = "in_the_future"
    TOO_LARGE = "too_large"
    UNSUPPORTED = "unsupported"


@dataclass(frozen=True, slots=True)
class Reject:
    """One record set aside: its position in the source, why, the same in words, and its bytes for the dead letters."""

    position: int
    reason: Reason
    detail: str
    raw: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """Columns of accepted rows.

    columns   : the canonical columns above, n rows.
    positions : int64[n], the row's position in its source (0-based).
    mistyped  : feature → bool[n], only for the features with a value of the wrong type in this batch.
    """

    columns: pa.RecordBatch
    positions: Integers
    mistyped: Mapping[str, Booleans] = field(default_factory=dict)

    def __len__(self) -> int:
        return int(self.columns.num_rows)

    def number(self, name: str) -> Floats:
        """A number column as float64[n], without a copy; NaN where missing."""
        return self.columns.column(name).to_numpy(zero_copy_only=True)  # type: ignore[no-any-return]

    def column(self, name: str) -> Any:
        """A column as an Arrow array; KeyError when there is none."""
        return self.columns.column(name)

    def has(self, name: str) -> bool:
        return name in self.columns.schema.names

    def take(self, keep: Booleans) -> Batch:
        """The rows where `keep` (bool[n]) is true, in order."""
        if keep.all():
            return self
        return Batch(
            self.columns.filter(pa.array(keep)),
            self.positions[keep],
            {name: mask[keep] for name, mask in self.mistyped.items()},
        )


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a decoder made of one body: the rows that it could read and the records that it could not."""

    batch: Batch
    rejects: Sequence[Reject]
    raw: RawRecords


class RawRecords:
    """Gives the raw bytes of the record at a position, for the rows that a later stage sets aside.

    Decoders pass a function; nothing is sliced or copied for rows that nobody rejects.
    """

    __slots__ = ("_get",)

    def __init__(self, get: Callable[[int], bytes]) -> None:
        self._get = get

    def __getitem__(self, position: int) -> bytes:
        return self._get(position)
