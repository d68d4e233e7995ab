"""When data quality alerts."""

from __future__ import annotations

from pydantic import Field

from exporter.monitor.duration import Duration, DurationField
from exporter.monitor.strict import StrictModel


class Quality(StrictModel):
    """Whether the data is sound."""

    window: DurationField = Duration("1h")
    """The window that rates are computed over."""
    maximum_invalid_ratio: float = Field(0.01, gt=0, le=1)
    """Share of predictions that break a rule of any kind."""
    maximum_missing_increase: float = Field(0.05, gt=0, le=1)
    """Share of a feature's values that may be missing beyond the share in the reference, or beyond none without one."""
    maximum_rejected_ratio: float = Field(0.01, gt=0, le=1)
    """Share of received records that may be rejected for another reason than being sent twice."""
    minimum_rows: int = Field(50, ge=1)
    """Rows in the window below which neither missing values nor rejected records alert."""
    no_predictions_for: DurationField = Duration("15m")
    """Silence that alerts."""
    hold: DurationField | None = None
    """How long invalid data must last before it alerts (`for`); a tenth of the window where absent."""
