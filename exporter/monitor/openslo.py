"""Objectives as OpenSLO v1 writes them (https://openslo.com): the part of it that becomes Prometheus rules.

`exporter.monitor.openslo_reading` tells what is not supported; here stands what is.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, ConfigDict, Field, model_validator

from exporter.monitor.burn_rate import Period
from exporter.monitor.counter_query import increase_of
from exporter.monitor.slo import SloTerms
from exporter.monitor.strict import LabelValue, Name, StrictModel

API_GROUP = "openslo/"
API_VERSION = "openslo/v1"
STEP = "5m"
"""What events are counted in, and the longest time slice."""

_PERIODS: Mapping[str, Period] = {"1w": "7d", "7d": "7d", "4w": "28d", "28d": "28d", "30d": "30d", "90d": "90d"}


def _counters(query: str) -> str:
    increase_of(query, STEP)
    return query


def _minutes(value: object) -> object:
    """A number is minutes in OpenSLO."""
    return f"{value}m" if isinstance(value, int) and not isinstance(value, bool) else value


def _is_counter(value: bool) -> bool:
    if not value:
        raise ValueError("false is not supported: what goes up and down has no events to count, expected true")
    return value


def _rolls(value: bool) -> bool:
    if not value:
        raise ValueError("false is not supported, expected true: a period that rolls")
    return value


class OpenSloMetadata(StrictModel):
    """Who this document is."""

    name: Name
    displayName: str = ""
    annotations: dict[str, Any] = {}


class IndicatorMetadata(OpenSloMetadata):
    """Who an indicator is."""

    labels: dict[str, Any] = {}


class ObjectiveLabels(StrictModel):
    """Labels of an objective: two stand on its alerts, where a label has one value; the others are not read."""

    model_config = ConfigDict(extra="allow")

    team: LabelValue | None = None
    tier: LabelValue | None = None


class ObjectiveMetadata(OpenSloMetadata):
    """Who an objective is, and whose."""

    labels: ObjectiveLabels = ObjectiveLabels()


class PrometheusQuery(StrictModel):
    """PromQL of one side of a ratio."""

    query: Annotated[str, AfterValidator(_counters)]


class MetricSource(StrictModel):
    """Where a side of a ratio comes from."""

    type: Literal["Prometheus"]
    spec: PrometheusQuery


class RatioSide(StrictModel):
    """One side of a ratio."""

    metricSource: MetricSource

    @property
    def query(self) -> str:
        return self.metricSource.spec.query


class RatioMetric(StrictModel):
    """Good or bad events, and all of them."""

    counter: Annotated[bool, AfterValidator(_is_counter)]
    good: RatioSide | None = None
    bad: RatioSide | None = None
    total: RatioSide

    @model_validator(mode="after")
    def _good_or_bad(self) -> Self:
        if (self.good is None) == (self.bad is None):
            raise ValueError("give either good or bad")
        return self


class IndicatorSpec(StrictModel):
    """What an indicator measures."""

    description: str = ""
    ratioMetric: RatioMetric


class InlineIndicator(StrictModel):
    """An indicator inside an objective."""

    metadata: IndicatorMetadata | None = None
    spec: IndicatorSpec


class TimeWindow(StrictModel):
    """The period of the error budget."""

    duration: Literal["1w", "4w", "7d", "28d", "30d", "90d"]
    isRolling: Annotated[bool, AfterValidator(_rolls)] = True


class SloTarget(StrictModel):
    """How much is owed; give either target or targetPercent."""

    displayName: str = ""
    target: float | None = Field(None, gt=0, lt=1)
    targetPercent: float | None = Field(None, gt=0, lt=100)
    timeSliceTarget: float | None = Field(None, gt=0, le=1)
    timeSliceWindow: Annotated[Literal["1m", "5m"] | None, BeforeValidator(_minutes)] = None

    @model_validator(mode="after")
    def _one_target(self) -> Self:
        if (self.target is None) == (self.targetPercent is None):
            raise ValueError("give either target or targetPercent")
        if (self.timeSliceTarget is None) != (self.timeSliceWindow is None):
            raise ValueError("give timeSliceTarget and timeSliceWindow together")
        return self

    @property
    def ratio(self) -> float:
        return self.target if self.target is not None else round((self.targetPercent or 0) / 100, 12)


class ServiceObjective(StrictModel):
    """An objective of a service."""

    description: str = ""
    service: Name
    indicator: InlineIndicator | None = None
    indicatorRef: str | None = None
    timeWindow: list[TimeWindow] = Field(min_length=1, max_length=1)
    budgetingMethod: Literal["Occurrences", "Timeslices"]
    objectives: list[SloTarget] = Field(min_length=1, max_length=1)
    alertPolicies: list[Any] = []

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if (self.indicator is None) == (self.indicatorRef is None):
            raise ValueError("give either indicator or indicatorRef")
        if (self.budgetingMethod == "Timeslices") != (self.objectives[0].timeSliceWindow is not None):
            raise ValueError("timeSliceTarget and timeSliceWindow belong to budgetingMethod Timeslices, and only to it")
        return self


class OpenSlo(StrictModel):
    """A document of kind SLO."""

    apiVersion: Literal["openslo/v1"]
    kind: Literal["SLO"]
    metadata: ObjectiveMetadata
    spec: ServiceObjective

    @property
    def terms(self) -> SloTerms:
        """In the words of a monitor's objectives."""
        period = _PERIODS[self.spec.timeWindow[0].duration]
        return SloTerms(name=self.metadata.name, objective=self.spec.objectives[0].ratio, period=period)

    @property
    def labels(self) -> dict[str, str]:
        """Those of its labels that stand on alerts."""
        labels = self.metadata.labels
        given = {"team": labels.team, "tier": labels.tier}
        return {label: text for label, text in given.items() if text is not None}


class OpenSli(StrictModel):
    """A document of kind SLI, which objectives refer to by its name."""

    apiVersion: Literal["openslo/v1"]
    kind: Literal["SLI"]
    metadata: IndicatorMetadata
    spec: IndicatorSpec
