"""The dashboard of all objectives: which error budgets end, how fast, and since when."""

from __future__ import annotations

from collections.abc import Sequence

from grafanalib import core as grafana

from dashboards.dashboard import DashboardPlan, to_text
from dashboards.layout import PanelRow
from dashboards.link import general_links
from dashboards.overview import fleet_annotations
from dashboards.panel import FULL_WIDTH, PanelQuery, PanelText, RowLabel, Size, TableColumn, stat, table, time_series
from dashboards.row.objectives import BUDGET_STEPS
from dashboards.scope import FleetScope
from dashboards.threshold import GOOD, NEUTRAL
from dashboards.variable import fleet_variables, label_values
from exporter.monitor.duration import Duration
from exporter.monitor.spec import Monitor
from rules import names

_SCOPE = FleetScope(("cluster", "job", "monitor", "slo"))
_TERMS = FleetScope(("monitor", "slo"))
"""Of objectives and periods, which the rules state without a job."""
_BY_SLO = "by (cluster, job, monitor, slo)"
_SMALL = Size(6, 4)
_LEGEND = "{{monitor}} {{slo}}"


def slo_dashboard(monitors: Sequence[Monitor]) -> str:
    """The JSON, with the windows of burn rates and the periods that these monitors have; with none, without tables."""
    remaining = _SCOPE.recorded(names.slo_budget_remaining())
    now = [_left(), _spent(), _ending(), _objectives()]
    sections = [PanelRow("Now", now), PanelRow("Error budgets", [_budget(), _exhaustion()])]
    if burn_windows := _windows(monitors):
        sections += [
            PanelRow("Objectives", [_table(monitors)]),
            PanelRow("Burn rates", [_burn_rate(window) for window in burn_windows]),
            PanelRow("Events and errors", [_errors(), _events()]),
        ]
    return to_text(
        DashboardPlan(
            uid=names.SLO_DASHBOARD,
            title="Infranaut / Objectives",
            description="Service level objectives of all monitors: error budgets, burn rates, events and errors.",
            variables=[*fleet_variables(), label_values("slo", "Objective", remaining, "slo")],
            annotations=fleet_annotations(FleetScope(("cluster", "job", "monitor"))),
            links=general_links(names.SLO_DASHBOARD),
            sections=sections,
        )
    )


def _windows(monitors: Sequence[Monitor]) -> list[Duration]:
    """The long windows of all burn rates that alert, the shortest first."""
    rates = (rate for monitor in monitors for slo in monitor.spec.slos for rate in slo.alerting_burn_rates)
    return sorted({rate.long for rate in rates}, key=lambda window: window.seconds)


def _left() -> grafana.Stat:
    return stat(
        PanelText("Least budget left", "Of the objective that has the least left; below 0 % it is overspent."),
        PanelQuery(f"min ({_SCOPE.recorded(names.slo_budget_remaining())})"),
        unit="percentunit",
        size=_SMALL,
        steps=BUDGET_STEPS,
        decimals=1,
    )


def _spent() -> grafana.Stat:
    remaining = _SCOPE.recorded(names.slo_budget_remaining())
    return stat(
        PanelText("Missed", "Objectives whose error budget is spent."),
        PanelQuery(f"count ({remaining} <= 0) or vector(0)"),
        unit="short",
        size=_SMALL,
        steps=(*GOOD, ("red", 1.0)),
    )


def _ending() -> grafana.Stat:
    return stat(
        PanelText("First to end", "Time until the first error budget is spent, as the last day went."),
        PanelQuery(f"min ({_SCOPE.recorded(names.slo_exhaustion())})"),
        unit="s",
        size=_SMALL,
        empty="none ends",
    )


def _objectives() -> grafana.Stat:
    return stat(
        PanelText("Objectives", "Objectives that are chosen on top."),
        PanelQuery(f"count ({_SCOPE.recorded(names.slo_budget_remaining())})"),
        unit="short",
        size=_SMALL,
    )


