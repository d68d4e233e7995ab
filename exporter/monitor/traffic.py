"""When the volume of predictions alerts."""

from __future__ import annotations

from pydantic import Field

from exporter.monitor.duration import DurationField
from exporter.monitor.strict import StrictModel


class TrafficAnomaly(StrictModel):
    """The last hour against the same hour of the week in the weeks before.

    Prometheus must keep that many weeks and an hour (`--storage.tsdb.retention.time`, 15 days by default); until all
    but one of them are there, it is silent.
    """

    weeks: int = Field(4, ge=2, le=12)
    """Weeks that are compared with."""
    zscore: float = Field(4.0, gt=0)
    """Standard deviations from the median of those weeks; what differs between them, and never less than chance."""
    change: float = Field(0.5, gt=0)
    """Share of the median by which the volume must differ too."""
    minimum_per_hour: float = Field(100.0, gt=0)
    """Predictions an hour below which neither the usual nor the last hour tells anything."""
    hold: DurationField | None = None
    """How long it must last before it alerts (`for`); a tenth of an hour where absent."""


class Traffic(StrictModel):
    """How many predictions there should be."""

    anomaly: TrafficAnomaly | None = None
    """Alerts when there are far more or far fewer than usual at this hour of the week; not where absent."""
