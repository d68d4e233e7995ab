"""InfranautRecordsRejected fires when records cannot be accounted for, not when they are sent twice."""

from __future__ import annotations

from pathlib import Path

from exporter import catalog
from exporter.batch import Reason
from exporter.monitor.thresholds import thresholds
from rules.names import RECORDS_REJECTED
from tests.support.golden_monitors import REGRESSION, golden_monitor
from tests.support.promtool import RuleTest


def a_test(*, accepted: str, **failed: str) -> RuleTest:
    """Rejected records by their reason; 1 % may be rejected."""
    monitor = golden_monitor(REGRESSION, quality={"window": "1h", "no_predictions_for": "2h"})
    test = RuleTest([monitor])
    for check, value in thresholds(monitor).items():
        test.series("infranaut_monitor_threshold_ratio", f"{value}x200", **of("a"), check=check)
    return with_records(test, "a", accepted, **failed)


def with_records(test: RuleTest, instance: str, accepted: str, **failed: str) -> RuleTest:
    test.series("infranaut_ingest_records_total", accepted, **of(instance), source="http")
    for reason, values in failed.items():
        test.series("infranaut_ingest_records_failed_total", values, **of(instance), source="http", reason=reason)
    return test


def of(instance: str) -> dict[str, str]:
    return {"job": "ml", "instance": instance, "monitor": REGRESSION}


def test_it_fires_and_says_why_most_were_rejected(tmp_path: Path) -> None:
    labels = {"job": "ml", "monitor": REGRESSION, "severity": "info", "kind": "quality", "window": "1h"}
    texts = {
        "summary": "bike-demand: 10% of records are rejected",
        "description": "Over 1h, 10% of 6k records sent for model bike-demand could not be accounted for, most of them "
        "because of missing_id. Chance aside, it is at least 8.625%; 1% are allowed.",
        "runbook_url": "https://github.com/infranaut/infranaut/blob/main/docs/runbooks/InfranautRecordsRejected.md",
        "dashboard_url": "http://localhost:3000/d/infranaut-model-bike-demand?var-monitor=bike-demand&var-job=ml",
    }
    test = a_test(accepted="0+90x120", missing_id="0+9x120", malformed="0+1x120")
    test.expect_alerts(RECORDS_REJECTED, "90m", (labels, texts)).run(tmp_path)


def test_it_fires_when_nothing_at_all_is_accepted(tmp_path: Path) -> None:
    a_test(accepted="0x120", malformed="0+2x120").expect_firing(RECORDS_REJECTED, "90m").run(tmp_path)


def test_it_is_silent_about_records_that_are_sent_twice(tmp_path: Path) -> None:
    test = a_test(accepted="0+50x120", duplicate="0+50x120", malformed="0x120")
    test.expect_silence(RECORDS_REJECTED, "90m").run(tmp_path)
    assert catalog.DUPLICATE == Reason.DUPLICATE


def test_it_is_silent_within_the_allowed_share_at_low_and_high_traffic(tmp_path: Path) -> None:
    for rate in (1, 1000):
        test = a_test(accepted=f"0+{995 * rate / 100}x120", malformed=f"0+{5 * rate / 1000}x120")
        test.expect_silence(RECORDS_REJECTED, "90m").run(tmp_path)


def test_it_is_silent_where_chance_explains_it(tmp_path: Path) -> None:
    a_test(accepted="0+2x120", malformed="0+0.04x120").expect_silence(RECORDS_REJECTED, "90m").run(tmp_path)


def test_it_is_silent_on_too_few_records_or_none(tmp_path: Path) -> None:
    a_test(accepted="0x120", malformed="0+0.7x120").expect_silence(RECORDS_REJECTED, "90m").run(tmp_path)
    a_test(accepted="0x120", malformed="0x120").expect_silence(RECORDS_REJECTED, "90m").run(tmp_path)


def test_it_fires_through_a_counter_reset(tmp_path: Path) -> None:
    test = a_test(accepted="0+90x70 0+90x60", malformed="0+10x70 0+10x60")
    test.expect_firing(RECORDS_REJECTED, "75m").expect_firing(RECORDS_REJECTED, "110m").run(tmp_path)


def test_it_fires_on_what_is_left_when_a_replica_goes_missing(tmp_path: Path) -> None:
    test = a_test(accepted="0+90x60 _x60", malformed="0+10x60 _x60")
    with_records(test, "b", "0+90x120", malformed="0+10x120").expect_firing(RECORDS_REJECTED, "115m").run(tmp_path)
