"""What is on the stage fits the pictures that are taken of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import dashboards
from exporter.cli.demo.built_in import built_in_scenario
from exporter.errors import ServiceFailed
from tests.pictures.__main__ import SHOTS
from tests.pictures.answers import variables_of
from tests.pictures.stage import BROKEN_FEATURE, MONITOR, performed, write_stage_monitor


def test_every_picture_has_panels_on_its_dashboard_and_the_broken_feature_is_one(tmp_path: Path) -> None:
    scenario = built_in_scenario(np.random.default_rng(1))
    monitor = write_stage_monitor(scenario, tmp_path, 0.0).loaded.monitor
    files = dashboards.render([monitor])
    assert monitor.name == MONITOR
    assert BROKEN_FEATURE in monitor.spec.features
    for shot in SHOTS:
        dashboard = json.loads(files[f"{shot.dashboard}.json"])
        assert len(shot.panels(dashboard)) > 3, shot.file
        chosen = {"monitor": MONITOR, "feature": BROKEN_FEATURE}
        unset = [name for name, value in variables_of(dashboard, chosen).items() if not value]
        assert unset == ["datasource"], shot.file


def test_without_prometheus_there_is_nothing_to_see(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setenv("INFRANAUT_TOOLS", str(tmp_path))
    with pytest.raises(ServiceFailed, match="make services"), performed(tmp_path, 1):
        pass
