"""InfranautReferenceOld fires when the newest row of a reference is older than the monitor allows."""

from __future__ import annotations

from pathlib import Path

from rules.names import REFERENCE_OLD
from tests.support.golden_monitors import BINARY, golden_monitor
from tests.support.promtool import RuleTest

DAY_S = 86_400.0


def a_test(*, created_at: float, features: tuple[str, ...] = ("age", "income")) -> RuleTest:
    """Promtool's clock begins at 0, so that a reference was created before it. 90 days are allowed."""
    test = RuleTest([golden_monitor(BINARY, drift={"measures": ["psi"]})])
    for instance in ("a", "b"):
        labels = {"job": "ml", "instance": instance, "monitor": BINARY}
        allowed = f"{90 * DAY_S}x200"
        test.series("infranaut_monitor_threshold_ratio", allowed, **labels, check="reference_age_seconds")
        for feature in features:
            name = "infranaut_reference_created_timestamp_seconds"
            test.series(name, f"{created_at}x200", **labels, reference="abc", feature=feature)
    return test


def test_it_fires_once_for_all_features_and_replicas(tmp_path: Path) -> None:
    labels = {"job": "ml", "monitor": BINARY, "reference": "abc", "severity": "critical", "kind": "drift"}
    texts = {
        "summary": "credit-default: the reference is 100d 1h 30m 0s old",
        "description": "The newest row of the reference of model credit-default is 100d 1h 30m 0s old; at most "
        "90d 0h 0m 0s are allowed. Drift is measured against a world that may be gone.",
        "runbook_url": "https://github.com/infranaut/infranaut/blob/main/docs/runbooks/InfranautReferenceOld.md",
        "dashboard_url": "http://localhost:3000/d/infranaut-model-credit-default?var-monitor=credit-default&var-job=ml",
    }
    test = a_test(created_at=-100 * DAY_S).expect_silence(REFERENCE_OLD, "59m")
    test.expect_alerts(REFERENCE_OLD, "90m", (labels | {"team": "risk", "tier": "1"}, texts)).run(tmp_path)


def test_it_is_silent_while_the_reference_is_young_enough_and_where_it_has_no_age(tmp_path: Path) -> None:
    a_test(created_at=-89 * DAY_S).expect_silence(REFERENCE_OLD, "90m").run(tmp_path)
    a_test(created_at=0, features=()).expect_silence(REFERENCE_OLD, "90m").run(tmp_path)
