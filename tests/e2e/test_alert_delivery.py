"""From rows that drift to a message, through every real part between."""

from __future__ import annotations

from typing import Any

import pytest

from rules.names import FEATURE_DRIFT
from tests.support.fleet import Fleet

pytestmark = pytest.mark.slow

DEADLINE_S = 60


def test_a_drift_alert_of_real_rows_reaches_a_webhook_through_a_real_alertmanager(fleet: Fleet) -> None:
    body = fleet.webhook.wait_for(is_drift_of("credit", "income"), DEADLINE_S)
    alert = next(alert for alert in body["alerts"] if alert["labels"]["feature"] == "income")
    assert body["groupLabels"] == {"alertname": FEATURE_DRIFT, "monitor": "credit"}
    assert {"severity": "critical", "team": "risk", "tier": "1", "window": "1h"}.items() <= alert["labels"].items()
    assert "feature income has drifted" in alert["annotations"]["summary"]
    assert "unknown" not in alert["annotations"]["description"], "a figure that the text looks up was not there"
    assert alert["annotations"]["dashboard_url"].endswith("infranaut-model-credit")


def test_features_that_did_not_drift_are_not_told(fleet: Fleet) -> None:
    body = fleet.webhook.wait_for(is_drift_of("credit", "income"), DEADLINE_S)
    told = {alert["labels"]["feature"] for alert in body["alerts"]}
    assert not told & {"children", "debt", "device"}


def is_drift_of(monitor: str, feature: str) -> Any:
    def is_wanted(body: Any) -> bool:
        labels = [alert["labels"] for alert in body["alerts"] if alert["status"] == "firing"]
        wanted = {"alertname": FEATURE_DRIFT, "monitor": monitor, "feature": feature}
        return any(wanted.items() <= its.items() for its in labels)

    return is_wanted
