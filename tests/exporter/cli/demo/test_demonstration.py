import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from exporter.cli.check import check_monitors
from tests.support.programs import find, require, stop
from tests.support.running_demo import RunningDemo, start_demo

DATA = Path(__file__).parents[5] / "shared" / "data"
WITHOUT_PROMETHEUS = {"INFRANAUT_TOOLS": "/nonexistent", "PATH": ""}
LONGEST_S = 400

pytestmark = pytest.mark.slow


OWN_FILES = ("elec2.parquet", "bike_hour.parquet")


def require_services() -> None:
    require("prometheus")
    require("alertmanager")


@pytest.fixture(scope="module")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, RunningDemo]]:
    """Demonstrations that run side by side: each mostly waits, so that together they take as long as the longest."""
    folder = tmp_path_factory.mktemp("demos")
    started = {"alone": start_demo(folder / "alone", "--once", environment=WITHOUT_PROMETHEUS)}
    if find("prometheus") and find("alertmanager"):
        for name in OWN_FILES:
            if (DATA / name).is_file():
                started[name] = start_demo(folder / name.partition(".")[0], "--once", "--data", str(DATA / name))
    yield started
    for demo in started.values():
        stop(demo.process)


def assert_nothing_is_left(demo: RunningDemo) -> None:
    assert demo.left_behind() == []


def test_the_demo_is_quiet_before_the_fault_and_its_alert_is_delivered(tmp_path: Path) -> None:
    require_services()
    demo = start_demo(tmp_path / "demo", "--once")
    ended = demo.wait(LONGEST_S)
    assert ended.code == 0, ended.told
    figures = ended.figures
    assert figures["false_alarms"] == 0
    alert = figures["alert"]
    assert 0 < alert["seconds_to_pending"] <= alert["seconds_to_firing"] <= alert["seconds_to_delivered"] < 90
    assert figures["rows"]["accepted"] == figures["rows"]["sent"] > 10_000
    for feature in figures["fault"]["features"]:
        assert figures["drift"][feature]["before"] < 0.05
        assert figures["drift"][feature]["after"] > 0.2
    assert figures["drift"]["mean_symmetry"]["after"] < 0.05
    assert figures["performance"]["source"] == "prometheus"
    assert figures["performance"]["before"] > 0.9
    assert figures["performance"]["after"] < 0.75
    assert_nothing_is_left(demo)
    assert check_monitors([tmp_path / "demo" / "monitors"]).mistakes == []


@pytest.mark.parametrize(("name", "task"), [(OWN_FILES[0], "binary"), (OWN_FILES[1], "regression")])
def test_the_demo_runs_on_a_file_of_ones_own(demos: dict[str, RunningDemo], name: str, task: str) -> None:
    require_services()
    if name not in demos:
        pytest.skip(f"../shared/data/{name} is not here")
    demo = demos[name]
    ended = demo.wait(LONGEST_S)
    assert ended.code == 0, ended.told
    figures = ended.figures
    assert figures["task"] == task
    assert figures["false_alarms"] is None
    assert figures["rows"]["rejected"] == 0
    assert figures["alert"]["seconds_to_delivered"] >= 0
    for feature in figures["fault"]["watched"]:
        assert figures["drift"][feature]["before"] < 0.2 < figures["drift"][feature]["after"]
    before, after = figures["performance"]["before"], figures["performance"]["after"]
    assert after > before if task == "regression" else after < before
    assert_nothing_is_left(demo)


def test_without_prometheus_it_shows_the_exporters_own_drift_and_says_what_is_missing(
    demos: dict[str, RunningDemo],
) -> None:
    demo = demos["alone"]
    ended = demo.wait(LONGEST_S)
    assert ended.code == 0, ended.told
    assert ended.figures["alert"] is None
    assert ended.figures["missing"] == ["prometheus", "alertmanager"]
    assert ended.figures["seconds_to_drift"] > 0
    assert ended.figures["performance"]["before"] > 0.9 > 0.75 > ended.figures["performance"]["after"]
    assert "apt install prometheus prometheus-alertmanager" in ended.told
    assert_nothing_is_left(demo)


def test_an_alert_that_does_not_come_in_time_is_exit_code_1_with_the_reason(tmp_path: Path) -> None:
    demo = start_demo(tmp_path / "demo", "--once", "--timeout", "1", environment=WITHOUT_PROMETHEUS)
    ended = demo.wait(LONGEST_S)
    assert ended.code == 1
    assert "infranaut: it was not drifted within 1 s of the fault (no sign of it; PSI now: mean_concave" in ended.told
    assert ended.figures["seconds_to_drift"] is None
    assert_nothing_is_left(demo)


def test_ctrl_c_ends_a_running_demo_in_order(tmp_path: Path) -> None:
    require_services()
    demo = start_demo(tmp_path / "demo")
    demo.wait_until_told("rows/s", 120)
    assert len(demo.left_behind()) >= 4
    demo.interrupt(signal.SIGINT)
    ended = demo.wait(60)
    assert (ended.code, ended.figures) == (0, None), ended.told
    assert_nothing_is_left(demo)


def test_sigterm_before_the_alert_is_exit_code_1_and_leaves_nothing(tmp_path: Path) -> None:
    demo = start_demo(tmp_path / "demo", "--once", environment=WITHOUT_PROMETHEUS)
    demo.wait_until_told("rows/s", 120)
    demo.interrupt(signal.SIGTERM)
    ended = demo.wait(60)
    assert ended.code == 1
    assert ended.told.endswith("infranaut: stopped before the alert had arrived\n")
    assert ended.figures["rows"]["sent"] >= 0
    assert_nothing_is_left(demo)


def test_sigterm_while_the_services_start_leaves_nothing(tmp_path: Path) -> None:
    demo = start_demo(tmp_path / "demo", "--once", environment=WITHOUT_PROMETHEUS)
    demo.wait_until_told("training the model", 60)
    demo.interrupt(signal.SIGTERM)
    ended = demo.wait(60)
    assert ended.code == 130
    assert_nothing_is_left(demo)
