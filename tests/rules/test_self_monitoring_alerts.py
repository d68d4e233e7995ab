"""The alerts about the exporter itself: what each says where something is wrong, and silence where nothing is."""

from __future__ import annotations

from pathlib import Path

import pytest

from rules import names
from rules.group import AlertingRule
from rules.links import DEFAULT_GRAFANA, DEFAULT_RUNBOOKS, Links
from rules.self_monitoring import self_monitoring_groups
from tests.support.promtool import RuleTest

A, B = {"job": "ml", "instance": "a"}, {"job": "ml", "instance": "b"}
CREDIT = {"monitor": "credit"}
QUIET = tuple(name for name in names.SELF_ALERTS if name != names.WATCHDOG)


def a_test() -> RuleTest:
    """Two exporters that are well, with one monitor that has a reference."""
    test = RuleTest([])
    for instance in (A, B):
        test.series("up", "1x200", **instance)
        test.series("infranaut_build_info", "1x200", **instance)
        test.series("infranaut_monitor_info", "1x200", **instance, **CREDIT)
        test.series("infranaut_config_last_reload_successful", "1x200", **instance)
        test.series("infranaut_collector_success", "1x200", **instance, collector="file")
        test.series("infranaut_ingest_records_total", "0+100x200", **instance, **CREDIT, source="http")
        test.series("infranaut_ingest_queue_records", "50x200", **instance, **CREDIT)
        test.series("infranaut_spool_lag_seconds", "5x200", **instance)
        test.series("infranaut_spool_size_bytes", "10x200", **instance)
        test.series("infranaut_spool_limit_bytes", "100x200", **instance)
        test.series("infranaut_archive_quarantined_total", "0x200", **instance)
        test.series("process_open_fds", "10x200", **instance)
        test.series("process_max_fds", "1024x200", **instance)
        for tier in ("hot", "warm", "cold"):
            test.series("infranaut_tier_up", "1x200", **instance, tier=tier)
        for reason in ("series_limit", "segment_limit"):
            test.series("infranaut_series_dropped_total", "0x200", **instance, **CREDIT, reason=reason)
        for name in ("q00", "q01", "missing"):
            with_bin(test, name, instance)
            test.series("infranaut_reference_bin_ratio", "0.3x200", **instance, **of_feature(), bin=name)
    return test


def of_feature(reference: str = "abc") -> dict[str, str]:
    return {**CREDIT, "reference": reference, "feature": "age"}


def with_bin(test: RuleTest, name: str, instance: dict[str, str], reference: str = "abc") -> RuleTest:
    labels = {**instance, **of_feature(reference), "model_version": "v1"}
    return test.series("infranaut_feature_bin_total", "0+1x200", **labels, bin=name)


def test_all_are_silent_but_the_watchdog_where_nothing_is_wrong(tmp_path: Path) -> None:
    test = a_test().expect_firing(names.WATCHDOG, "0m").expect_firing(names.WATCHDOG, "150m")
    for alert in QUIET:
        test.expect_silence(alert, "30m").expect_silence(alert, "150m")
    test.run(tmp_path)


def test_all_but_one_are_silent_while_nothing_is_scraped_and_that_one_fires(tmp_path: Path) -> None:
    test = RuleTest([]).expect_firing(names.WATCHDOG, "30m")
    for alert in QUIET:
        test.expect_firing(alert, "30m", int(alert == names.EXPORTER_DOWN))
    test.run(tmp_path)


def test_all_are_silent_through_the_restart_of_an_exporter(tmp_path: Path) -> None:
    """Its counters begin again at 0, and it is away for two minutes."""
    test = RuleTest([])
    for name in ("infranaut_build_info", "infranaut_monitor_info", "infranaut_config_last_reload_successful"):
        labels = CREDIT if name == "infranaut_monitor_info" else {}
        test.series(name, "1x60 _x2 1x60", **A, **labels)
    test.series("up", "1x123", **A)
    test.series("infranaut_ingest_records_total", "0+10x60 _x2 0+10x60", **A, **CREDIT, source="http")
    test.series("infranaut_ingest_records_failed_total", "0+2x60 _x2 0+2x60", **A, **CREDIT, reason="malformed")
    test.series("infranaut_archive_quarantined_total", "3x60 _x2 0x60", **A)
    test.series("infranaut_series_dropped_total", "9x60 _x2 0x60", **A, **CREDIT, reason="series_limit")
    for at in ("61m", "64m", "70m", "120m"):
        for alert in QUIET:
            test.expect_silence(alert, at)
    test.run(tmp_path)


