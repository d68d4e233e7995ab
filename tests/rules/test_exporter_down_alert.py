"""InfranautExporterDown fires for each exporter that cannot be scraped, and once more when none can."""

from __future__ import annotations

from pathlib import Path

from rules.names import EXPORTER_DOWN
from tests.support.promtool import RuleTest

BUILD = {"version": "1.0", "python_version": "3.11"}
RUNBOOK = "https://github.com/infranaut/infranaut/blob/main/docs/runbooks/InfranautExporterDown.md"
DASHBOARD = "http://localhost:3000/d/infranaut-exporter"
ONE_DOWN = (
    {"severity": "critical", "kind": "self", "job": "ml", "instance": "a"},
    {
        "summary": "Infranaut's exporter a cannot be scraped",
        "description": "Prometheus has had no answer from a (job ml) for at least 1m. "
        "Predictions that only this exporter received are not counted.",
        "runbook_url": RUNBOOK,
        "dashboard_url": f"{DASHBOARD}?var-job=ml&var-instance=a",
    },
)
NONE_LEFT = (
    {"severity": "critical", "kind": "self"},
    {
        "summary": "No exporter of Infranaut can be scraped",
        "description": "Prometheus has had no series of any exporter for at least 1m. No model is being watched, "
        "and all other alerts of Infranaut are silent until this one is resolved.",
        "runbook_url": RUNBOOK,
        "dashboard_url": DASHBOARD,
    },
)


def a_test(**up: str) -> RuleTest:
    """Exporters by their instance, with the values of `up`; a scrape that fails leaves no series behind."""
    test = RuleTest([])
    for instance, values in up.items():
        test.series("up", values, job="ml", instance=instance)
        test.series("infranaut_build_info", values.replace(" 0x", " _x"), job="ml", instance=instance, **BUILD)
    return test.series("up", "0x200", job="node", instance="n1")


def test_it_fires_for_the_one_of_two_that_is_down(tmp_path: Path) -> None:
    test = a_test(a="1x10 0x60", b="1x80").expect_silence(EXPORTER_DOWN, "10m")
    test.expect_alerts(EXPORTER_DOWN, "30m", ONE_DOWN).run(tmp_path)


def test_it_fires_once_more_when_none_is_left(tmp_path: Path) -> None:
    a_test(a="1x10 0x60").expect_alerts(EXPORTER_DOWN, "30m", NONE_LEFT, ONE_DOWN).run(tmp_path)


def test_it_fires_where_there_never_was_an_exporter(tmp_path: Path) -> None:
    a_test().expect_alerts(EXPORTER_DOWN, "5m", NONE_LEFT).run(tmp_path)


def test_it_is_silent_while_all_are_up_and_other_jobs_are_down(tmp_path: Path) -> None:
    a_test(a="1x80", b="1x80").expect_silence(EXPORTER_DOWN, "30m").run(tmp_path)


def test_it_is_silent_about_a_target_that_is_gone_for_good(tmp_path: Path) -> None:
    a_test(a="1x10 _x60", b="1x80").expect_silence(EXPORTER_DOWN, "30m").run(tmp_path)
