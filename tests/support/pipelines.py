"""A pipeline over real shared memory, and the series that a scrape would see of it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from exporter.archive.dead_letters import DeadLetters
from exporter.archive.hot.taken_ids import TakenIds
from exporter.archive.journal import Journal
from exporter.archive.keeping import Keeping
from exporter.expose.audience import Audience
from exporter.expose.exposition import Exposition
from exporter.expose.families import Part, Samples
from exporter.expose.monitor_samples import MonitorSamples
from exporter.monitor.spec import Monitor
from exporter.pipeline import Payload, Pipeline, Receipt
from exporter.reference.document import Reference
from exporter.window.shared import SharedMonitor
from tests.support.clocks import MovedClock

BODY_LIMIT_BYTES = 1 << 20
PSEUDONYM_KEY = b"0123456789abcdef"


@dataclass(slots=True)
class WatchedPipeline:
    """One process's pipeline, its shared memory, its clock and its dead letters."""

    shared: SharedMonitor
    pipeline: Pipeline
    clock: MovedClock
    folder: Path
    samples: MonitorSamples = field(init=False)

    def __post_init__(self) -> None:
        self.samples = MonitorSamples(self.shared, "0" * 64, Audience())

    def predict(self, *events: Mapping[str, Any] | str, **payload: str) -> Receipt:
        """Takes events as NDJSON; text stands as it is."""
        return self.pipeline.take_predictions(Payload(as_lines(events), **payload))

    def label(self, *events: Mapping[str, Any] | str) -> Receipt:
        return self.pipeline.take_labels(Payload(as_lines(events)))

    def series(self) -> dict[str, float]:
        """Every series by `name{label="value",…}` with sorted labels, once all that waits has been counted."""
        self.pipeline.count_pending()
        self.samples.collect()
        text = Exposition(CollectorRegistry()).render([Part("monitor", self.samples.collect)]).body.decode()
        return {
            sample_name(sample.name, sample.labels): sample.value
            for family in text_string_to_metric_families(text)
            for sample in family.samples
        }

    def value(self, name: str, **labels: str) -> float:
        """The sum of the series of a name that have these labels; KeyError when there is none."""
        wanted = {f'{label}="{value}"' for label, value in labels.items()}
        found = [
            value
            for series, value in self.series().items()
            if series.partition("{")[0] == name and all(pair in series for pair in wanted)
        ]
        if not found:
            raise KeyError(f"{name}{labels}")
        return sum(found)

    def scraped(self, name: str) -> int:
        """The sum of a family of counts as the next scrape sees it, while rows may wait."""
        samples = [item for item in self.samples.collect() if isinstance(item, Samples) and item.metric.name == name]
        return int(sum(item.values.sum() for item in samples))

    def dead_letters(self) -> list[dict[str, Any]]:
        """Everything set aside so far."""
        files = sorted(self.folder.rglob("*.ndjson"))
        return [json.loads(line) for file in files for line in file.read_text(encoding="utf-8").splitlines()]


def a_pipeline(
    folder: Path,
    monitor: Monitor,
    reference: Reference | None = None,
    clock: MovedClock | None = None,
    journal: Journal | None = None,
    taken: TakenIds | None = None,
) -> WatchedPipeline:
    """A pipeline on slot 0 of new shared memory."""
    return beside(folder, SharedMonitor(monitor, reference, slots=2), 0, clock or MovedClock(), journal, taken)


def beside(
    folder: Path,
    shared: SharedMonitor,
    slot: int,
    clock: MovedClock,
    journal: Journal | None = None,
    taken: TakenIds | None = None,
) -> WatchedPipeline:
    """A pipeline on another slot of the same memory, as another process has one; with a journal, it archives."""
    keeping = None if journal is None else Keeping(shared.monitor, PSEUDONYM_KEY)
    dead_letters = DeadLetters(folder, clock)
    pipeline = Pipeline(shared, slot, clock, dead_letters, BODY_LIMIT_BYTES, journal, keeping, taken)
    return WatchedPipeline(shared, pipeline, clock, folder)


def as_lines(events: Sequence[Mapping[str, Any] | str]) -> bytes:
    lines = [event if isinstance(event, str) else json.dumps(event) for event in events]
    return "\n".join(lines).encode("utf-8", "surrogatepass")


def sample_name(name: str, labels: Mapping[str, str]) -> str:
    pairs = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
    return f"{name}{{{pairs}}}" if pairs else name
