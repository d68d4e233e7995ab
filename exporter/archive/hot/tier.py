"""What a hot tier does: gives recent predictions back by id, and holds small things that replicas share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

import pyarrow as pa

from exporter.batch import Booleans
from exporter.monitor.spec import Monitor


@dataclass(frozen=True, slots=True)
class HotMonitor:
    """What a hot tier must know of a monitor.

    predicts_text : its predictions are names of classes, not numbers.
    retention_s   : predictions whose `time` is longer ago are not kept.
    """

    name: str
    predicts_text: bool
    retention_s: float


def hot_monitor(monitor: Monitor) -> HotMonitor:
    """What its tier must know of a monitor that a person wrote."""
    spec = monitor.spec
    return HotMonitor(monitor.name, spec.model.task == "multiclass", spec.retention.hot.seconds)


class HotTier(Protocol):
    """A cache: what was put may be gone at any time, and is then not found.

    Calls may come from several threads. They block for less than a second; a server that is away raises RetryLater,
    at once while `is_up` is false. After RetryLater nobody knows whether the call took place.
    """

    @property
    def is_up(self) -> bool:
        """Whether the last call reached the tier."""

    def put(self, monitor: HotMonitor, rows: pa.RecordBatch) -> None:
        """Adds predictions in the archive's form: `id`, `time`, `prediction`, `model_version` and `segment` (string).

        Other columns are left out. Of two rows with one id the one that was put first counts; which one does is not
        said where their `time` lies on different days (UTC).
        """

    def find(self, monitor: HotMonitor, ids: pa.Array) -> pa.Table:
        """The predictions with these ids that are here: `row` (int64, index in `ids`, ascending) and what was put."""

    def seen(self, monitor: HotMonitor, ids: pa.Array) -> Booleans:
        """bool[n], whether a prediction with the id is here."""

    def rebuild(self, monitor: HotMonitor, batches: Iterable[pa.RecordBatch]) -> int:
        """As `put`, for rows that may be here already: they are not added again. How many were new."""

    def row_count(self, monitor: HotMonitor) -> int:
        """How many predictions are here, those included that `retention_s` keeps from being found."""

    def put_value(self, key: str, value: bytes, ttl_s: float) -> None:
        """Keeps a small value for `ttl_s` seconds, in place of what the key held."""

    def get_value(self, key: str) -> bytes | None:
        """The value of a key, None when there is none."""

    def take(self, key: str, tokens: float, rate_per_s: float, burst: float) -> float:
        """Takes up to so many tokens from a bucket that everybody shares; how many were granted.

        It fills by `rate_per_s`, up to `burst`, with which it begins.
        """

    def close(self) -> None:
        """Lets go of the server."""