def test_a_monitor_without_counts_and_an_exporter_without_monitors_are_told(tmp_path: Path) -> None:
    test = RuleTest([]).series("infranaut_build_info", "1x60", **A).series("infranaut_build_info", "1x60", **B)
    test.series("infranaut_monitor_info", "1x60", **B, **CREDIT)
    test.expect_silence(names.SERIES_ABSENT, "3m").expect_firing(names.SERIES_ABSENT, "10m", 2)
    test.expect_value(firing(names.SERIES_ABSENT, instance="b", monitor="credit"), "10m", 1)
    test.run(tmp_path)


def test_bins_that_the_reference_does_not_know_are_told_and_so_are_those_that_nobody_counts(tmp_path: Path) -> None:
    for name, counted in (("c:new", True), ("c:gone", False)):
        test = a_test()
        if counted:
            with_bin(test, name, A)
        else:
            test.series("infranaut_reference_bin_ratio", "0.1x200", **A, **of_feature(), bin=name)
        test.expect_value(firing(names.BIN_MISMATCH, job="ml", severity="warning", **of_feature()), "30m", 1)
        test.expect_firing(names.BIN_MISMATCH, "30m").run(tmp_path)


def test_texts_name_the_prediction_in_words_and_count_whole_records(tmp_path: Path) -> None:
    test = a_test()
    of_prediction = {**of_feature(), "feature": "__prediction__"}
    test.series("infranaut_reference_bin_ratio", "0.1x200", **A, **of_prediction, bin="q00")
    test.series("infranaut_feature_bin_total", "0+1x200", **A, **of_prediction, bin="q01")
    test.series("infranaut_series_dropped_total", "0+5.01x200", **A, **CREDIT, reason="series_limit", shard="3")
    test.expect_value(firing(names.BIN_MISMATCH, job="ml", **of_prediction), "90m", 1)
    shared = {"job": "ml", "severity": "warning", "kind": "self"}
    mismatch = (
        shared | of_prediction,
        {
            "summary": "credit: the bins of the prediction are not those of its reference",
            "description": "Bins of the prediction (monitor credit, reference abc) that are counted but not in the "
            "reference, or in the reference but not counted: 2. They are left out of its drift, which is therefore "
            "wrong.",
        },
    )
    dropped = (
        shared | CREDIT | {"reason": "series_limit"},
        {
            "summary": "credit: records are counted under __other__ (series_limit)",
            "description": "In the last hour 301 records of credit belonged to a model version or a segment that has "
            "no series of its own (series_limit). They count under __other__ and cannot be told apart.",
        },
    )
    for alert, (labels, texts) in ((names.BIN_MISMATCH, mismatch), (names.SERIES_DROPPED, dropped)):
        links = {
            "runbook_url": f"{DEFAULT_RUNBOOKS}/{alert}.md",
            "dashboard_url": f"{DEFAULT_GRAFANA}/d/{names.EXPORTER_DASHBOARD}?var-job=ml&var-monitor=credit",
        }
        test.expect_alerts(alert, "90m", (labels, texts | links))
    test.run(tmp_path)


def test_bins_of_another_reference_or_of_none_are_no_mismatch(tmp_path: Path) -> None:
    test = a_test()
    for reference, name in (("none", "q00"), ("fixed", "q07")):
        with_bin(test, name, A, reference)
    test.expect_silence(names.BIN_MISMATCH, "30m").run(tmp_path)


def test_records_beyond_the_budget_warn_and_segments_beyond_the_limit_only_inform(tmp_path: Path) -> None:
    test = a_test()
    for reason in ("series_limit", "segment_limit"):
        test.series("infranaut_series_dropped_total", "0+5x200", **A, **CREDIT, reason=reason, shard="2")
    for reason, severity in (("series_limit", "warning"), ("segment_limit", "info")):
        test.expect_value(firing(names.SERIES_DROPPED, reason=reason, severity=severity), "30m", 1)
    test.run(tmp_path)


