"""The objectives of one monitor: what is left of each error budget, and how fast it goes."""

from __future__ import annotations

from grafanalib import core as grafana

from dashboards.layout import PanelRow
from dashboards.panel import THIRD, PanelQuery, PanelText, lines, stat, time_series
from dashboards.scope import Scope
from dashboards.threshold import Steps
from exporter.monitor.slo import SloTerms
from exporter.monitor.spec import Monitor
from rules import names

BUDGET_STEPS: Steps = (("red", 0.0), ("orange", 0.1), ("green", 0.25))


def section(monitor: Monitor) -> PanelRow | None:
    """None for a monitor without objectives."""
    if not monitor.spec.slos:
        return None
    scope = Scope(monitor)
    return PanelRow("Objectives", [_left(scope), budget(scope), _burn_rate(scope)])


def fastest_window(slo: SloTerms) -> str:
    """The long window of the pair that alerts first."""
    return min(slo.alerting_burn_rates, key=lambda rate: rate.long.seconds).long


def _remaining(scope: Scope) -> PanelQuery:
    return lines("min", scope.recorded(names.slo_budget_remaining()), "slo")


def _left(scope: Scope) -> grafana.Stat:
    return stat(
        PanelText(
            "Error budget left",
            "Share of each objective's error budget that is left of its period; red when it is spent.",
        ),
        _remaining(scope),
        unit="percentunit",
        size=THIRD,
        steps=BUDGET_STEPS,
        decimals=1,
    )


def budget(scope: Scope) -> grafana.TimeSeries:
    return time_series(
        PanelText(
            "Error budget",
            "What was left of each error budget; below 0 the objective is missed. Old errors leave the period.",
        ),
        [_remaining(scope)],
        unit="percentunit",
        steps=BUDGET_STEPS,
        minimum=None,
        maximum=1,
    )


def _burn_rate(scope: Scope) -> grafana.TimeSeries:
    windows = dict.fromkeys(fastest_window(slo) for slo in scope.monitor.spec.slos)
    queries = [
        PanelQuery(f"max by (slo) ({scope.recorded(names.slo_burn_rate(window))})", f"{{{{slo}}}} {window}")
        for window in windows
    ]
    return time_series(
        PanelText(
            "Burn rate", "How many times faster than owed errors come; 1 spends the budget in exactly its period."
        ),
        queries,
        unit="short",
        steps=(("green", 0.0), ("orange", 1.0)),
    )
