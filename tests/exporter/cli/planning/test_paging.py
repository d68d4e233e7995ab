"""Who is told of alerts about the exporter that name a monitor, and what of it changes."""

from __future__ import annotations

from alertmanager.delivery import DeliverySettings
from exporter.cli.planning.figures import EXPORTER
from exporter.cli.planning.paging import FieldChange, PagingAlert, changes, paging_alerts, told
from exporter.monitor.routing import Route
from exporter.monitor.spec import Monitor
from rules import names
from tests.support.golden_monitors import BINARY, REGRESSION, golden_monitor

OURS, PLATFORM = "pagerduty risk-oncall, slack #risk-ml", "slack #platform"


def alerts_of(*monitors: Monitor) -> list[PagingAlert]:
    return paging_alerts(monitors, delivery=DeliverySettings(exporter=Route(slack="#platform")))


def test_alerts_about_the_exporter_that_name_a_monitor_reach_its_people_too() -> None:
    alerts = alerts_of(golden_monitor(BINARY))
    found = told(alerts)
    named = f"{BINARY}/{names.BIN_MISMATCH} (warning)"
    assert named in found[OURS]
    assert named in found[PLATFORM]
    assert not [alert for alert in found[OURS] if alert.startswith(EXPORTER)]
    assert f"{EXPORTER}/{names.RELOAD_FAILED} (warning)" in found[PLATFORM]
    (mismatch,) = [alert for alert in alerts if alert.rule.alert == names.BIN_MISMATCH]
    assert (mismatch.monitor, mismatch.receivers) == (EXPORTER, [PLATFORM, OURS])


def test_another_route_of_a_monitor_changes_alerts_about_the_exporter_that_name_it() -> None:
    rerouted = golden_monitor(BINARY, alerts={"route": {"slack": "#night-shift"}})
    found = changes(alerts_of(golden_monitor(BINARY)), alerts_of(rerouted))
    (mismatch,) = [each for each in found if each.alert == names.BIN_MISMATCH]
    assert mismatch.fields == [
        FieldChange(f"receivers about {BINARY}", f"{PLATFORM}, {OURS}", f"{PLATFORM}, slack #night-shift")
    ]


def test_a_new_monitor_changes_no_alert_about_the_exporter_that_would_name_it() -> None:
    before, after = alerts_of(golden_monitor(BINARY)), alerts_of(golden_monitor(BINARY), golden_monitor(REGRESSION))
    assert {each.monitor for each in changes(before, after)} == {REGRESSION}
    assert f"{REGRESSION}/{names.BIN_MISMATCH} (warning)" in str(told(after))
