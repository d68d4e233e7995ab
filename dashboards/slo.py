"""The dashboard of all objectives: which error budgets end, how fast, and since when."""

from __future__ import annotations

from collections.abc import Sequence

from grafanalib import core as grafana

from dashboards.frame import fleet_dashboard
from dashboards.layout import PanelRow
from dashboards.mending import Json
from dashboards.panel import FULL_WIDTH, PanelQuery, PanelText, Size, lines, stat, time_series
from dashboards.row.objectives import BUDGET_STEPS
from dashboards.scope import FleetScope
from dashboards.table import RowLabel, TableColumn, table
from dashboards.threshold import NEUTRAL, NONE_IS_GOOD
from dashboards.variable import fleet_variables, label_values
from exporter.monitor.duration import Duration
from exporter.monitor.slo import SloTerms
from rules import names

_SCOPE = FleetScope(("cluster", "job", "monitor", "slo"))
_TERMS = FleetScope(("monitor", "slo"))
"""Of objectives and periods, which the rules state without a job."""
_BY_SLO = "by (cluster, job, monitor, slo)"
_SLO = ("monitor", "slo")
_REMAINING = _SCOPE.recorded(names.slo_budget_remaining())
_EXHAUSTION = _SCOPE.recorded(names.slo_exhaustion())

_NOTHING_ENDS = "No budget shrinks, or there are too few minutes yet to tell how fast"


def slo_dashboard(objectives: Sequence[SloTerms]) -> str:
    """The JSON, with the windows of burn rates and the periods of these objectives; with none, without tables."""
    sections = [PanelRow("Now", _now()), PanelRow("Error budgets", _budgets())]
    if burn_windows := _windows(objectives):
        sections += [
            PanelRow("Objectives", [_table(objectives)]),
            PanelRow("Burn rates", [_burn_rate(window) for window in burn_windows]),
            PanelRow("Events and errors", _events_and_errors()),
        ]
    return fleet_dashboard(
        names.SLO_DASHBOARD,
        "Objectives",
        "Service level objectives of all monitors and services: error budgets, burn rates, events and errors.",
        sections,
        _variables(),
    )


def _variables() -> list[Json]:
    """Objectives of services bear no job, and are no monitors: all jobs include them, and all owners are listed."""
    data, clusters, *_ = fleet_variables()
    within = FleetScope(("cluster",)).recorded(names.slo_budget_remaining())
    owners = FleetScope(("cluster", "job")).recorded(names.slo_budget_remaining())
    return [
        data,
        clusters,
        label_values("job", "Job", within, "job", everything=".*"),
        label_values("monitor", "Monitor", owners, "monitor"),
        label_values("slo", "Objective", _REMAINING, "slo"),
    ]


def _windows(objectives: Sequence[SloTerms]) -> list[Duration]:
    """The long windows of all burn rates that alert, the shortest first."""
    rates = (rate for slo in objectives for rate in slo.alerting_burn_rates)
    return sorted({rate.long for rate in rates}, key=lambda window: window.seconds)


def _now() -> list[grafana.Stat]:
    return [
        stat(
            PanelText("Least budget left", "Of the objective that has the least left; below 0 % it is overspent."),
            PanelQuery(f"min ({_REMAINING})"),
            unit="percentunit",
            steps=BUDGET_STEPS,
            decimals=1,
        ),
        stat(
            PanelText("Missed", "Objectives whose error budget is spent."),
            PanelQuery(f"count ({_REMAINING} <= 0) or vector(0)"),
            unit="short",
            steps=NONE_IS_GOOD,
        ),
        stat(
            PanelText(
                "First to end", "Time until the first error budget is spent, as the last day went.", "none shrinks"
            ),
            PanelQuery(f"min ({_EXHAUSTION})"),
            unit="s",
        ),
        stat(
            PanelText("Objectives", "Objectives that are chosen on top."),
            PanelQuery(f"count ({_REMAINING})"),
            unit="short",
        ),
    ]


def _budgets() -> list[grafana.TimeSeries]:
    return [
        time_series(
            PanelText(
                "Error budget left", "Share of each error budget that was left; below 0 the objective is missed."
            ),
            [lines("min", _REMAINING, *_SLO)],
            unit="percentunit",
            size=Size(12, 9),
            steps=BUDGET_STEPS,
            minimum=None,
            maximum=1,
        ),
        time_series(
            PanelText(
                "Time to exhaustion",
                "Until each error budget is spent, as the last day went; those that do not shrink have no line.",
                _NOTHING_ENDS,
            ),
            [lines("min", _EXHAUSTION, *_SLO)],
            unit="s",
            size=Size(12, 9),
        ),
    ]


def _table(objectives: Sequence[SloTerms]) -> grafana.Table:
    terms = {"Objective": (names.slo_objective(), "percentunit", 3), "Period": (names.slo_period(), "s", 0)}
    periods = sorted({Duration(slo.period) for slo in objectives})
    good = " or ".join(_good(period) for period in periods)
    remaining = f"min {_BY_SLO} ({_REMAINING})"
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
            TableColumn("Ends in", f"min {_BY_SLO} ({_EXHAUSTION})", "s", 0, NEUTRAL),
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
    return time_series(
        PanelText(
            f"Burn rate, {window}",
            f"How many times faster than owed errors came in the last {window}; 1 spends the budget in its period.",
        ),
        [lines("max", _SCOPE.recorded(names.slo_burn_rate(window)), *_SLO)],
        unit="short",
        steps=(("green", 0.0), ("orange", 1.0)),
    )


def _events_and_errors() -> list[grafana.TimeSeries]:
    step = names.SLO_STEP
    events = lines("sum", _SCOPE.recorded(names.slo_events(step)), *_SLO)
    errors = lines("sum", _SCOPE.recorded(names.slo_errors(step)), *_SLO)
    return [
        time_series(
            PanelText("Errors", f"Share of the events of the last {step} that were errors, by objective."),
            [PanelQuery(f"{errors.expr} / ({events.expr} > 0)", events.legend)],
            unit="percentunit",
            size=Size(12, 8),
        ),
        time_series(
            PanelText("Events", f"Events of the last {step} that count, good and bad, by objective."),
            [events],
            unit="short",
            size=Size(12, 8),
        ),
    ]
