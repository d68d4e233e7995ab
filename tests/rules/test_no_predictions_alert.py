"""InfranautNoPredictions fires when a stream stops, never starts, or when its monitor is loaded nowhere."""

from __future__ import annotations

from pathlib import Path

from rules.names import NO_PREDICTIONS
from tests.support.golden_monitors import REGRESSION, golden_monitor
from tests.support.promtool import RuleTest

LABELS = {"job": "ml", "monitor": REGRESSION}
INFO = {"model": REGRESSION, "task": "regression", "team": "", "tier": "", "sha256": "0"}
LINKS = {
    "runbook_url": "https://github.com/infranaut/infranaut/blob/main/docs/runbooks/InfranautNoPredictions.md",
    "dashboard_url": "http://localhost:3000/d/infranaut-model-bike-demand?var-monitor=bike-demand",
}


def a_test(predictions: str = "", *, replica: str = "", loaded: str = "1x200") -> RuleTest:
    """A monitor that may be silent for 15 minutes; the alert is held for 90 seconds."""
    test = RuleTest([golden_monitor(REGRESSION, quality={"no_predictions_for": "15m"})])
    for instance, values in {"a": predictions, "b": replica}.items():
        labels = {**LABELS, "instance": instance}
        if loaded:
            test.series("infranaut_monitor_info", loaded, **labels, **INFO)
        if values:
            test.series("infranaut_predictions_total", values, **labels, model_version="v1")
    return test


def test_it_fires_when_a_stream_stops(tmp_path: Path) -> None:
    labels = {"job": "ml", "monitor": REGRESSION, "severity": "info", "kind": "traffic"}
    texts = {
        "summary": "bike-demand: no predictions for 15m",
        "description": "Model bike-demand has sent no prediction for 15m.",
        **LINKS,
        "dashboard_url": f"{LINKS['dashboard_url']}&var-job=ml",
    }
    test = a_test("0+10x60 600x100").expect_silence(NO_PREDICTIONS, "70m")
    test.expect_alerts(NO_PREDICTIONS, "80m", (labels, texts)).run(tmp_path)


def test_it_fires_when_a_loaded_monitor_never_had_a_prediction(tmp_path: Path) -> None:
    a_test().expect_silence(NO_PREDICTIONS, "15m").expect_firing(NO_PREDICTIONS, "20m").run(tmp_path)


def test_it_fires_when_no_exporter_has_loaded_the_monitor(tmp_path: Path) -> None:
    texts = {
        "summary": "bike-demand: no predictions for 15m",
        "description": "No exporter that Prometheus scrapes has loaded the monitor bike-demand.",
    }
    labels = {"monitor": REGRESSION, "severity": "info", "kind": "traffic"}
    a_test(loaded="").expect_alerts(NO_PREDICTIONS, "20m", (labels, texts | LINKS)).run(tmp_path)


def test_it_is_silent_while_one_of_two_replicas_gets_predictions(tmp_path: Path) -> None:
    test = a_test("0+10x10 100x100", replica="0+0.2x110")
    test.expect_silence(NO_PREDICTIONS, "40m").expect_silence(NO_PREDICTIONS, "100m").run(tmp_path)


def test_it_is_silent_through_a_counter_reset(tmp_path: Path) -> None:
    test = a_test("0+10x50 0+10x60")
    for minute in (51, 55, 70):
        test.expect_silence(NO_PREDICTIONS, f"{minute}m")
    test.run(tmp_path)


def test_it_is_silent_just_after_the_exporter_started(tmp_path: Path) -> None:
    test = a_test("0x10 0+1x100", loaded="1x110")
    test.expect_silence(NO_PREDICTIONS, "9m").expect_silence(NO_PREDICTIONS, "30m").run(tmp_path)
