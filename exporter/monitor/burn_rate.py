"""Burn rates: how many times faster than owed errors come, and which of those alert for which period.

A burn rate of 1 spends the error budget in exactly the period. A pair of windows alerts when the burn rate over both is
above its factor: the long window says that it matters, the short one that it still goes on (The Site Reliability
Workbook, chapter 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from pydantic import Field

from exporter.monitor.duration import Duration, DurationField
from exporter.monitor.severity import Severity
from exporter.monitor.strict import StrictModel

Period = Literal["7d", "28d", "30d", "90d"]
_DIGITS = 9
"""1 - 0.9 is a little less than 0.1 in a float."""


class BurnRate(StrictModel):
    """A pair of windows that alerts when errors burn the budget faster than a factor over both."""

    factor: float = Field(gt=0)
    """How many times faster than owed."""
    long: DurationField
    """The window that says that it matters."""
    short: DurationField
    """The window that says that it still goes on."""
    severity: Severity = "critical"
    """Of the alert."""

    def can_fire(self, objective: float) -> bool:
        """Whether errors alone can burn the budget that fast: not even if all events were errors, where not."""
        return round(self.factor * (1 - objective), _DIGITS) < 1


class _Pair(NamedTuple):
    severity: Severity
    long: Duration
    short: Duration


_PAIRS = (
    _Pair("critical", Duration("1h"), Duration("5m")),
    _Pair("critical", Duration("6h"), Duration("30m")),
    _Pair("warning", Duration("1d"), Duration("2h")),
    _Pair("warning", Duration("3d"), Duration("6h")),
)

_SHARES: Mapping[Period, tuple[float, float, float, float]] = {
    "7d": (0.08, 0.125, 0.20, 0.42),
    "28d": (0.02, 0.05, 0.10, 0.10),
    "30d": (0.02, 0.05, 0.10, 0.10),
    "90d": (0.02, 0.05, 0.10, 0.10),
}
"""Share of the budget that each pair lets go before it alerts: of a month as in the Workbook, of a week as in sloth's
windows for it, where the Workbook's shares would be spent within the hour."""


def burn_rates_for(period: Period) -> tuple[BurnRate, ...]:
    """The pairs of a period, the fastest first: factor = share · period / long window, never below 1."""
    period_s = Duration(period).seconds
    return tuple(
        BurnRate(
            factor=round(max(1.0, share * period_s / pair.long.seconds), 6),
            long=pair.long,
            short=pair.short,
            severity=pair.severity,
        )
        for pair, share in zip(_PAIRS, _SHARES[period], strict=True)
    )
