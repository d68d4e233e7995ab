"""InfranautResourcesHigh fires for each instance of the model's process that takes more than it may."""

from __future__ import annotations

from pathlib import Path

from exporter.monitor.thresholds import thresholds
from rules.names import RESOURCES_HIGH
from tests.support.golden_monitors import MULTICLASS, golden_monitor
from tests.support.promtool import RuleTest

GIB = 2**30


def a_test() -> RuleTest:
    """2 GiB and 1.5 processors are allowed, and 80 % of the file descriptors."""
    monitor = golden_monitor(MULTICLASS)
    test = RuleTest([monitor])
    for check, value in thresholds(monitor).items():
        for instance in ("exporter-1", "exporter-2"):
            labels = {"job": "ml", "instance": instance, "monitor": MULTICLASS, "check": check}
            test.series("infranaut_monitor_threshold_ratio", f"{value}x200", **labels)
    return test


def with_process(
    test: RuleTest, instance: str, *, memory: str = "1e9x100", cpu: str = "0+60x100", files: str = "10x100"
) -> RuleTest:
    labels = {"job": "ticket-api", "instance": instance}
    test.series("process_resident_memory_bytes", memory, **labels)
    test.series("process_cpu_seconds_total", cpu, **labels)
    test.series("process_open_fds", files, **labels)
    return test.series("process_max_fds", "100x100", **labels)


def test_it_fires_for_the_instance_that_takes_too_much_memory(tmp_path: Path) -> None:
    test = with_process(with_process(a_test(), "good"), "bad", memory=f"{3 * GIB}x100")
    labels = {"job": "ticket-api", "instance": "bad", "monitor": MULTICLASS, "resource": "memory"}
    texts = {
        "summary": "ticket-router: bad takes 3GiB of memory",
        "description": "The instance bad of ticket-api, which serves model ticket {{ router }}, takes 3GiB of memory; "
        "2GiB are allowed.",
        "runbook_url": "https://github.com/infranaut/infranaut/blob/main/docs/runbooks/InfranautResourcesHigh.md",
        "dashboard_url": "http://localhost:3000/d/infranaut-model-ticket-router?var-monitor=ticket-router",
    }
    alert = {"severity": "warning", "kind": "resources", "team": 'support "{{ tools }}"'}
    test.expect_silence(RESOURCES_HIGH, "4m")
    test.expect_alerts(RESOURCES_HIGH, "30m", (labels | alert, texts)).run(tmp_path)


def test_it_fires_for_processors_through_a_restart_and_for_open_files(tmp_path: Path) -> None:
    test = with_process(a_test(), "busy", cpu="0+120x50 0+120x50")
    with_process(test, "leaking", files="0+1x100")
    for resource, instance in (("cpu", "busy"), ("open_files", "leaking")):
        labels = f'alertname="{RESOURCES_HIGH}",alertstate="firing",resource="{resource}",instance="{instance}"'
        test.expect_value(f"count(ALERTS{{{labels}}})", "95m", 1)
    test.expect_firing(RESOURCES_HIGH, "53m").run(tmp_path)


def test_it_is_silent_within_bounds_and_about_other_jobs_and_where_nothing_is_scraped(tmp_path: Path) -> None:
    test = with_process(a_test(), "good")
    test.series("process_resident_memory_bytes", f"{9 * GIB}x100", job="other", instance="x")
    test.expect_silence(RESOURCES_HIGH, "30m").expect_silence(RESOURCES_HIGH, "120m").run(tmp_path)
