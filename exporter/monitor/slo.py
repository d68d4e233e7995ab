"""Service level objectives: what counts as good, and how much of it is owed over a period."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from exporter.monitor.burn_rate import BurnRate, Period, burn_rates_for
from exporter.monitor.duration import Duration, DurationField, duration_text
from exporter.monitor.performance import PerformanceMetric
from exporter.monitor.strict import StrictModel

ENDING_HOLD = Duration("1h")
"""How long InfranautSloBudgetEnding waits before it alerts, where it is not tuned."""
_ENDING_SHARE = 0.1


class SloTerms(StrictModel):
    """What every objective says: how much is owed, over which period, and when it alerts."""

    name: str
    """What is good, and the label `slo`."""
    objective: float = Field(gt=0, lt=1)
    """Share of good events, such as 0.99."""
    period: Period = "30d"
    """The period that the error budget belongs to; it rolls."""
    minimum_events: int = Field(10, ge=1)
    """Events in the long window below which it does not alert."""
    burn_rates: list[BurnRate] = []
    """Pairs of windows in place of those that fit the period."""
    ending_within: DurationField | None = None
    """Alerts when the budget will be spent within it, as the last day went; a tenth of the period where absent.

    At least an hour more than InfranautSloBudgetEnding waits (`hold`, 1h where absent).
    """

    @property
    def budget(self) -> float:
        """Share of events that may be errors."""
        return 1 - self.objective

    @property
    def alerting_burn_rates(self) -> tuple[BurnRate, ...]:
        """The pairs that can fire; those asked for always can, which `exporter.monitor.consistency` sees to."""
        return tuple(rate for rate in self.burn_rates or burn_rates_for(self.period) if rate.can_fire(self.objective))

    @property
    def dropped_burn_rates(self) -> tuple[BurnRate, ...]:
        """The pairs of the period that cannot fire at this objective, and are left out."""
        return (
            () if self.burn_rates else tuple(r for r in burn_rates_for(self.period) if not r.can_fire(self.objective))
        )

    @property
    def ending(self) -> Duration:
        return self.ending_within or duration_text(_ENDING_SHARE * Duration(self.period).seconds)


class LatencySlo(SloTerms):
    """Predictions that are fast enough."""

    name: Literal["latency"]
    latency_below_seconds: float = Field(gt=0)
    """A prediction is good below it."""


class AvailabilitySlo(SloTerms):
    """Predictions that did not fail."""

    name: Literal["availability"]


class FreshnessSlo(SloTerms):
    """Predictions that arrive soon after they were made."""

    name: Literal["freshness"]
    events_younger_than: DurationField = Duration("5m")
    """An event is good when it arrives within it."""


class LabelDelaySlo(SloTerms):
    """Labels (ground truth) that arrive soon after their prediction."""

    name: Literal["label_delay"]
    labels_younger_than: DurationField
    """A label is good when it arrives within it, counted from the time of its prediction."""


class ValiditySlo(SloTerms):
    """Predictions that break no rule of the monitor."""

    name: Literal["validity"]


class QualitySlo(SloTerms):
    """Slices of time in which a metric of performance meets its bound; give either minimum or maximum."""

    name: Literal["quality"]
    metric: PerformanceMetric
    """A metric of the model's task, over the window of performance."""
    minimum: float | None = None
    """A slice is bad below it."""
    maximum: float | None = None
    """A slice is bad above it."""
    slice: Literal["1m", "5m"] = "5m"
    """How often the metric is judged; without `performance.minimum_labels` labels a slice is neither good nor bad."""

    @model_validator(mode="after")
    def _one_bound(self) -> Self:
        if (self.minimum is None) == (self.maximum is None):
            raise ValueError("give either minimum or maximum")
        return self


Slo = Annotated[
    LatencySlo | AvailabilitySlo | FreshnessSlo | LabelDelaySlo | ValiditySlo | QualitySlo,
    Field(discriminator="name"),
]


def burn_rate_notes(terms: SloTerms) -> list[str]:
    """What `infranaut check` and `infranaut generate` tell of burn rates that can never alert."""
    fastest = f"{1 / terms.budget:.3g}"
    return [
        f"{terms.name}: no alert at a burn rate of {rate.factor:g} over {rate.long}, since the budget of objective "
        f"{terms.objective:g} cannot burn more than {fastest} times too fast, even if every event were an error"
        for rate in terms.dropped_burn_rates
    ]
