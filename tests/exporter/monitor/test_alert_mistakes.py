"""What a monitor may say of its alerts across keys; what is refused stands in tests/golden/mistakes."""

from __future__ import annotations

from typing import Any

import pytest

from exporter.monitor.alert_mistakes import alert_mistakes
from tests.support.golden_monitors import MULTICLASS, REGRESSION, golden_monitor

HOUR = {"after": "1h"}


@pytest.mark.parametrize(
    "alerts",
    [
        {"severity": "warning", "escalate": HOUR},
        {"severity": "critical", "escalate": HOUR, "tuning": {"InfranautMissingValues": {"severity": "info"}}},
        {"severity": "info", "tuning": {"InfranautMissingValues": {"escalate": HOUR | {"severity": "warning"}}}},
        {"severity": "critical", "tuning": {"InfranautSloBurn": {"escalate": HOUR}}},
        {"labels": {"team": "risk", "cluster": "north"}},
    ],
)
def test_what_makes_a_louder_alert_or_another_label_is_no_mistake(alerts: dict[str, Any]) -> None:
    assert list(alert_mistakes(golden_monitor(MULTICLASS, alerts=alerts))) == []


def test_objectives_alert_at_warning_so_that_a_critical_monitor_can_escalate_them() -> None:
    alerts = {"severity": "critical", "escalate": HOUR}
    assert golden_monitor(REGRESSION).spec.slos
    assert list(alert_mistakes(golden_monitor(REGRESSION, alerts=alerts))) == []
