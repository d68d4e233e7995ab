from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import programs
from tests.support.services import a_prometheus_config, alertmanager, prometheus
from tests.support.webhook import webhook_double

ALWAYS = {"groups": [{"name": "always", "rules": [{"alert": "Always", "expr": "vector(1) > 0", "labels": {"a": "b"}}]}]}


def an_alertmanager_config(url: str) -> dict[str, Any]:
    return {
        "route": {"receiver": "double", "group_wait": "0s"},
        "receivers": [{"name": "double", "webhook_configs": [{"url": url}]}],
    }


def is_firing(name: str) -> Callable[[Any], bool]:
    return lambda body: body["status"] == "firing" and body["alerts"][0]["labels"]["alertname"] == name


def test_an_alert_of_a_real_prometheus_reaches_a_webhook_through_a_real_alertmanager(tmp_path: Path) -> None:
    rules = tmp_path / "always.yml"
    rules.write_text(yaml.safe_dump(ALWAYS))
    with (
        webhook_double() as double,
        alertmanager(an_alertmanager_config(double.url), tmp_path) as receiver,
        prometheus(a_prometheus_config(rule_files=[rules], alertmanager_address=receiver.address), tmp_path) as server,
    ):
        assert server.wait_for("ALERTS{alertname='Always'}", 20)[0].labels["a"] == "b"
        assert double.wait_for(is_firing("Always"), 30)["alerts"][0]["labels"]["a"] == "b"
        assert server.value("1 + 1") == 2
    assert {"prometheus", "alertmanager"} <= set(programs.used)


def test_a_service_that_does_not_start_tells_its_log(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="instead of starting") as caught, prometheus({"globul": {}}, tmp_path):
        pass
    assert "field globul not found" in "".join(caught.value.__notes__)


def test_a_bad_query_tells_the_reason_of_prometheus(tmp_path: Path) -> None:
    with prometheus(a_prometheus_config(), tmp_path) as server, pytest.raises(AssertionError, match="parse error"):
        server.query("sum(")


def test_a_missing_program_skips_unless_services_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(programs.REQUIRED, raising=False)
    with pytest.raises(pytest.skip.Exception, match="no-such-server is neither"):
        programs.require("no-such-server")
    monkeypatch.setenv(programs.REQUIRED, "1")
    with pytest.raises(pytest.fail.Exception, match="no-such-server is neither"):
        programs.require("no-such-server")
