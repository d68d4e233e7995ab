"""Panels over hours and days: their queries, asked of the rules' own series by the real promtool."""

from __future__ import annotations

import json
from pathlib import Path

from dashboards import render
from dashboards.queries import panel_queries, with_variables
from exporter.monitor.spec import Monitor
from tests.support.golden_monitors import REGRESSION, golden_monitor
from tests.support.promtool import RuleTest
from tests.support.slos import add_replica, availability_test, slo_monitor

VALUES = {
    "cluster": ".*",
    "job": ".+",
    "monitor": ".+",
    "slo": ".+",
    "model_version": ".+",
    "feature": "humidity",
    "__rate_interval": "5m",
    "__range": "1h",
}


def test_every_panel_about_objectives_has_data_while_a_budget_ends(tmp_path: Path) -> None:
    test = availability_test("0+1000x600", "0x60 0+20x540")
    (monitor,) = test.monitors
    asked = queries_of(monitor, "slo.json") | queries_of(monitor, "model-credit.json", "budget", "Burn")
    of_the_fleet = {query for query in queries_of(monitor, "overview.json") if "slo:" in query}
    assert len(asked) > 12
    assert of_the_fleet
    asked |= of_the_fleet
    expect_data(test, asked, "8h").run(tmp_path)


def test_every_panel_about_earlier_periods_and_other_versions_has_data(tmp_path: Path) -> None:
    drift = {"window": "20m", "previous": "40m", "versions": {"stable": "v1"}}
    monitor = golden_monitor(REGRESSION, events={"model_version": "version"}, drift=drift)
    test = RuleTest([monitor])
    labels = {"job": "ml", "instance": "a", "monitor": REGRESSION}
    for check in ("period_drift_psi", "version_drift_psi", "drift_zscore"):
        test.series("infranaut_monitor_threshold_ratio", "0.1x90", **labels, check=check)
    for version in ("v1", "v2"):
        for name, grown in (("q00", "0+50x90"), ("q01", "0+50x30 1500+90x60")):
            of_bin = {"model_version": version, "reference": "bins-1", "feature": "humidity", "bin": name}
            test.series("infranaut_feature_bin_total", grown, **labels, **of_bin)
    words = ("PSI, 20m", "Significance, 20m", "Distribution", "Over time")
    asked = queries_of(monitor, f"feature-{REGRESSION}.json", *words) | queries_of(
        monitor, f"model-{REGRESSION}.json", *words
    )
    assert len(asked) >= 9
    expect_data(test, asked, "80m").run(tmp_path)


def test_the_panel_of_the_usual_volume_has_data_after_the_weeks_that_it_takes(tmp_path: Path) -> None:
    monitor = slo_monitor(traffic={"anomaly": {"weeks": 2}})
    test = RuleTest([monitor], evaluated_every="1h", scraped_every="15m")
    add_replica(test, "a", "0+100x2500", "0x2500")
    asked = queries_of(monitor, "model-credit.json", "Volume")
    assert len(asked) == 2
    expect_data(test, asked, "600h").run(tmp_path)


def queries_of(monitor: Monitor, file: str, *words: str) -> set[str]:
    """The queries of a dashboard's panels with one of `words` in their title, or of all; with every variable set."""
    found = panel_queries(json.loads(render([monitor])[file]))
    return {with_variables(expr, VALUES) for title, expr in found if not words or any(word in title for word in words)}


def expect_data(test: RuleTest, queries: set[str], at: str) -> RuleTest:
    for query in sorted(queries):
        test.expect_value(f"count(({query}) > -Inf) > bool 0", at, 1)
    return test
