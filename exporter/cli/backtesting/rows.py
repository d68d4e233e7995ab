"""Rows of files, read as the exporter reads them, and given back as the archive would."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from exporter.archive.entry import Kind
from exporter.archive.keeping import Keeping
from exporter.archive.recounting import seconds_of
from exporter.archive.warm.tier import Span
from exporter.cli.backtesting.columns import columns_of, columns_text
from exporter.cli.backtesting.unread import UnreadRecords
from exporter.cli.replaying.reading import ReadRows, open_rows
from exporter.decode import Decoders, label_projection, prediction_projection
from exporter.derive import Derived, Deriver
from exporter.errors import InvalidSettings, RejectedPayload
from exporter.monitor.spec import Monitor

BATCH_ROWS = 50_000

Show = Callable[[float, int], None]
"""Told how far a file is read, from 0 to 1, and how many rows of it."""


@dataclass(frozen=True, slots=True)
class FileRows:
    """A `RawRows` in memory, without duplicates.

    predictions_by_time : in the archive's form, ordered by `time`.
    labelled            : those with a label, with `label`, `label_time` and `known_at`, ordered by `known_at`.
    rejected            : records that could not be read.
    notes               : what should be known of the files, in sentences.
    """

    predictions_by_time: pa.Table
    labelled: pa.Table
    rejected: int
    notes: tuple[str, ...] = ()

    @property
    def span(self) -> Span:
        """From the first prediction to just after the last."""
        times = seconds_of(self.predictions_by_time.column("time").combine_chunks())
        return Span(float(times[0]), float(np.nextafter(times[-1], np.inf)))

    def predictions(self, span: Span) -> Iterator[pa.RecordBatch]:
        yield from _between(self.predictions_by_time, "time", span)

    def outcomes(self, span: Span, maximum_delay_s: float) -> Iterator[pa.RecordBatch]:
        for batch in _between(self.labelled, "known_at", span):
            late = seconds_of(batch.column("known_at")) - seconds_of(batch.column("time")) > maximum_delay_s
            yield batch.filter(pa.array(~late))


def read_rows(monitor: Monitor, data: Path, labels: Path | None, label_delay_s: float, show: Show) -> FileRows:
    """Everything in the files; InvalidSettings when nothing of it is a prediction of this monitor.

    label_delay_s : how long after its prediction each label came.
    """
    predictions = _read(monitor, data, Kind.PREDICTIONS, show)
    ordered = _first_of_each_id(predictions.table.sort_by("time"))
    if labels is None:
        return FileRows(ordered, ordered.slice(0, 0), predictions.rejected, predictions.notes)
    told = _read(monitor, labels, Kind.LABELS, show)
    labelled = _with_labels(ordered, _first_of_each_id(told.table), label_delay_s)
    notes = (*predictions.notes, *told.notes)
    if not labelled.num_rows:
        notes = (*notes, f"{labels}: none of its labels has the id of a prediction in {data}")
    return FileRows(ordered, labelled, predictions.rejected + told.rejected, notes)


@dataclass(frozen=True, slots=True)
class _ReadFile:
    """The rows in the archive's form, how many records could not be read, and what should be known."""

    table: pa.Table
    rejected: int
    notes: tuple[str, ...]


def _read(monitor: Monitor, path: Path, kind: Kind, show: Show) -> _ReadFile:
    """Everything in a file; InvalidSettings, with the reasons, when no row is what it should be."""
    is_label = kind is Kind.LABELS
    projection = label_projection(monitor) if is_label else prediction_projection(monitor)
    decoders, unread = Decoders(projection), UnreadRecords(projection)
    deriver, keeping = Deriver(monitor), Keeping(monitor, b"")
    parts: list[pa.Table] = []
    try:
        for body in _bodies(path, show):
            try:
                decoded = decoders.decode(body.rows.body(), body.rows.media_type)
            except RejectedPayload as error:
                raise InvalidSettings(f"{path}: {error}{columns_text(columns_of(body.rows))}") from error
            unread.add(decoded, len(body.rows), columns_of(body.rows))
            if len(decoded.batch):
                derived = Derived(decoded.batch) if is_label else deriver.derive(decoded.batch)
                parts.append(pa.Table.from_batches([keeping.entry(kind, derived, "file", 0.0).rows]))
    finally:
        deriver.close()
    if not parts:
        raise InvalidSettings(_nothing_read(monitor, path, kind, unread))
    notes = tuple(f"{path}: {note}" for note in unread.told())
    return _ReadFile(pa.concat_tables(parts, promote_options="permissive"), unread.rejected, notes)


def _nothing_read(monitor: Monitor, path: Path, kind: Kind, unread: UnreadRecords) -> str:
    if not unread.rows:
        return f"{path}: is empty, expected {kind.value} of {monitor.name!r}"
    one = "label" if kind is Kind.LABELS else "prediction"
    fields = ", ".join(repr(field.name) for field in unread.projection.fields)
    reasons = "; ".join(unread.missing()) or "; ".join(unread.told())
    return (
        f"{path}: none of its {unread.rows:,} rows is a {one} of {monitor.name!r}: {reasons}; "
        f"the monitor reads the fields {fields}{columns_text(unread.columns)}"
    )


def _bodies(path: Path, show: Show) -> Iterator[ReadRows]:
    if not path.is_file():
        wrong = "is a folder" if path.is_dir() else "no such file"
        raise InvalidSettings(f"{path}: {wrong}; expected a file of NDJSON, CSV, Parquet or Arrow")
    file = open_rows(path, follow=False, batch_rows=BATCH_ROWS, pause=lambda _seconds: None)
    rows = 0
    for read in file.read():
        if read is not None:
            rows += len(read.rows)
            show(read.done / max(file.size, 1), rows)
            yield read


def _first_of_each_id(table: pa.Table) -> pa.Table:
    """The rows of one id are one prediction, or one label: the first counts."""
    numbered = table.append_column("@row", pa.array(np.arange(table.num_rows)))
    first = numbered.group_by("id").aggregate([("@row", "min")]).column("@row_min").to_numpy()
    return table.take(pa.array(np.sort(first)))


def _with_labels(predictions: pa.Table, labels: pa.Table, delay_s: float) -> pa.Table:
    told = labels.select(["id", "label"])
    known = predictions.append_column("@row", pa.array(np.arange(predictions.num_rows)))
    pairs = known.select(["id", "@row"]).join(told, "id", join_type="inner").sort_by("@row")
    rows = predictions.take(pairs.column("@row"))
    late = pa.scalar(round(delay_s * 1e6), pa.duration("us"))
    known_at = pc.add(rows.column("time"), late)
    labelled = rows.append_column("label", pairs.column("label"))
    return labelled.append_column("label_time", known_at).append_column("known_at", known_at)


def _between(table: pa.Table, column: str, span: Span) -> Iterator[pa.RecordBatch]:
    if not table.num_rows:
        return
    times = seconds_of(table.column(column).combine_chunks())
    start, end = np.searchsorted(times, [span.start, span.end], side="left")
    yield from table.slice(int(start), int(end - start)).combine_chunks().to_batches()
