"""OpenSLO documents among the monitors: read with their indicators, and told where they do not fit together."""

from __future__ import annotations

from pathlib import Path

import pytest

from exporter.errors import InvalidMonitors
from exporter.monitor.load import load_monitors
from tests.support.golden_monitors import GOLDEN
from tests.support.monitor_files import write_monitor

SLI = (GOLDEN / "openslo" / "requests" / "sli.yaml").read_text()
SLO = (GOLDEN / "openslo" / "requests" / "slo.yaml").read_text()
INLINE = (GOLDEN / "openslo" / "slices" / "slo.yaml").read_text()


def told(folder: Path) -> list[str]:
    with pytest.raises(InvalidMonitors) as raised:
        load_monitors([folder])
    return [str(mistake).removeprefix(f"{folder}/") for mistake in raised.value.mistakes]


def test_a_folder_holds_monitors_and_objectives(tmp_path: Path) -> None:
    write_monitor(tmp_path, "credit-default")
    (tmp_path / "slo.yaml").write_text(f"{SLO}---\n{INLINE}")
    (tmp_path / "sli.yml").write_text(SLI)
    loaded = load_monitors([tmp_path])
    assert [monitor.name for monitor in loaded.monitors] == ["credit-default"]
    assert [(slo.service, slo.name) for slo in loaded.objectives] == [
        ("credit-default", "fast-slices"),
        ("scoring-api", "requests-succeed"),
    ]
    terms = loaded.objectives[1].slo.terms
    assert (terms.objective, terms.period) == (0.995, "28d")
    assert loaded.objectives[1].ratio.bad is not None


def test_an_indicator_that_is_in_no_file_is_told_with_the_nearest(tmp_path: Path) -> None:
    (tmp_path / "slo.yaml").write_text(SLO.replace("indicatorRef: requests", "indicatorRef: request"))
    assert told(tmp_path) == ["slo.yaml:6: spec.indicatorRef: no SLI named 'request' in these files"]
    (tmp_path / "sli.yaml").write_text(SLI)
    assert told(tmp_path) == [
        "slo.yaml:6: spec.indicatorRef: no SLI named 'request' in these files; did you mean 'requests'?"
    ]


def test_an_indicator_and_an_objective_stand_once(tmp_path: Path) -> None:
    (tmp_path / "all.yaml").write_text("---\n".join([SLI, SLI, SLO, SLO]))
    assert told(tmp_path) == [
        "all.yaml:12: metadata.name: a second SLI named 'requests', expected one",
        "all.yaml:31: metadata.name: a second objective 'requests-succeed' of 'scoring-api', expected one",
    ]


def test_an_objective_is_not_named_like_one_of_the_monitor_it_belongs_to(tmp_path: Path) -> None:
    write_monitor(tmp_path, "credit-default", more="  slos: [{name: freshness, objective: 0.99}]\n")
    (tmp_path / "slo.yaml").write_text(INLINE.replace("fast-slices", "freshness"))
    assert told(tmp_path) == [
        "slo.yaml:3: metadata.name: a second objective 'freshness' of 'credit-default', expected one"
    ]


@pytest.mark.parametrize(("written", "slice_"), [("1", "1m"), ("5", "5m"), ("5m", "5m")])
def test_a_slice_without_a_unit_is_in_minutes(tmp_path: Path, written: str, slice_: str) -> None:
    (tmp_path / "slo.yaml").write_text(INLINE.replace("timeSliceWindow: 1", f"timeSliceWindow: {written}"))
    (objective,) = load_monitors([tmp_path]).objectives
    assert objective.slo.spec.objectives[0].timeSliceWindow == slice_