@pytest.mark.parametrize(
    ("before", "after", "fires"),
    [(1, 10, True), (0, 1, True), (1000, 5000, True), (1, 1.5, False), (0, 0.2, False), (1000, 1900, False)],
)
def test_dead_letters_grow_where_they_more_than_double_and_chance_does_not_explain_it(
    before: float, after: float, fires: bool, tmp_path: Path
) -> None:
    """A day and a quarter of an hour of one pace, then of another, over a restart."""
    test = RuleTest([], evaluated_every="5m", scraped_every="5m")
    day = 24 * 12 + 12
    growth = f"0+{5 * before}x{day} 0+{5 * after}x24"
    test.series("infranaut_ingest_records_failed_total", growth, **A, **CREDIT, reason="malformed")
    test.series("infranaut_ingest_records_failed_total", f"0x{day} _x24", **B, **CREDIT, reason="malformed")
    test.expect_silence(names.DEAD_LETTERS_GROWING, "24h")
    test.expect_firing(names.DEAD_LETTERS_GROWING, "26h30m", int(fires)).run(tmp_path)


@pytest.mark.parametrize(
    ("alert", "name", "labels", "values"),
    [
        (names.RELOAD_FAILED, "infranaut_config_last_reload_successful", {}, "1x20 0x100"),
        (names.COLLECTOR_FAILING, "infranaut_collector_success", {"collector": "bus"}, "1x20 0x100"),
        (names.INGEST_LAGGING, "infranaut_ingest_queue_records", CREDIT, "0x20 500x100"),
        (names.ARCHIVE_BEHIND, "infranaut_spool_lag_seconds", {}, "0+60x120"),
        (names.ARCHIVE_BEHIND, "infranaut_tier_up", {"tier": "cold"}, "1x20 0x100"),
        (names.ARCHIVE_BEHIND, "infranaut_archive_quarantined_total", {}, "0x20 1x100"),
        (names.EXPORTER_RESOURCES_HIGH, "process_open_fds", {}, "100x20 950x100"),
        (names.ARCHIVE_BEHIND, "infranaut_spool_size_bytes", {}, "10x20 90x100"),
    ],
)
def test_a_duty_that_one_exporter_fails_at_is_told_of_that_one(
    alert: str, name: str, labels: dict[str, str], values: str, tmp_path: Path
) -> None:
    """It is silent before, after ten minutes it fires, and it says whose duty it is."""
    bad = {"job": "ml", "instance": "c"}
    test = a_test().series(name, values, **bad, **labels)
    test.series("infranaut_build_info", "1x200", **bad).series("infranaut_monitor_info", "1x200", **bad, **CREDIT)
    test.series("infranaut_ingest_records_total", "0+1x200", **bad, **CREDIT, source="http")
    test.series("process_max_fds", "1024x200", **bad).series("infranaut_spool_limit_bytes", "100x200", **bad)
    test.expect_silence(alert, "9m").expect_firing(alert, "35m")
    test.expect_value(firing(alert, **(bad | labels)), "35m", 1).run(tmp_path)


def test_a_queue_that_is_long_but_emptied_in_time_is_no_lag(tmp_path: Path) -> None:
    test = a_test().series("infranaut_ingest_queue_records", "5000x200", job="ml", instance="c", **CREDIT)
    test.series("infranaut_ingest_records_total", "0+60000x200", job="ml", instance="c", **CREDIT, source="http")
    test.expect_silence(names.INGEST_LAGGING, "35m").run(tmp_path)


def test_the_exporters_processes_are_recorded_and_no_others(tmp_path: Path) -> None:
    test = a_test().series("process_resident_memory_bytes", "5e8x200", **A)
    test.series("process_resident_memory_bytes", "9e9x200", job="node", instance="n1")
    test.series("process_cpu_seconds_total", "0+30x200", **A)
    test.expect_value(names.process_memory(), "30m", 5e8)
    test.expect_value(names.process_cpu(), "30m", 0.5).run(tmp_path)


def test_each_says_what_is_wrong_how_loud_and_where_to_go_on() -> None:
    (group,) = self_monitoring_groups(Links())
    alerts = [rule for rule in group.rules if isinstance(rule, AlertingRule)]
    assert {rule.alert for rule in alerts} == set(names.SELF_ALERTS)
    for rule in alerts:
        assert rule.labels["kind"] == "self"
        assert rule.labels["severity"] in {"none", "info", "warning", "critical"}
        assert rule.annotations["runbook_url"].endswith(f"/{rule.alert}.md")


def firing(alert: str, **labels: str) -> str:
    pairs = ",".join(f'{label}="{value}"' for label, value in labels.items())
    return f'count(ALERTS{{alertname="{alert}",alertstate="firing",{pairs}}})'
