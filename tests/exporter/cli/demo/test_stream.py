from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exporter.cli.demo.monitor_file import write_monitor
from exporter.cli.demo.scenario import Scenario
from exporter.cli.demo.stream import Stream
from exporter.errors import ServiceFailed
from tests.support.clocks import MovedClock
from tests.support.demonstrations import a_scenario
from tests.support.ingest_double import IngestDouble, ScriptedAnswer, an_ingest_double
from tests.support.polling import wait_until
from tests.support.ports import free_port

PATH = "/v1/monitors/oven"


@contextmanager
def a_stream(folder: Path, url: str, clock: MovedClock, scenario: Scenario | None = None) -> Iterator[Stream]:
    scenario = scenario or a_scenario()
    monitor = write_monitor(scenario, folder, "http://127.0.0.1:1/", 300, clock.now())
    stream = Stream(scenario, monitor, url, 300, clock)
    stream.start()
    try:
        yield stream
    finally:
        stream.stop()


def rows_of(double: IngestDouble, kind: str) -> list[dict[str, Any]]:
    return [row for posted in list(double.posted) if posted.path == f"{PATH}/{kind}" for row in posted.rows]


def test_predictions_come_with_everything_that_an_event_has_and_labels_follow_later(tmp_path: Path) -> None:
    clock = MovedClock()
    with an_ingest_double() as double, a_stream(tmp_path, double.url, clock) as stream:
        wait_until(lambda: stream.figures.sent >= 120, 10, "two batches")
        assert rows_of(double, "labels") == []
        clock.move(5.1)
        wait_until(lambda: stream.figures.labels >= 120, 10, "their labels")
    events, labels = rows_of(double, "predictions"), rows_of(double, "labels")
    assert set(events[0]) == {"id", "timestamp", "prediction", "model_version", "latency", "heat", "colour"}
    assert 0 <= events[0]["prediction"] <= 1
    assert events[0]["latency"] > 0
    assert any(event["heat"] is None for event in events)
    assert len({event["id"] for event in events}) == len(events)
    assert {label["id"] for label in labels} <= {event["id"] for event in events}
    assert {label["label"] for label in labels} == {"UP", "DOWN"}
    assert stream.figures.performance == pytest.approx(0.95, abs=0.06)


def test_a_plan_changes_what_is_sent_from_then_on(tmp_path: Path) -> None:
    clock = MovedClock()
    with an_ingest_double() as double, a_stream(tmp_path, double.url, clock) as stream:
        wait_until(lambda: stream.figures.sent >= 60, 10, "a batch")
        stream.plan = a_scenario().plans[0]
        sent = stream.figures.sent
        wait_until(lambda: stream.figures.sent >= sent + 180, 10, "three more batches")
    heat = np.array([row["heat"] or np.nan for row in rows_of(double, "predictions")], dtype=np.float64)
    assert np.nanmean(heat[-120:]) - np.nanmean(heat[:60]) > 10


def test_a_busy_exporter_is_asked_again_and_rejected_rows_are_counted(tmp_path: Path) -> None:
    busy = ScriptedAnswer(503, {"error": "too many bodies under way"})
    partly = ScriptedAnswer(202, {"accepted": 58, "rejected": 2, "reasons": {"duplicate": 2}, "errors": []})
    with an_ingest_double() as double:
        double.script += [busy, partly]
        with a_stream(tmp_path, double.url, MovedClock()) as stream:
            wait_until(lambda: stream.figures.sent >= 60, 10, "a batch")
            figures = stream.figures
    assert double.posted[0].body == double.posted[1].body
    assert (figures.sent - figures.accepted, figures.rejected) == (2, 2)


def test_a_refusal_stops_the_stream_and_is_told(tmp_path: Path) -> None:
    with an_ingest_double() as double:
        double.script.append(ScriptedAnswer(404, {"error": "no monitor 'oven'"}))
        with a_stream(tmp_path, double.url, MovedClock()) as stream:
            wait_until(lambda: stream.has_failed, 10, "the refusal")
            with pytest.raises(ServiceFailed, match=r"the stream stopped: .*predictions answered 404: .*no monitor"):
                stream.check()


def test_an_exporter_that_is_gone_stops_the_stream_and_is_told(tmp_path: Path) -> None:
    with a_stream(tmp_path, f"http://127.0.0.1:{free_port()}", MovedClock()) as stream:
        wait_until(lambda: stream.has_failed, 10, "the refusal")
        with pytest.raises(ServiceFailed, match="Connection refused"):
            stream.check()
