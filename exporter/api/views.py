"""What the web listener tells about a monitor: plain records, the same for the page and for JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class FeatureView:
    """The drift of one feature over the monitor's window; numbers that cannot be told yet are None."""

    feature: str
    observations: int
    measures: Mapping[str, float | None]
    expected_psi: float | None
    zscore: float | None
    p_value: float | None
    missing_ratio: float | None
    invalid_ratio: float | None
    is_drifted: bool


@dataclass(frozen=True, slots=True)
class VersionView:
    """One model version: predictions since the exporter started, and within the window."""

    model_version: str
    predictions: int
    predictions_in_window: int
    last_prediction: float | None
    features: Sequence[FeatureView]


@dataclass(frozen=True, slots=True)
class MonitorView:
    """One monitor as it stands now; times are seconds since the epoch."""

    name: str
    model: str
    task: str
    reference: str | None
    drift_window: str
    drift_window_seen_s: float
    records: Mapping[str, int]
    rejected: Mapping[str, int]
    labels_matched: int
    series: int
    series_limit: int
    series_dropped: int
    versions: Sequence[VersionView]


@dataclass(frozen=True, slots=True)
class ExporterView:
    """The exporter as a whole."""

    version: str
    ingest_url: str
    workers_ready: int
    workers_wanted: int
    is_reload_successful: bool
    reloaded_at: float
    warnings: Sequence[str]


class ExporterState(Protocol):
    """What the web application asks; every call answers at once from shared memory."""

    def exporter(self) -> ExporterView: ...

    def monitors(self) -> Sequence[MonitorView]: ...

    def monitor(self, name: str) -> MonitorView | None: ...

    def is_ready(self) -> bool: ...

    def exposition(self, accept: str, accept_encoding: str, scraper: str | None) -> tuple[bytes, Mapping[str, str]]:
        """Body and headers of `/metrics`; `scraper` tells one Prometheus from another, None is any other reader."""

    def reload(self) -> list[str]:
        """Loads the monitors again; its mistakes, none when it worked. May block for seconds."""
