"""A plan: figures before and after, what changes about alerts, and which budgets are broken."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from alertmanager.delivery import DeliverySettings
from exporter.cli.planning.assumed import PlannedMonitor
from exporter.cli.planning.exposed import PlannedFleet
from exporter.cli.planning.figures import EXPORTER, Figures, PlannedPace, figures_of
from exporter.cli.planning.paging import AlertChange, changes, paging_alerts, told
from exporter.cli.planning.planned import PlannedFiles
from exporter.cli.planning.revision import Against
from rules.cost import coefficients


class BeforeAfter(msgspec.Struct, frozen=True):
    """The figures of one monitor, or of all; None on the side on which it is not there."""

    before: Figures | None
    after: Figures | None


class TellingChange(msgspec.Struct, frozen=True):
    """The alerts that one receiver gets, before and after."""

    receiver: str
    before: list[str]
    after: list[str]


class Plan(msgspec.Struct, frozen=True):
    """What `--json` prints. Without `--against` there is nothing before, and every alert is an added one.

    monitors : by name; OpenSLO objectives are here by the part that is their rule file, `<service>.openslo`.
    """

    against: str | None
    monitors: dict[str, BeforeAfter]
    total: BeforeAfter
    alerts: list[AlertChange]
    receivers: list[TellingChange]
    broken_budgets: list[str]
    assumptions: list[str]


class Budgets(msgspec.Struct, frozen=True):
    """The most that all monitors may cost together; None: no limit."""

    series: int | None = None
    cpu_seconds_per_minute: float | None = None


def make_plan(
    now: PlannedFiles,
    against: Against | None,
    fleet: PlannedFleet,
    pace: PlannedPace,
    budgets: Budgets,
    delivery: DeliverySettings,
) -> Plan:
    """The whole plan."""
    before = against.planned if against else PlannedFiles()
    old_figures, figures = figures_of(before, fleet, pace), figures_of(now, fleet, pace)
    old, new = old_figures.by_part, figures.by_part
    was, alerts = (paging_alerts(planned.specified, planned.objectives, delivery=delivery) for planned in (before, now))
    told_before, told_after = told(was), told(alerts)
    return Plan(
        against=against.name if against else None,
        monitors={name: BeforeAfter(old.get(name), new.get(name)) for name in _ordered(old, new)},
        total=BeforeAfter(_sum(old) if against else None, _sum(new)),
        alerts=changes(was, alerts),
        receivers=[
            TellingChange(name, told_before.get(name, []), told_after.get(name, []))
            for name in sorted(told_before.keys() | told_after.keys())
        ],
        broken_budgets=_broken(now.monitors, new, budgets),
        assumptions=_assumptions(now, before, fleet, pace) + _foreign({*old_figures.foreign, *figures.foreign}, fleet),
    )


def _ordered(old: Mapping[str, Figures], new: Mapping[str, Figures]) -> list[str]:
    return sorted(old.keys() | new.keys(), key=lambda name: (name == EXPORTER, name))


def _sum(figures: Mapping[str, Figures]) -> Figures:
    total = Figures()
    for each in figures.values():
        total += each
    return total


def _broken(monitors: Sequence[PlannedMonitor], figures: Mapping[str, Figures], budgets: Budgets) -> list[str]:
    found = []
    for planned in monitors:
        limit, wanted = planned.monitor.spec.limits.series, figures[planned.monitor.name].budget_series
        if wanted > limit:
            found.append(
                f"{planned.monitor.name}: {wanted:,} series to expose, spec.limits.series allows {limit:,}: model "
                f"versions and segments beyond it would count under __other__"
            )
    total = _sum(figures)
    if budgets.series is not None and total.series > budgets.series:
        found.append(
            f"all monitors: {total.series:,} series exposed and recorded, --series-budget is {budgets.series:,}"
        )
    cpu_s = total.cpu_seconds_per_minute
    if budgets.cpu_seconds_per_minute is not None and cpu_s > budgets.cpu_seconds_per_minute:
        most = budgets.cpu_seconds_per_minute
        found.append(f"all monitors: {cpu_s:.2f} CPU-seconds a minute for rules, --cpu-budget is {most:g}")
    return found


def _assumptions(now: PlannedFiles, before: PlannedFiles, fleet: PlannedFleet, pace: PlannedPace) -> list[str]:
    """What the figures rest on, in sentences."""
    said = [
        f"replicas of the exporter: {fleet.replicas}",
        f"model versions of each monitor: those that it names, at least {fleet.versions}",
        "segments: those that the monitor names, or as many as spec.segments.limit",
        f"a scrape every {pace.scrape_s:g} s, an evaluation every {pace.evaluation_s:g} s, data in every part",
        f"CPU, memory and disk: {coefficients().source}",
    ]
    unbuilt = sorted({planned.monitor.name for planned in (*now.monitors, *before.monitors) if planned.is_assumed})
    if unbuilt:
        said.append(f"no built reference was found, so as many bins as it could have: {', '.join(unbuilt)}")
    return said


def _foreign(names: Iterable[str], fleet: PlannedFleet) -> list[str]:
    listed = ", ".join(sorted(names))
    if not listed:
        return []
    return [
        f"OpenSLO queries: {fleet.queried_series:,} series for each selector of what no monitor here exposes: {listed}"
    ]
