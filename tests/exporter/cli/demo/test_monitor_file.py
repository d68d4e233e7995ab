from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from exporter.cli.check import check_monitors
from exporter.cli.demo.built_in import built_in_scenario
from exporter.cli.demo.model import train_boosted
from exporter.cli.demo.monitor_file import write_monitor
from exporter.cli.demo.rows import LabelledRows, OrderedRows
from exporter.cli.demo.scenario import Scenario
from tests.support.demonstrations import a_scenario, labelled_rows

WEBHOOK = "http://127.0.0.1:1/alerts"
NOW_S = 1_750_000_000.0


def scenario_for(task: str) -> Scenario:
    rows = labelled_rows()
    heat = np.nan_to_num(rows.columns["heat"])
    labels = heat * 2 if task == "regression" else rows.columns["colour"]
    trained = LabelledRows({"heat": heat, "id": heat}, labels)
    model = train_boosted(trained, "regression" if task == "regression" else "multiclass")
    baseline = 2.0 if task == "regression" else 0.9
    source = OrderedRows(trained)
    return replace(a_scenario(), model=model, reference=trained, source=source, baseline=baseline, distinct_rows=600)


@pytest.mark.parametrize(
    "scenario",
    [
        pytest.param(lambda: built_in_scenario(np.random.default_rng(7)), id="built-in"),
        pytest.param(a_scenario, id="binary"),
        pytest.param(lambda: scenario_for("multiclass"), id="multiclass"),
        pytest.param(lambda: scenario_for("regression"), id="regression"),
    ],
)
def test_the_written_monitor_passes_infranaut_check_with_its_reference(tmp_path: Path, scenario: object) -> None:
    write_monitor(scenario(), tmp_path, WEBHOOK, 300, NOW_S)  # type: ignore[operator]  # pytest passes it as object
    outcome = check_monitors([tmp_path])
    assert outcome.mistakes == []
    assert outcome.monitors[0].reference is not None
    assert outcome.monitors[0].warning is None


def test_the_monitor_says_what_its_model_is_and_where_alerts_go(tmp_path: Path) -> None:
    spec = write_monitor(a_scenario(), tmp_path, WEBHOOK, 300, NOW_S).loaded.monitor.spec
    assert (spec.model.task, spec.model.positive, spec.model.versions) == ("binary", "UP", ["v1"])
    assert {name: feature.type for name, feature in spec.features.items()} == {"heat": "number", "colour": "category"}
    assert spec.alerts.route.webhook == WEBHOOK
    assert spec.performance.objectives[0].metric == "accuracy"


def test_fields_of_events_never_clash_with_features(tmp_path: Path) -> None:
    monitor = write_monitor(scenario_for("regression"), tmp_path, WEBHOOK, 300, NOW_S)
    assert monitor.fields.id == "event_id"
    assert monitor.fields.timestamp == "timestamp"
    objective = monitor.loaded.monitor.spec.performance.objectives[0]
    assert (objective.metric, objective.maximum) == ("rmse", 3.0)


def test_rows_streamed_again_and_again_weigh_less(tmp_path: Path) -> None:
    monitor = write_monitor(scenario_for("regression"), tmp_path / "a", WEBHOOK, 300, NOW_S)
    assert monitor.loaded.monitor.spec.drift.design_effect == 15.0
    unrepeated = write_monitor(a_scenario(), tmp_path / "b", WEBHOOK, 300, NOW_S)
    assert unrepeated.loaded.monitor.spec.drift.design_effect == 1.0
