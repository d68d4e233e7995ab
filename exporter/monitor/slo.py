"""Service level objectives: what counts as good, and how much of it is owed over a period."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from exporter.monitor.duration import Duration, DurationField
from exporter.monitor.strict import StrictModel


class LatencySlo(StrictModel):
    """Predictions that are fast enough."""

    name: Literal["latency"]
    objective: float = Field(gt=0, lt=1)
    """Share of good predictions, such as 0.99."""
    period: DurationField = Duration("30d")
    """The period that the error budget belongs to."""
    latency_below_seconds: float = Field(gt=0)
    """A prediction is good below it."""


class AvailabilitySlo(StrictModel):
    """Predictions that did not fail."""

    name: Literal["availability"]
    objective: float = Field(gt=0, lt=1)
    """Share of good predictions, such as 0.99."""
    period: DurationField = Duration("30d")
    """The period that the error budget belongs to."""


class FreshnessSlo(StrictModel):
    """Predictions that arrive soon after they were made."""

    name: Literal["freshness"]
    objective: float = Field(gt=0, lt=1)
    """Share of good predictions, such as 0.99."""
    period: DurationField = Duration("30d")
    """The period that the error budget belongs to."""
    events_younger_than: DurationField = Duration("5m")
    """An event is good when it arrives within it."""


Slo = Annotated[LatencySlo | AvailabilitySlo | FreshnessSlo, Field(discriminator="name")]
