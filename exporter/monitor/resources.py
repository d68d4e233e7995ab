"""When what the model's own process takes alerts."""

from __future__ import annotations

from pydantic import Field

from exporter.monitor.duration import Duration, DurationField
from exporter.monitor.size import ByteSizeField
from exporter.monitor.strict import LabelValue, StrictModel


class Resources(StrictModel):
    """The process that serves the model, where Prometheus scrapes its `process_` metrics."""

    job: LabelValue
    """Its job in Prometheus (the label `job`)."""
    maximum_memory: ByteSizeField | None = None
    """Resident memory of one instance above which it alerts."""
    maximum_cpu: float | None = Field(None, gt=0)
    """Processors taken by one instance above which it alerts."""
    maximum_open_files: float = Field(0.8, gt=0, le=1)
    """Share of its file descriptors that may be open."""
    hold: DurationField = Duration("5m")
    """How long it must last before it alerts (`for`)."""
