from dataclasses import replace
from pathlib import Path
from typing import Any

from exporter.cli.demo.fault import CalibrationShift, FaultPlan
from exporter.cli.demo.receiver import Delivery
from exporter.cli.demo.services import Programs
from exporter.cli.demo.story import DemoTiming, Phase, Step, Story
from exporter.cli.demo.watch import Observation, WatchedAlert, WatchedFeature
from tests.support.demonstrations import a_scenario

SCENARIO = a_scenario()
TIMING = DemoTiming(timeout_s=100, warm_up_s=30, longest_warm_up_s=60, settle_s=20)
EVERYTHING = Programs(Path("prometheus"), Path("alertmanager"))
DRIFT = "InfranautFeatureDrift"


def a_story(programs: Programs = EVERYTHING, **scenario: Any) -> tuple[Story, list[FaultPlan]]:
    injected: list[FaultPlan] = []
    return Story(replace(SCENARIO, **scenario), TIMING, programs, injected.append, started_at=0.0), injected


def an_observation(
    psi: float = 0.01, *, is_drifted: bool = False, alerts: tuple[WatchedAlert, ...] = ()
) -> Observation:
    return Observation((WatchedFeature("heat", 900, {"psi": psi}, 9.0, is_drifted),), alerts)


def an_alert(state: Any, feature: str = "heat") -> WatchedAlert:
    return WatchedAlert(DRIFT, feature, state)


def a_broken_story(programs: Programs = EVERYTHING) -> Story:
    """The fault came at 30 s."""
    story, _ = a_story(programs)
    assert story.advance(an_observation(), 0.95, (), 30.0)[0].startswith("FAULT: a cable breaks")
    return story


def test_the_fault_comes_after_the_warm_up_and_not_before() -> None:
    story, injected = a_story()
    assert story.advance(an_observation(), 0.95, (), 29.9) == []
    assert (story.phase, injected) == (Phase.WARM_UP, [])
    story.advance(an_observation(), 0.95, (), 30.0)
    assert (story.phase, injected) == (Phase.FAULT, list(SCENARIO.plans))


def test_the_warm_up_goes_on_until_there_is_something_to_compare_with_but_not_for_ever() -> None:
    story, injected = a_story()
    story.advance(an_observation(), None, (), 59.0)
    assert injected == []
    story.advance(an_observation(), None, (), 60.0)
    assert len(injected) == 1


def test_the_steps_are_timed_from_the_fault_and_each_is_told_once() -> None:
    story = a_broken_story()
    assert story.advance(an_observation(0.5, is_drifted=True), 0.9, (), 38.0) == [
        "the exporter's own measures say drift 8 s after the fault"
    ]
    pending, firing = (
        an_observation(0.6, alerts=(an_alert("pending"),)),
        an_observation(0.9, alerts=(an_alert("firing"),)),
    )
    assert story.advance(pending, 0.9, (), 40.0) == ["the alert is pending 10 s after the fault"]
    assert story.advance(pending, 0.9, (), 41.0) == []
    story.advance(firing, 0.7, (), 45.0)
    told = story.advance(firing, 0.6, (Delivery(55.0, DRIFT, "heat", "heat has drifted"),), 55.5)
    assert told == ["the alert was delivered to the webhook 25 s after the fault — heat has drifted"]
    assert {step: story.seconds_to(step) for step in Step} == {
        Step.DRIFTED: 8.0,
        Step.PENDING: 10.0,
        Step.FIRING: 15.0,
        Step.DELIVERED: 25.0,
    }
    assert story.phase is Phase.TOLD
    assert story.before is not None
    assert story.after is not None
    assert (story.before.drift, story.before.performance) == ({"heat": 0.01}, 0.95)
    assert (story.after.drift, story.after.performance) == ({"heat": 0.9}, 0.6)


def test_a_quick_alert_waits_until_the_windows_hold_nothing_from_before_the_fault() -> None:
    story = a_broken_story()
    delivery = (Delivery(32.0, DRIFT, "heat", ""),)
    phases = []
    for now in (49.9, 50.0):
        story.advance(an_observation(), 0.9, delivery, now)
        phases.append(story.phase)
    assert phases == [Phase.FAULT, Phase.TOLD]


def test_alerts_of_other_features_and_of_other_names_do_not_end_it() -> None:
    story = a_broken_story()
    other = an_observation(
        alerts=(an_alert("firing", "colour"), WatchedAlert("InfranautPerformanceLow", "heat", "firing"))
    )
    assert story.advance(other, 0.9, (Delivery(60.0, DRIFT, "colour", ""),), 61.0) == []
    assert story.reached == {}


def test_an_alert_about_the_model_stands_for_those_of_its_features() -> None:
    story = a_story_of_two_features(an_observation())
    about_all = an_observation(alerts=(WatchedAlert("InfranautModelDrift", "", "firing"),))
    told = story.advance(about_all, 0.9, (Delivery(60.0, "InfranautModelDrift", "", "all of them"),), 61.0)
    assert told[-1] == "the alert was delivered to the webhook 30 s after the fault — all of them"
    assert story.alert == "InfranautModelDrift"


