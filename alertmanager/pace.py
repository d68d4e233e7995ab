"""How soon people are told, and how often again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from exporter.monitor.spec import Severity


class Pace(NamedTuple):
    """How long to wait for more of a group before the first message, between changes, and before saying it again."""

    group_wait: str
    group_interval: str
    repeat_interval: str


PACES: Mapping[Severity, Pace] = {
    "critical": Pace("10s", "1m", "1h"),
    "warning": Pace("30s", "5m", "12h"),
    "info": Pace("5m", "30m", "5d"),
}
"""None repeats after more than five days, for which Alertmanager remembers whom it told."""
WATCHDOG_PACE = Pace("0s", "1m", "5m")
