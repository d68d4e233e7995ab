"""The lines above which alerts fire, in the panels of data quality and of the model's process."""

from __future__ import annotations

import json
from typing import Any

import pytest

from dashboards import render
from dashboards.layout import walk
from exporter.monitor.spec import Monitor
from tests.support.model_monitors import a_bare_monitor, a_model_monitor

WITH_A_REFERENCE = a_model_monitor(quality={"maximum_missing_increase": 0.03, "maximum_rejected_ratio": 0.02})
WITHOUT = a_model_monitor(name="plain", reference=None)


def panel_of(monitor: Monitor, kind: str, title: str) -> dict[str, Any]:
    dashboard = json.loads(render([monitor])[f"{kind}-{monitor.name}.json"])
    (found,) = [panel for panel in walk(dashboard["panels"]) if panel["title"] == title]
    return dict(found)


def limits_of(panel: dict[str, Any]) -> list[str]:
    return [target["expr"] for target in panel["targets"] if target["legendFormat"] == "threshold"]


@pytest.mark.parametrize(
    ("kind", "title", "check"),
    [
        ("model", "Missing values by feature", "missing_increase"),
        ("model", "Rejected records", "rejected_ratio"),
        ("model", "Invalid predictions", "invalid_ratio"),
        ("feature", "Missing values", "missing_increase"),
        ("model", "Resident memory", "memory_bytes"),
        ("model", "Busy processors", "cpu"),
        ("model", "Open file descriptors", "open_files"),
    ],
)
def test_a_panel_draws_the_line_above_which_its_alert_fires(kind: str, title: str, check: str) -> None:
    (limit,) = limits_of(panel_of(WITH_A_REFERENCE, kind, title))
    assert "infranaut_monitor_threshold_ratio{" in limit
    assert f'monitor="credit-default", check="{check}"' in limit


def test_missing_values_are_compared_with_those_of_the_reference() -> None:
    (by_feature, _) = panel_of(WITH_A_REFERENCE, "model", "Missing values by feature")["targets"]
    assert " - on (cluster, job, monitor, reference, feature) group_left () max by " in by_feature["expr"]
    (limit,) = limits_of(panel_of(WITH_A_REFERENCE, "feature", "Missing values"))
    assert limit.startswith("max (max by (cluster, job, monitor, reference, feature) (infranaut_reference_bin_ratio")
    assert 'feature="$feature"' in limit


def test_without_a_reference_they_are_compared_with_none() -> None:
    assert "reference_bin" not in json.dumps(panel_of(WITHOUT, "model", "Missing values by feature"))
    assert "reference_bin" not in json.dumps(panel_of(WITHOUT, "feature", "Missing values"))


def test_colours_change_where_the_line_is() -> None:
    steps = {
        title: panel_of(WITH_A_REFERENCE, "model", title)["fieldConfig"]["defaults"]["thresholds"]["steps"][-1]
        for title in ("Missing values by feature", "Rejected records", "Busy processors")
    }
    assert steps == {
        "Missing values by feature": {"color": "red", "value": 0.03},
        "Rejected records": {"color": "red", "value": 0.02},
        "Busy processors": {"color": "red", "value": 1.5},
    }


def test_the_process_of_a_model_is_looked_for_in_its_own_job() -> None:
    (taken, _) = panel_of(WITH_A_REFERENCE, "model", "Resident memory")["targets"]
    series = 'instance:process_resident_memory_bytes:last{monitor="credit-default", cluster=~"$cluster", job="scoring"}'
    assert (taken["expr"], taken["legendFormat"]) == (f"max by (instance) ({series})", "{{instance}}")


def test_what_a_process_may_take_without_bound_has_no_line() -> None:
    unbounded = a_model_monitor(resources={"job": "scoring"})
    assert [limits_of(panel_of(unbounded, "model", title)) for title in ("Resident memory", "Busy processors")] == [
        [],
        [],
    ]
    assert limits_of(panel_of(unbounded, "model", "Open file descriptors"))


def test_a_monitor_that_names_no_process_has_no_row_about_one() -> None:
    assert "instance:process" not in render([a_bare_monitor()])["model-bare.json"]
