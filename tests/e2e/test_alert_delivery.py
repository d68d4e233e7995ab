"""From rows that drift to a message, through every real part between."""

from __future__ import annotations

from typing import Any

import pytest

from rules.names import FEATURE_DRIFT, MODEL_DRIFT
from tests.support.fleet import JOB, Fleet

pytestmark = pytest.mark.slow

DEADLINE_S = 60


def test_a_drift_alert_of_real_rows_reaches_a_webhook_through_a_real_alertmanager(fleet: Fleet) -> None:
    body = fleet.webhook.wait_for(is_drift_of("credit"), DEADLINE_S)
    assert body["groupLabels"] == {"alertname": MODEL_DRIFT, "monitor": "credit"}
    for alert in body["alerts"]:
        wanted = {"severity": "critical", "kind": "drift", "team": "risk", "tier": "1", "window": "1h"}
        assert wanted.items() <= alert["labels"].items()
        assert "the features of version" in alert["annotations"]["summary"]
        assert "Largest PSI: income " in alert["annotations"]["description"]
        assert "unknown" not in alert["annotations"]["description"], "a figure that the text looks up was not there"
        chosen = f"?var-monitor=credit&var-job={JOB}&var-model_version={alert['labels']['model_version']}"
        assert alert["annotations"]["dashboard_url"].endswith(f"/d/infranaut-model-credit{chosen}")


def test_where_the_model_has_drifted_its_features_are_not_told_one_by_one(fleet: Fleet) -> None:
    fleet.webhook.wait_for(is_drift_of("credit"), DEADLINE_S)
    firing = {"alertname": FEATURE_DRIFT, "alertstate": "firing", "monitor": "credit", "feature": "income"}
    matchers = ",".join(f'{label}="{value}"' for label, value in firing.items())
    assert fleet.prometheus.value(f"count(ALERTS{{{matchers}}})") > 0
    told = {alert["labels"]["alertname"] for post in fleet.webhook.posts for alert in post.body["alerts"]}
    assert FEATURE_DRIFT not in told


def is_drift_of(monitor: str) -> Any:
    def is_wanted(body: Any) -> bool:
        labels = [alert["labels"] for alert in body["alerts"] if alert["status"] == "firing"]
        wanted = {"alertname": MODEL_DRIFT, "monitor": monitor}
        return any(wanted.items() <= its.items() for its in labels)

    return is_wanted
