"""Credits labels whose prediction this exporter's memory does not know: it is looked for in hot, then in warm."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exporter.archive.entry import Entry, Kind
from exporter.archive.hot.tier import HotMonitor, HotTier, hot_monitor
from exporter.archive.rare_work import RareWork
from exporter.archive.schema import canonical_batch
from exporter.archive.warm.tier import WarmTier
from exporter.batch import Integers
from exporter.errors import RetryLater
from exporter.window.assign import ChildAssigner
from exporter.window.children import Child
from exporter.window.label_join import LabelJoin
from exporter.window.shared import SharedMonitor

_LABELS_A_STEP = 10_000
_ROWS_REFILLED = 1_000_000
_NO_KEY = "is anybody there"
_REFILL_FIRST_PAUSE_S, _REFILL_LONGEST_PAUSE_S = 10.0, 600.0
_FIRST_PAUSE_S = 1.0


@dataclass(slots=True)
class LabelledMonitor:
    """A monitor with labels, and what counts them in this process; or one that is in hot for its ids alone."""

    shared: SharedMonitor
    join: LabelJoin
    assigner: ChildAssigner = field(init=False)
    hot: HotMonitor = field(init=False)

    def __post_init__(self) -> None:
        self.assigner = ChildAssigner(self.shared.monitor, self.shared.children)
        self.hot = hot_monitor(self.shared.monitor)


class LateLabels:
    """Follows what lands; one thread.

    A label that came to another replica than its prediction is found in hot as soon as both have landed; every other
    one by the warm tier, which marks it, so that it is found once. What waits in memory is credited, and no more does.

    origins       : through which this exporter's entries land; labels of other exporters are theirs to credit.
    again_every_s : how long a label whose prediction has not landed yet is left alone at most. It is looked for a
                    second after labels have landed, then ever more rarely.
    """

    def __init__(
        self,
        monitors: Sequence[LabelledMonitor],
        hot: HotTier | None,
        origins: Callable[[], Sequence[str]],
        again_every_s: float,
    ) -> None:
        self.monitors = monitors
        self._monitors = {item.shared.monitor.name: item for item in monitors}
        self._has_labels = any(item.shared.monitor.spec.labels for item in monitors)
        self._hot = hot
        self._origins = origins
        self._again_every_s = again_every_s
        self._is_hot_filled = False
        self._refill_work = RareWork(_REFILL_FIRST_PAUSE_S, _REFILL_LONGEST_PAUSE_S)
        self._is_due = True
        self._pause_s = _FIRST_PAUSE_S
        self._again_at = 0.0

    def follow(self, entries: Sequence[Entry]) -> None:
        """Puts predictions that landed into hot, and credits the labels among them whose prediction is there."""
        for entry in entries:
            item = self._monitors.get(entry.monitor)
            if item is None:
                continue
            if entry.kind is Kind.LABELS:
                self._is_due, self._pause_s = True, _FIRST_PAUSE_S
            try:
                self._follow(item, entry)
            except RetryLater:
                continue

    def is_due(self, now: float) -> bool:
        """Whether `step` would ask the warm tier."""
        return self._has_labels and (self._is_due or now >= self._again_at)

    def step(self, warm: WarmTier, now: float) -> bool:
        """Joins in the warm tier what is due; whether there may be more. RetryLater when the tier is away."""
        if not self.is_due(now):
            return False
        longest_s = max(_delay_s(item) for item in self._monitors.values())
        found = warm.join_labels(self._origins(), now - longest_s, _LABELS_A_STEP)
        for monitor in pc.unique(found["monitor"]).to_pylist():
            item = self._monitors.get(monitor)
            if item is not None:
                self._credit_joined(item, found.filter(pc.equal(found["monitor"], monitor)))
        self._is_due = found.num_rows == _LABELS_A_STEP
        self._again_at = now + self._pause_s
        self._pause_s = min(2 * self._pause_s, self._again_every_s)
        return self._is_due

    def refill_hot(self, warm: WarmTier, now: float) -> None:
        """Puts the recent predictions of warm into hot once at the start, and again once hot has been away.

        RetryLater when warm is away. To be called now and then: while hot is away it has no effect. A hot tier that
        comes and goes is refilled ever more rarely, for reading so many rows is what a busy machine needs least.
        """
        if self._hot is None:
            return
        if not self._hot.is_up:
            self._is_hot_filled = False
        if not self._is_hot_filled and self._refill_work.is_due(now) and _answers(self._hot):
            self._refill_work.start(now)
            self._refill(self._hot, warm, now)

    def _refill(self, hot: HotTier, warm: WarmTier, now: float) -> None:
        for item in self._monitors.values():
            recent = warm.newest(Kind.PREDICTIONS, item.hot.name, now - item.hot.retention_s, _ROWS_REFILLED)
            try:
                hot.rebuild(item.hot, (_with_segments(item, rows) for rows in recent.to_batches()))
            except RetryLater:
                return
        self._is_hot_filled = True

    def _follow(self, item: LabelledMonitor, entry: Entry) -> None:
        if self._hot is None:
            return
        if entry.kind is Kind.PREDICTIONS:
            self._hot.put(item.hot, _with_segments(item, entry.rows))
        elif entry.kind is Kind.LABELS:
            self._credit_hot(item, entry, self._hot.find(item.hot, entry.rows.column("id")))

    def _credit_hot(self, item: LabelledMonitor, entry: Entry, found: pa.Table) -> None:
        labels = entry.rows.take(found["row"].combine_chunks())
        is_waiting = item.join.claim_waiting(labels.column("id")) & _is_made(found)
        versions, segments = found["model_version"].to_pylist(), found["segment"].to_pylist()
        children = np.array(
            [
                item.shared.children.row_of(_child(item, version, segment)).row
                for version, segment in zip(versions, segments, strict=True)
            ],
            dtype=np.int64,
        )
        self._credit(item, found, labels.column("label"), _delays_s(labels.column("time"), found), children, is_waiting)

    def _credit_joined(self, item: LabelledMonitor, found: pa.Table) -> None:
        rows = found.combine_chunks().to_batches()[0]
        is_waiting = item.join.claim_waiting(rows.column("id")) & _is_made(found)
        children = item.assigner.assign(canonical_batch(rows, item.shared.monitor)).children
        delays_s = _delays_s(rows.column("label_time"), found)
        self._credit(item, found, rows.column("label"), delays_s, children, is_waiting)

    @staticmethod
    def _credit(
        item: LabelledMonitor,
        found: pa.Table,
        labels: pa.Array,
        delays_s: np.typing.NDArray[np.float64],
        children: Integers,
        is_waiting: np.typing.NDArray[np.bool_],
    ) -> None:
        if is_waiting.any():
            mask = pa.array(is_waiting)
            predictions = found["prediction"].combine_chunks().filter(mask)
            item.join.credit(predictions, labels.filter(mask), delays_s[is_waiting], children[is_waiting])


def _answers(hot: HotTier) -> bool:
    try:
        hot.get_value(_NO_KEY)
    except RetryLater:
        return False
    return True


def _with_segments(item: LabelledMonitor, rows: pa.RecordBatch) -> pa.RecordBatch:
    """The rows with the segment of each, empty where the monitor has none, and the version that they count under."""
    assigned = item.assigner.assign(canonical_batch(rows, item.shared.monitor))
    children = item.shared.children.all()
    versions = pa.array([child.model_version for child in children], pa.string())
    segments = pa.array([child.segment or "" for child in children], pa.string())
    columns = {"id": rows.column("id"), "time": rows.column("time"), "prediction": rows.column("prediction")}
    columns["model_version"] = versions.take(pa.array(assigned.children))
    columns["segment"] = segments.take(pa.array(assigned.children))
    return pa.RecordBatch.from_pydict(columns)


def _child(item: LabelledMonitor, version: str, segment: str) -> Child:
    return Child(version, segment if item.shared.monitor.spec.segments else None)


def _is_made(found: pa.Table) -> np.typing.NDArray[np.bool_]:
    """bool[n]: the model did make the prediction."""
    is_made: np.typing.NDArray[np.bool_] = found["prediction"].is_valid().to_numpy()
    return is_made


def _delays_s(label_times: pa.Array, found: pa.Table) -> np.typing.NDArray[np.float64]:
    times = found["time"].combine_chunks().cast(pa.int64()).to_numpy(zero_copy_only=False)
    delays: np.typing.NDArray[np.float64] = (label_times.cast(pa.int64()).to_numpy(zero_copy_only=False) - times) / 1e6
    return delays


def _delay_s(item: LabelledMonitor) -> float:
    labels = item.shared.monitor.spec.labels
    return labels.maximum_delay.seconds if labels else 0.0
