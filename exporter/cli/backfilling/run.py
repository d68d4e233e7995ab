"""A backfill from beginning to end: rows counted block by block, written as text, turned into blocks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from exporter.archive.recounting import Recounting, hidden_features, seconds_of
from exporter.archive.warm.tier import Span
from exporter.cli.backfilling.blocks import BLOCK_S, block_folder, create_blocks
from exporter.cli.backfilling.raw_rows import RawRows
from exporter.cli.backfilling.series import STATIC_EVERY_S, SeriesWriter
from exporter.cli.backfilling.steps import StepCounts
from exporter.errors import InvalidSettings
from exporter.expose.static_samples import static_samples
from exporter.monitor.spec import Monitor
from exporter.reference.document import Reference
from exporter.window.counts import Row
from exporter.window.label_columns import LabelPairs
from exporter.window.shared import SharedMonitor

LONGEST_STEP_S = 240
"""A gauge is seen for five minutes after a sample."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """What is to be rebuilt.

    span           : [start, end), both at whole steps.
    target         : the labels that a scrape would have added.
    static_every_s : from one sample to the next of what does not change.
    only           : the families that are wanted; all of them where it is None.
    block_s        : how long the blocks are.
    """

    monitor: Monitor
    sha256: str
    reference: Reference | None
    span: Span
    step_s: int
    target: LabelPairs
    static_every_s: int = STATIC_EVERY_S
    only: frozenset[str] | None = None
    block_s: int = BLOCK_S

    def __post_init__(self) -> None:
        if not 1 <= self.step_s <= LONGEST_STEP_S or BLOCK_S % self.step_s:
            raise InvalidSettings(f"--step {self.step_s}s: expected up to 4m, so many of which make two hours")
        if self.span.start % self.step_s or self.span.end % self.step_s or self.span.start >= self.span.end:
            raise InvalidSettings(
                f"--from and --to: expected two times at whole steps of {self.step_s} s, the first before the second"
            )

    @property
    def left_out(self) -> frozenset[str]:
        """Features whose values are not in the archive as they came."""
        return hidden_features(self.monitor)

    def blocks(self) -> Iterator[Span]:
        """Stretches of the span that each end where a block of Prometheus ends."""
        start = self.span.start
        while start < self.span.end:
            end = min((start // self.block_s + 1) * self.block_s, self.span.end)
            yield Span(start, end)
            start = end


@dataclass(frozen=True, slots=True)
class Backfilled:
    """What came of it."""

    predictions: int
    outcomes: int
    samples: int
    blocks: int


def backfill(
    wanted: Backfill,
    predictions: RawRows,
    outcomes: RawRows,
    promtool: Path,
    out: Path,
    show: Callable[[float, int], None] = lambda _share, _rows: None,
) -> Backfilled:
    """Writes the blocks; `predictions` and `outcomes` are read in turns, so they need connections of their own.

    show : told how far it is (0 to 1) and how many rows have been read.
    """
    shared = SharedMonitor(wanted.monitor, wanted.reference, slots=1)
    recounting = Recounting(wanted.monitor)
    static = static_samples(shared, wanted.sha256)
    writer = SeriesWriter(shared.layout, static, wanted.target, recounting.absent, wanted.static_every_s, wanted.only)
    counts = StepCounts(shared.layout, wanted.step_s)
    late = _Outcomes(wanted, outcomes, recounting)
    rows = 0
    with block_folder(out) as work:
        text = work / "series.txt"
        for block in wanted.blocks():
            counts.begin(block)
            for batch in predictions.predictions(block):
                counts.add_predictions(recounting.recount(batch))
                rows += batch.num_rows
            late.count(counts, block)
            _write(text, writer, counts, block, wanted)
            create_blocks(promtool, text, work, wanted.block_s)
            show((block.end - wanted.span.start) / (wanted.span.end - wanted.span.start), rows + late.rows)
    recounting.close()
    return Backfilled(rows, late.rows, writer.samples, sum(1 for each in out.iterdir() if each.is_dir()))


class _Outcomes:
    """The stream of labelled predictions, of which each block takes what was known within it."""

    def __init__(self, wanted: Backfill, outcomes: RawRows, recounting: Recounting) -> None:
        labels = wanted.monitor.spec.labels
        self._batches: Iterator[pa.RecordBatch] = iter(())
        if labels is not None:
            self._batches = outcomes.outcomes(wanted.span, labels.maximum_delay.seconds)
        self._recounting = recounting
        self._held: pa.RecordBatch | None = None
        self.rows = 0

    def count(self, counts: StepCounts, block: Span) -> None:
        for batch in self._until(block.end):
            self.rows += batch.num_rows
            counts.add_outcomes(self._recounting.recount(batch), seconds_of(batch.column("known_at")))

    def _until(self, end: float) -> Iterator[pa.RecordBatch]:
        while (batch := self._held if self._held is not None else next(self._batches, None)) is not None:
            self._held = None
            known_at = seconds_of(batch.column("known_at"))
            here = int(np.searchsorted(known_at, end, side="left"))
            if here:
                yield batch.slice(0, here)
            if here < batch.num_rows:
                self._held = batch.slice(here)
                return


def _write(text: Path, writer: SeriesWriter, counts: StepCounts, block: Span, wanted: Backfill) -> None:
    """The counts at the end of a block are the first of the next one, or, of the last block, stand in it as well."""
    totals = counts.end()
    is_last = block.end == wanted.span.end
    times = range(int(block.start), int(block.end) + (wanted.step_s if is_last else 0), wanted.step_s)
    sampled = Row(totals.integers[:, : len(times)], totals.floats[:, : len(times)], totals.maxima[:, : len(times)])
    with text.open("wb") as file:
        writer.write(counts.children, sampled, times, file.write)
