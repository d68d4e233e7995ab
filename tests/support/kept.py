"""A pipeline whose journal is a list, and its rows as a warm tier gives them back once labels have been joined."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from exporter.archive.dead_letters import DeadLetters
from exporter.archive.entry import Entry, Kind
from exporter.archive.journal import WhenKept
from exporter.archive.keeping import Keeping
from exporter.monitor.spec import Monitor
from exporter.pipeline import Pipeline
from exporter.reference.document import Reference
from exporter.window.shared import SharedMonitor
from tests.support.clocks import MovedClock
from tests.support.pipelines import BODY_LIMIT_BYTES, WatchedPipeline


@dataclass(slots=True)
class ListJournal:
    """A `Journal` that keeps entries at once."""

    entries: list[Entry] = field(default_factory=list)
    failure: Exception | None = None

    def append(self, entry: Entry, when_kept: WhenKept) -> None:
        self.entries.append(entry)
        when_kept(None)

    def close(self) -> None:
        """Nothing is held."""

    def labelled_rows(self) -> pa.Table:
        """The predictions with `label` and `label_time`, null where no label has come."""
        predictions = self._table(Kind.PREDICTIONS)
        labels = self._table(Kind.LABELS)
        if labels is None:
            labels = pa.table({"id": pa.array([], pa.string()), "label": [], "label_time": []})
        else:
            labels = labels.select(["id", "label", "time"]).rename_columns(["id", "label", "label_time"])
        assert predictions is not None
        return predictions.join(labels, "id")

    def _table(self, kind: Kind) -> pa.Table | None:
        parts = [pa.Table.from_batches([entry.rows]) for entry in self.entries if entry.kind is kind]
        return pa.concat_tables(parts, promote_options="permissive") if parts else None


def a_kept_pipeline(
    folder: Path, monitor: Monitor, reference: Reference | None = None, clock: MovedClock | None = None
) -> tuple[WatchedPipeline, ListJournal]:
    """A pipeline on new shared memory, and its journal."""
    journal, clock = ListJournal(), clock or MovedClock()
    shared = SharedMonitor(monitor, reference, slots=1)
    letters = DeadLetters(folder, clock)
    pipeline = Pipeline(shared, 0, clock, letters, BODY_LIMIT_BYTES, journal, Keeping(monitor, b"key"))
    return WatchedPipeline(shared, pipeline, clock, folder), journal
