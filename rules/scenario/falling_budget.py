"""An error budget of which half is left, and that falls while every event is an error, until nearly nothing is left."""

from __future__ import annotations

from exporter.monitor.duration import Duration

EVALUATED = Duration("15m")
"""Seldom, since the trend is one of hours, and often for an alert that may wait for an hour less than it warns of."""
HALF, OVERSPENT = 0.5, 1.5
"""Shares of the budget that are used before: those to fall from, and those that leave nothing to warn of."""
_LEFT = Duration("20m")
"""What is left in the end would last so long: less than any alert asks for, and still not nothing."""


def used_after(played_s: float) -> float:
    """The share U of the budget that is used after these seconds: 1 - U lasts `_LEFT` at the pace of U - 0.5."""
    return (played_s + HALF * _LEFT.seconds) / (played_s + _LEFT.seconds)


def events_before(bad: float, budget: float, used: float = 1) -> float:
    """Events H before `bad` errors with nothing between them, so that (H · 0.5 b + bad) / (H + bad) is `used` · b."""
    return bad * (1 - used * budget) / (budget * (used - HALF))
