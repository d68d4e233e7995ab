"""Rules of OpenSLO documents: golden pairs, accepted by promtool, and firing as those of monitors do."""

from __future__ import annotations

from pathlib import Path

import pytest

import rules
from exporter.monitor.load import load_monitors
from exporter.monitor.service_objectives import ServiceSlo
from rules.names import SLO_BURN
from tests.support.golden import GoldenFiles
from tests.support.golden_monitors import BINARY, GOLDEN, golden_monitor
from tests.support.promtool import RuleTest, assert_promtool, write_rules

FOLDER = GOLDEN / "openslo"
NAMES = sorted(path.name for path in FOLDER.iterdir())
PARTS = {"requests": "scoring-api", "slices": "credit-default"}


def objectives_of(name: str) -> tuple[ServiceSlo, ...]:
    return load_monitors([FOLDER / name / "slo.yaml", *sorted((FOLDER / name).glob("sli.yaml"))]).objectives


@pytest.mark.parametrize("name", NAMES)
def test_the_rules_of_a_document_are_the_golden_ones(name: str, golden: GoldenFiles, tmp_path: Path) -> None:
    text = rules.render([], objectives=objectives_of(name))[f"{PARTS[name]}.openslo.rules.yaml"]
    golden.check(FOLDER / name / "expected.rules.yaml", text)
    assert_promtool("check", "rules", *write_rules([], tmp_path, objectives_of(name)))


def test_bad_requests_burn_the_budget_of_their_service(tmp_path: Path) -> None:
    test = RuleTest([], objectives=objectives_of("requests"))
    for instance in ("a", "b"):
        test.series("http_requests_total", "0+90x60", job="api", instance=instance, code="200")
        test.series("http_requests_total", "0+10x60", job="api", instance=instance, code="503")
    burn = 'slo:infranaut_slo:burn_rate1h{monitor="scoring-api",slo="requests-succeed"}'
    test.expect_value(burn, "50m", 20)
    firing = f'ALERTS{{alertname="{SLO_BURN}",alertstate="firing",monitor="scoring-api",window="1h",team="risk"}}'
    test.expect_value(firing, "50m", 1).run(tmp_path)


def test_requests_without_a_bad_one_keep_the_whole_budget(tmp_path: Path) -> None:
    test = RuleTest([], objectives=objectives_of("requests"))
    test.series("http_requests_total", "0+90x60", job="api", instance="a", code="200")
    test.expect_value('slo:infranaut_slo:budget_remaining_ratio{monitor="scoring-api"}', "50m", 1)
    test.expect_silence(SLO_BURN, "50m").run(tmp_path)


@pytest.mark.parametrize(("fast", "bad"), [("0+95x60", 0.0), ("0+85x60", 1.0)])
def test_a_slice_is_bad_below_its_own_target(tmp_path: Path, fast: str, bad: float) -> None:
    """At least 90 of 100 requests of each minute should be fast."""
    test = RuleTest([], objectives=objectives_of("slices"))
    test.series("http_request_duration_seconds_count", "0+100x60", job="api")
    test.series("http_request_duration_seconds_bucket", fast, job="api", le="0.25")
    share = "slo:infranaut_slo_errors:increase5m / slo:infranaut_slo_events:increase5m"
    test.expect_value(share, "50m", bad).run(tmp_path)


def test_a_slice_without_requests_is_neither_good_nor_bad(tmp_path: Path) -> None:
    test = RuleTest([], objectives=objectives_of("slices"))
    test.series("http_request_duration_seconds_count", "100x60", job="api")
    test.series("http_request_duration_seconds_bucket", "100x60", job="api", le="0.25")
    test.expect_nothing("slo:infranaut_slo_events:increase5m", "50m").run(tmp_path)


def test_a_service_that_is_a_monitor_alerts_as_the_monitor_does() -> None:
    """Its team, its labels and its tuning stand on the alerts."""
    monitor = golden_monitor(BINARY, alerts={"labels": {"rota": "ml"}})
    text = rules.render([monitor], objectives=objectives_of("slices"))[f"{BINARY}.openslo.rules.yaml"]
    assert text.count("rota: ml") == text.count("alert:") > 0
    assert "rota" not in rules.render([], objectives=objectives_of("slices"))[f"{BINARY}.openslo.rules.yaml"]
