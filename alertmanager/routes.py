"""Routes: which alert goes to which receiver, what is told together, and how often again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from alertmanager.inhibitions import EVERY_ALERT
from alertmanager.matchers import equals, matches
from alertmanager.receivers import NOBODY, receiver_name
from exporter.monitor.spec import Monitor, Severity
from rules import names


class Pace(NamedTuple):
    """How long to wait for more of a group before the first message, between changes, and before saying it again."""

    group_wait: str
    group_interval: str
    repeat_interval: str


PACES: Mapping[Severity, Pace] = {
    "critical": Pace("10s", "1m", "1h"),
    "warning": Pace("30s", "5m", "12h"),
    "info": Pace("5m", "30m", "7d"),
}


def root_route(monitors: Sequence[Monitor]) -> dict[str, object]:
    """The tree: alerts about the exporter to everybody, those of a monitor to its receiver, others to nobody.

    Grouped by alert and monitor, so that two hundred drifting features of a model are one message.
    """
    return {
        "receiver": NOBODY,
        "group_by": ["alertname", names.MONITOR],
        **PACES["warning"]._asdict(),
        "routes": [_exporter_route(monitors), *(_monitor_route(monitor) for monitor in monitors)],
    }


def _exporter_route(monitors: Sequence[Monitor]) -> dict[str, object]:
    """To every receiver once: each of their models is unwatched, and their other alerts are inhibited meanwhile."""
    told = sorted({receiver_name(monitor.spec.alerts.route) for monitor in monitors} - {NOBODY})
    return {
        "receiver": NOBODY,
        "matchers": [equals("alertname", names.EXPORTER_DOWN)],
        **PACES["critical"]._asdict(),
        **({"routes": [{"receiver": name, "continue": True} for name in told]} if told else {}),
    }


def _monitor_route(monitor: Monitor) -> dict[str, object]:
    return {
        "receiver": receiver_name(monitor.spec.alerts.route),
        "matchers": [matches("alertname", EVERY_ALERT), equals(names.MONITOR, monitor.name)],
        "routes": [
            {"matchers": [equals(names.SEVERITY, severity)], **pace._asdict()} for severity, pace in PACES.items()
        ],
    }