def _budget() -> grafana.TimeSeries:
    remaining = _SCOPE.recorded(names.slo_budget_remaining())
    return time_series(
        PanelText("Error budget left", "Share of each error budget that was left; below 0 the objective is missed."),
        [PanelQuery(f"min by (monitor, slo) ({remaining})", _LEGEND)],
        unit="percentunit",
        size=Size(12, 9),
        steps=BUDGET_STEPS,
        minimum=None,
        maximum=1,
    )


def _exhaustion() -> grafana.TimeSeries:
    left = _SCOPE.recorded(names.slo_exhaustion())
    return time_series(
        PanelText(
            "Time to exhaustion", "Until each error budget is spent, as the last day went; empty while none shrinks."
        ),
        [PanelQuery(f"min by (monitor, slo) ({left})", _LEGEND)],
        unit="s",
        size=Size(12, 9),
    )


def _table(monitors: Sequence[Monitor]) -> grafana.Table:
    terms = {"Objective": (names.slo_objective(), "percentunit", 3), "Period": (names.slo_period(), "s", 0)}
    periods = sorted({Duration(slo.period) for monitor in monitors for slo in monitor.spec.slos})
    good = " or ".join(_good(period) for period in periods)
    remaining = f"min {_BY_SLO} ({_SCOPE.recorded(names.slo_budget_remaining())})"
    return table(
        PanelText(
            "Objectives",
            "One row for each objective, the least budget first; shares are of its period, or of what there is of it.",
        ),
        [
            RowLabel("monitor", "Monitor"),
            RowLabel("slo", "Objective of"),
            RowLabel("cluster", "Cluster"),
            RowLabel("job", "Job"),
        ],
        [
            TableColumn("Budget left", remaining, "percentunit", 1, BUDGET_STEPS, "color-background"),
            TableColumn("Good", good, "percentunit", 3),
            *(
                TableColumn(title, _beside(_TERMS.recorded(name), remaining), unit, decimals)
                for title, (name, unit, decimals) in terms.items()
            ),
            TableColumn("Ends in", f"min {_BY_SLO} ({_SCOPE.recorded(names.slo_exhaustion())})", "s", 0, NEUTRAL),
        ],
        sort_by="Budget left",
        descending=False,
        size=Size(FULL_WIDTH, 9),
    )


def _good(period: str) -> str:
    errors, events = (
        f"sum {_BY_SLO} ({_SCOPE.recorded(name(period))})" for name in (names.slo_errors, names.slo_events)
    )
    return f"1 - {errors} / ({events} > 0)"


def _beside(terms: str, rows: str) -> str:
    """The terms of each objective, in the rows that have all labels."""
    return f"0 * {rows} + on (monitor, slo) group_left () max by (monitor, slo) ({terms})"


def _burn_rate(window: Duration) -> grafana.TimeSeries:
    rate = _SCOPE.recorded(names.slo_burn_rate(window))
    return time_series(
        PanelText(
            f"Burn rate, {window}",
            f"How many times faster than owed errors came in the last {window}; 1 spends the budget in its period.",
        ),
        [PanelQuery(f"max by (monitor, slo) ({rate})", _LEGEND)],
        unit="short",
        steps=(("green", 0.0), ("orange", 1.0)),
    )


def _errors() -> grafana.TimeSeries:
    step = names.SLO_STEP
    errors, events = (
        f"sum by (monitor, slo) ({_SCOPE.recorded(name(step))})" for name in (names.slo_errors, names.slo_events)
    )
    return time_series(
        PanelText("Errors", f"Share of the events of the last {step} that were errors, by objective."),
        [PanelQuery(f"{errors} / ({events} > 0)", _LEGEND)],
        unit="percentunit",
        size=Size(12, 8),
    )


def _events() -> grafana.TimeSeries:
    events = _SCOPE.recorded(names.slo_events(names.SLO_STEP))
    return time_series(
        PanelText("Events", f"Events of the last {names.SLO_STEP} that count, good and bad, by objective."),
        [PanelQuery(f"sum by (monitor, slo) ({events})", _LEGEND)],
        unit="short",
        size=Size(12, 8),
    )
