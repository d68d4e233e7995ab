"""Series of service level objectives."""

from __future__ import annotations


def slo_events(window: str) -> str:
    """Events of an objective in the window, good and bad."""
    return f"slo:infranaut_slo_events:increase{window}"


def slo_errors(window: str) -> str:
    """Bad events of an objective in the window."""
    return f"slo:infranaut_slo_errors:increase{window}"


def slo_burn_rate(window: str) -> str:
    """How many times faster than owed errors came: 1 spends the error budget in exactly the period."""
    return f"slo:infranaut_slo:burn_rate{window}"


def slo_zscore(window: str) -> str:
    """Significance of the errors above those owed, in standard deviations."""
    return f"slo:infranaut_slo:zscore{window}"


def slo_objective() -> str:
    """Share of good events that is owed; there while there are events in the period."""
    return "slo:infranaut_slo:objective_ratio"


def slo_period() -> str:
    """Seconds of the period that the error budget belongs to."""
    return "slo:infranaut_slo:period_seconds"


def slo_budget_remaining() -> str:
    """Share of the error budget of the period that is left; below 0 when overspent."""
    return "slo:infranaut_slo:budget_remaining_ratio"


def slo_exhaustion() -> str:
    """Seconds until the error budget is spent, as the last day went; absent while it does not shrink."""
    return "slo:infranaut_slo:exhaustion_seconds"
