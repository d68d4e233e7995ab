from io import StringIO
from pathlib import Path

from rich.console import Console

from exporter.catalog import PREDICTION_FEATURE
from exporter.cli.demo.screen import Picture, Screen, opened_screen
from exporter.cli.demo.services import Programs
from exporter.cli.demo.story import DemoTiming, Story
from exporter.cli.demo.stream import StreamFigures
from exporter.cli.demo.watch import Observation, WatchedAlert, WatchedFeature
from tests.support.demonstrations import a_scenario

FIGURES = StreamFigures(sent=1202, accepted=1200, rejected=2, labels=900, rows_per_second=299.6, performance=0.9)
EVERYTHING = Programs(Path("prometheus"), Path("alertmanager"))


def shown(*, is_terminal: bool, programs: Programs = EVERYTHING) -> str:
    """What a console shows of a story whose fault at 30 s is pending since 34 s."""
    output = StringIO()
    story = Story(a_scenario(), DemoTiming(100), programs, lambda _: None, started_at=0.0)
    story.advance(observed(0.01), 0.95, (), 30.0)
    now = observed(0.8, WatchedAlert("InfranautFeatureDrift", "heat", "pending"))
    told = story.advance(now, 0.7, (), 34.0)
    with opened_screen(Console(file=output, force_terminal=is_terminal, width=160)) as screen:
        tell(screen, told)
        screen.show(Picture(story, FIGURES, now, 0.7, 0.2, 34.0))
    return output.getvalue()


def tell(screen: Screen, sentences: list[str]) -> None:
    for sentence in sentences:
        screen.tell(sentence)


def observed(psi: float, *alerts: WatchedAlert) -> Observation:
    quiet = WatchedFeature("colour", 900, {"psi": None}, None, is_drifted=False)
    prediction = WatchedFeature(PREDICTION_FEATURE, 900, {"psi": psi / 2}, 3.0, is_drifted=psi > 0.2)
    return Observation((WatchedFeature("heat", 900, {"psi": psi}, 9.0, psi > 0.2), prediction, quiet), alerts)


def test_a_terminal_shows_rows_drift_alert_and_accuracy() -> None:
    text = shown(is_terminal=True)
    for part in ("accepted 1,200", "rejected 2", "heat", "0.800", "drifted", "quiet", "the prediction", "█"):
        assert part in text
    assert "pending (+4 s)" in text
    assert "accuracy 0.950 → 0.700" in text


def test_elsewhere_there_are_plain_lines() -> None:
    text = shown(is_terminal=False)
    assert "\x1b" not in text
    assert "the alert is pending 4 s after the fault" in text
    assert "300 rows/s  accepted 1,200  rejected 2  accuracy 0.950 → 0.700  most drifted: heat 0.800" in text


def test_plain_lines_come_every_five_seconds() -> None:
    output = StringIO()
    story = Story(a_scenario(), DemoTiming(100), EVERYTHING, lambda _: None, started_at=100.0)
    with opened_screen(Console(file=output, width=160)) as screen:
        for now in (100.0, 102.0, 104.9, 105.0, 109.0):
            screen.show(Picture(story, FIGURES, observed(0.01), 0.9, 0.2, now))
    assert len(output.getvalue().splitlines()) == 2


def test_without_prometheus_the_screen_says_what_the_alert_needs() -> None:
    alone = Programs(None, None)
    assert "needs Prometheus; the drift above is computed by the exporter" in shown(is_terminal=True, programs=alone)
    assert "alert: needs Prometheus" in shown(is_terminal=False, programs=alone)
    assert "delivered" not in shown(is_terminal=True, programs=Programs(Path("prometheus"), None))