def test_a_model_that_had_drifted_by_itself_was_told_before_the_fault() -> None:
    about_all = an_observation(alerts=(WatchedAlert("InfranautModelDrift", "", "firing"),))
    story = a_story_of_two_features(about_all)
    told = story.advance(about_all, 0.9, (Delivery(20.0, "InfranautModelDrift", "", "all of them"),), 61.0)
    assert told[-1] == "the alert was delivered to the webhook before the fault, by drift of its own — all of them"


def test_the_watchdog_is_no_false_alarm() -> None:
    story, _ = a_story()
    always = an_observation(alerts=(WatchedAlert("InfranautWatchdog", "", "firing"),))
    assert story.advance(always, 0.9, (), 10.0) == []


def test_an_alert_before_the_fault_is_kept_and_told_as_what_it_is() -> None:
    firing = an_observation(alerts=(an_alert("firing", "colour"), an_alert("pending")))
    story, _ = a_story()
    assert story.advance(firing, 0.9, (), 10.0) == [f"{DRIFT} colour fires before any fault: a false alarm"]
    assert story.advance(firing, 0.9, (), 11.0) == []
    assert list(story.early_alerts) == [f"{DRIFT} colour"]
    own, _ = a_story(is_drift_free=False)
    assert "your data's own drift" in own.advance(firing, 0.9, (), 10.0)[0]


def a_story_of_two_features(observation: Observation) -> Story:
    """`heat` is the more important one; the fault comes at 30 s."""
    plans = [FaultPlan("x", (CalibrationShift(feature, 1, 1),)) for feature in ("heat", "colour")]
    story, _ = a_story(plans=plans)
    story.advance(observation, 0.9, (), 30.0)
    return story


def test_what_drifts_or_alerts_before_the_fault_is_not_what_is_watched() -> None:
    for restless in (an_observation(is_drifted=True), an_observation(alerts=(an_alert("pending"),))):
        story = a_story_of_two_features(restless)
        assert story.advance(an_observation(alerts=(an_alert("firing"),)), 0.9, (), 60.0) == []
        assert len(story.advance(an_observation(alerts=(an_alert("firing", "colour"),)), 0.9, (), 61.0)) == 2


def test_a_delivery_from_before_the_fault_is_not_its_own() -> None:
    story = a_broken_story()
    early = Delivery(20.0, DRIFT, "heat", "")
    assert story.advance(an_observation(), 0.9, (early,), 60.0) == []
    story.advance(an_observation(), 0.9, (early, Delivery(61.0, DRIFT, "heat", "")), 61.5)
    assert story.seconds_to(Step.DELIVERED) == 31.0


def test_where_everything_drifts_already_its_alert_counts_at_once() -> None:
    story, _ = a_story(is_drift_free=False)
    firing = an_observation(is_drifted=True, alerts=(an_alert("firing"),))
    delivery = Delivery(20.0, DRIFT, "heat", "")
    story.advance(firing, 0.9, (delivery,), 30.0)
    story.advance(firing, 0.9, (delivery,), 51.0)
    assert story.seconds_to(Step.DELIVERED) == 0.0
    assert story.phase is Phase.TOLD


def test_without_alertmanager_it_ends_when_the_alert_fires() -> None:
    story = a_broken_story(Programs(Path("prometheus"), None))
    story.advance(an_observation(alerts=(an_alert("firing"),)), 0.6, (), 55.0)
    assert story.phase is Phase.TOLD


def test_without_prometheus_it_ends_with_the_exporters_own_verdict() -> None:
    story = a_broken_story(Programs(None, None))
    phases = []
    for is_drifted in (False, True):
        story.advance(an_observation(is_drifted=is_drifted), 0.6, (), 55.0)
        phases.append(story.phase)
    assert phases == [Phase.FAULT, Phase.TOLD]


def test_an_alert_that_does_not_arrive_in_time_is_explained() -> None:
    story = a_broken_story()
    story.advance(an_observation(0.55, alerts=(an_alert("pending"),)), 0.9, (), 40.0)
    assert story.problem(129.0) is None
    assert story.problem(130.0) == (
        "the alert was not delivered within 100 s of the fault (pending after 10 s; PSI now: heat 0.550)"
    )
    alone = a_broken_story(Programs(None, None))
    assert alone.problem(130.0) == "it was not drifted within 100 s of the fault (no sign of it; PSI now: heat 0.000)"


def test_there_is_no_problem_before_the_fault_and_none_after_the_alert() -> None:
    story, _ = a_story()
    assert story.problem(1e6) is None
    told = a_broken_story()
    told.advance(an_observation(), 0.6, (Delivery(60.0, DRIFT, "heat", ""),), 61.0)
    assert told.problem(1e6) is None
