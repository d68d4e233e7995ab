"""Windows that a running exporter has closed are read from its web listener, whatever tier is there."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import requests

from tests.support.exporters import RunningExporter, an_exporter
from tests.support.monitor_files import write_monitor
from tests.support.polling import wait_until
from tests.support.redis import redis_server

WITHIN_S = 30


def windows(exporter: RunningExporter, monitor: str = "credit") -> list[dict[str, Any]]:
    answer = requests.get(f"{exporter.web_url}/v1/monitors/{monitor}/windows", timeout=10)
    answer.raise_for_status()
    assert answer.json()["monitor"] == monitor
    found: list[dict[str, Any]] = answer.json()["windows"]
    return found


def close_a_window(exporter: RunningExporter, name: str, hours_ago: int) -> int:
    """Sends a prediction of some hours ago, and one of now that moves the watermark on; the start of the window."""
    now = time.time()
    start = int(now // 3600 - hours_ago) * 3600
    rows = [{"id": f"{name}{number}", "ts": at, "score": 0.5, "age": 30} for number, at in enumerate([start, now])]
    assert exporter.post_predictions("credit", rows).status_code == 202
    return start


def wait_for(exporter: RunningExporter, *starts: int) -> list[dict[str, Any]]:
    def there() -> list[dict[str, Any]] | None:
        found = windows(exporter)
        return found if [each["start"] for each in found] == list(starts) else None

    return wait_until(there, WITHIN_S, f"the windows {starts}")


def test_a_window_that_has_closed_is_served_from_the_file_of_the_warm_tier(tmp_path: Path) -> None:
    write_monitor(tmp_path / "monitors")
    with an_exporter(tmp_path, tmp_path / "monitors") as exporter:
        assert windows(exporter) == []
        start = close_a_window(exporter, "a", 5)
        [window] = wait_for(exporter, start)
        assert (window["rows"], window["labelled"], window["revision"]) == (1, 0, 1)
        assert {each["feature"]: each["mean"] for each in window["features"]} == {"age": 30, "__prediction__": 0.5}
        unknown = requests.get(f"{exporter.web_url}/v1/monitors/credti/windows", timeout=10)
        assert (unknown.status_code, "did you mean 'credit'" in unknown.text) == (404, True)
        assert "/v1/monitors/{name}/windows" in requests.get(f"{exporter.web_url}/openapi.json", timeout=10).text


def test_windows_are_published_to_a_redis_and_served_without_it(tmp_path: Path) -> None:
    write_monitor(tmp_path / "monitors")
    with redis_server(tmp_path / "redis") as redis:
        config = tmp_path / "infranaut.yaml"
        config.write_text(f"archive:\n  hot: {{url: '{redis.url}'}}\n")
        with an_exporter(tmp_path, tmp_path / "monitors", flags=["--config", str(config)]) as exporter:
            first = close_a_window(exporter, "a", 5)
            with redis.client() as client:
                wait_until(lambda: client.ttl("infranaut:value:windows:credit") > 60, WITHIN_S, "the keeper publishes")
                assert client.ttl(f"infranaut:value:windows:credit:{first}") > 60
            wait_for(exporter, first)
            redis.kill()
            second = close_a_window(exporter, "b", 4)
            wait_for(exporter, second, first)
            redis.restart()
            with redis.client() as client:
                wait_until(lambda: client.ttl("infranaut:value:windows:credit") > 60, WITHIN_S, "the keeper catches up")
            wait_for(exporter, second, first)
