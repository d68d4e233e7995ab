"""The figures of a demonstration, as its last line of JSON tells them."""

from __future__ import annotations

import msgspec

from exporter.cli.demo.model import METRICS
from exporter.cli.demo.services import ALERTMANAGER, HOW_TO_GET_THEM, PROMETHEUS, Addresses, Programs
from exporter.cli.demo.story import Step, Story
from exporter.cli.demo.stream import StreamFigures


class RowFigures(msgspec.Struct, frozen=True):
    sent: int
    accepted: int
    rejected: int
    labels_sent: int


class FaultFigures(msgspec.Struct, frozen=True):
    """`watched`: the faulty features that were quiet before, whose alert is timed."""

    description: str
    features: tuple[str, ...]
    watched: tuple[str, ...]


class DriftFigures(msgspec.Struct, frozen=True):
    """PSI before the fault and at the end."""

    before: float | None
    after: float | None


class AlertFigures(msgspec.Struct, frozen=True):
    """Seconds from the fault; None for a step that was not seen."""

    name: str
    seconds_to_pending: float | None
    seconds_to_firing: float | None
    seconds_to_delivered: float | None


class PerformanceFigures(msgspec.Struct, frozen=True):
    """`source`: `prometheus` (recorded series), or `demo` (from the labels that it sent)."""

    metric: str
    before: float | None
    after: float | None
    source: str


class DemoOutcome(msgspec.Struct, frozen=True):
    """`alert` is null where Prometheus is missing; `false_alarms` where the data may drift by itself."""

    monitor: str
    task: str
    rows: RowFigures
    rows_per_second: float
    fault: FaultFigures | None
    drift: dict[str, DriftFigures]
    seconds_to_drift: float | None
    alert: AlertFigures | None
    performance: PerformanceFigures
    false_alarms: int | None
    alerts_before_fault: list[str]
    services: dict[str, str | None]
    missing: list[str]
    how_to_get_them: str | None
    urls: dict[str, str]
    seconds: float


def outcome_of(
    story: Story, figures: StreamFigures, programs: Programs, addresses: Addresses, now: float
) -> DemoOutcome:
    """The figures as they stand."""
    scenario, plan = story.scenario, story.plan
    return DemoOutcome(
        monitor=scenario.name,
        task=scenario.model.task,
        rows=RowFigures(figures.sent, figures.accepted, figures.rejected, figures.labels),
        rows_per_second=round(figures.rows_per_second, 1),
        fault=FaultFigures(plan.description, plan.features, plan.watched) if plan else None,
        drift=_drift(story),
        seconds_to_drift=story.seconds_to(Step.DRIFTED),
        alert=_alert(story) if programs.prometheus else None,
        performance=PerformanceFigures(
            METRICS[scenario.model.task],
            _rounded(story.before.performance if story.before else None),
            _rounded(story.after.performance if story.after else None),
            "prometheus" if programs.prometheus else "demo",
        ),
        false_alarms=len(story.early_alerts) if scenario.is_drift_free else None,
        alerts_before_fault=sorted(story.early_alerts),
        services={
            PROMETHEUS: str(programs.prometheus) if addresses.prometheus else None,
            ALERTMANAGER: str(programs.alertmanager) if addresses.alertmanager else None,
        },
        missing=programs.missing,
        how_to_get_them=HOW_TO_GET_THEM if programs.missing else None,
        urls=addresses.for_people(scenario.name),
        seconds=round(now - story.started_at, 1),
    )


def _drift(story: Story) -> dict[str, DriftFigures]:
    before = story.before.drift if story.before else {}
    after = story.after.drift if story.after else {}
    return {
        name: DriftFigures(_rounded(before.get(name)), _rounded(after.get(name))) for name in sorted({*before, *after})
    }


def _alert(story: Story) -> AlertFigures:
    return AlertFigures(
        story.alert,
        story.seconds_to(Step.PENDING),
        story.seconds_to(Step.FIRING),
        story.seconds_to(Step.DELIVERED),
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)
