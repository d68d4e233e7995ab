"""Values of input series, as promtool's notation expands them."""

from __future__ import annotations

from dataclasses import replace

from exporter import catalog
from exporter.monitor.duration import Duration
from rules.scenario.series import Lifetime, ScenarioSeries, a_series
from rules.scenario.signal import Signal
from rules.scenario.timeline import early_end, evaluation_of, timeline
from tests.support.golden_monitors import BINARY, golden_monitor


def test_a_counter_climbs_from_zero_by_its_growth() -> None:
    assert Lifetime(20).counter(2.5) == "0+2.5x20"
    assert Lifetime(20).counter(0) == "0+0x20"
    assert Lifetime(20).counter(1 / 3) == "0+0.333333333x20"


def test_a_restart_begins_at_zero_again_and_what_is_gone_leaves_no_samples() -> None:
    assert Lifetime(20, restart=12).counter(1) == "0+1x12 0+1x8"
    assert Lifetime(20, end=12).counter(1) == "0+1x12 _x8"
    assert Lifetime(20, end=12).gauge(0.5) == "0.5x12 _x8"


def test_a_gauge_may_go_with_the_clock_and_what_was_recorded_is_there_once() -> None:
    assert Lifetime(20).gauge(-90, growth=60) == "-90+60x20"
    assert Lifetime(20).first(12.5) == "12.5 _x20"


def test_after_the_lead_it_goes_on_from_where_it_was_at_another_pace() -> None:
    assert Lifetime(20).counter(5, before=1, lead=10) == "0+1x10 15+5x9"
    assert Lifetime(20, restart=15).counter(5, before=1, lead=10) == "0+1x10 15+5x4 0+5x5"


def test_series_carry_the_situation_as_job_and_the_version_where_the_metric_has_it() -> None:
    monitor = golden_monitor(BINARY)
    series = a_series(catalog.PREDICTIONS, monitor)
    assert series.text("sound", "a") == (
        'infranaut_predictions_total{job="sound",instance="a",monitor="credit-default",model_version="v1"}'
    )
    assert "model_version" not in a_series(catalog.MONITOR_INFO, monitor).text("sound", "a")


def test_what_is_recorded_has_no_instance_and_a_process_has_a_job_of_its_own() -> None:
    recorded = ScenarioSeries("slo:x", (("slo", "quality"),), source="rules")
    assert recorded.text("sound", "a") == 'slo:x{job="sound",slo="quality"}'
    process = ScenarioSeries("process_open_fds", (("job", "api"),), source="process")
    assert process.text("sound", "a") == 'process_open_fds{instance="sound",job="api"}'


def test_what_a_query_reads_bears_its_replica_and_what_is_recorded_of_it_nothing_more() -> None:
    queried = ScenarioSeries("r", (("code", "200"),), source="queried", instance="pod")
    assert queried.text("sound", "a") == 'r{pod="a",code="200"}'
    assert ScenarioSeries("slo:x", (("slo", "s"),), source="service").text("sound", "a") == 'slo:x{slo="s"}'


def test_something_happens_to_a_replica_in_the_middle_or_when_it_is_told_to() -> None:
    signal = a_signal()
    assert timeline(signal, held_s=360).shaken == 15
    assert timeline(replace(signal, shaken=Duration("6m")), held_s=360).shaken == 23


def test_a_scenario_plays_its_lead_its_span_and_the_hold_in_steps() -> None:
    passing = timeline(a_signal(), held_s=360)
    assert (passing.step, passing.lead, passing.steps, passing.a_window) == ("3m", 0, 25, 20)
    assert (passing.end, passing.shaken) == ("1h15m", 15)
    passing = timeline(a_signal(step=Duration("15m"), lead=Duration("1d")), held_s=360)
    assert (passing.lead, passing.steps, passing.a_window) == (96, 104, 4)
    passing = timeline(a_signal(window="7d", span=Duration("2h"), step=Duration("4m")), held_s=3600)
    assert (passing.steps, passing.a_window) == (48, 48)


def test_a_scenario_that_is_seldom_evaluated_ends_with_an_evaluation() -> None:
    seldom = a_signal(step=Duration("2m"), evaluated=Duration("30m"), lead=Duration("1h"))
    passing = timeline(seldom, held_s=2400)
    assert (evaluation_of(seldom), passing.lead, passing.steps, passing.end) == ("30m", 30, 30 + 7 * 15, "4h30m")
    week = a_signal(step=Duration("15m"), evaluated=Duration("12h"), lead=Duration("1d"), lasting=Duration("1d"))
    assert (timeline(week, held_s=2400).end, timeline(week, held_s=2400).a_window) == ("2d", 4)


def test_nothing_can_fire_before_it_was_wrong_for_as_long_as_it_is_held() -> None:
    signal = a_signal()
    assert early_end(signal, timeline(signal, held_s=360), held_s=360) == "3m"
    assert early_end(signal, timeline(signal, held_s=120), held_s=120) is None
    signal = a_signal(lead=Duration("1h"), patience=Duration("6h"))
    assert early_end(signal, timeline(signal, held_s=360), held_s=360) == "6h3m"


def a_signal(
    window: str = "1h",
    span: Duration | None = None,
    step: Duration | None = None,
    evaluated: Duration | None = None,
    lead: Duration | None = None,
    lasting: Duration | None = None,
    patience: Duration | None = None,
) -> Signal:
    return Signal(
        alert="InfranautFeatureDrift",
        window=Duration(window),
        sound=lambda _: {},
        unsound=lambda _: {},
        gauges={},
        low_rows=1,
        high_rows=2,
        span=span,
        step=step,
        evaluated=evaluated,
        lead=lead,
        lasting=lasting,
        patience=patience,
    )
