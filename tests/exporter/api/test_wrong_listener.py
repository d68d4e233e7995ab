"""What a person is told who asks the one listener for what the other one does."""

from __future__ import annotations

from pathlib import Path

import requests

from tests.support.exporters import an_exporter
from tests.support.monitor_files import write_monitor


def test_each_listener_says_where_the_other_ones_business_is_done(tmp_path: Path) -> None:
    write_monitor(tmp_path / "monitors")
    with an_exporter(tmp_path, tmp_path / "monitors") as exporter:
        posted = requests.post(f"{exporter.web_url}/v1/monitors/credit/predictions", data="{}", timeout=10)
        assert posted.status_code == 404
        assert f"{exporter.ingest_url}/v1/monitors/credit/predictions" in posted.text
        for path in ("/", "/metrics"):
            asked = requests.get(f"{exporter.ingest_url}{path}", timeout=10)
            assert (asked.status_code, "--web-listen" in asked.text) == (404, True)
