"""OpenSLO objectives beside a monitor are tried where its data can, and named where it cannot."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner, Result

from exporter.cli import infranaut
from exporter.errors import InvalidSettings, ServiceFailed
from tests.support.programs import require

START = 1_749_996_000
MINUTES = 80
BROKEN_FROM = 20
MONITOR = {
    "apiVersion": "infranaut.io/v1",
    "kind": "Monitor",
    "metadata": {"name": "payments"},
    "spec": {
        "model": {"name": "fraud-score", "task": "binary"},
        "events": {"id": "id", "timestamp": "ts", "prediction": "score"},
        "features": {"age": {"type": "number", "min": 0}},
        "reference": {"path": "reference.parquet"},
        "labels": {"join": "id"},
        "performance": {"window": "20m", "objectives": [{"metric": "accuracy", "minimum": 0.7}]},
    },
}
INVALID, ALL = 'infranaut_records_invalid_total{job="ml",rule="__any__"}', 'infranaut_predictions_total{job="ml"}'


def an_objective(name: str, bad: str, total: str) -> dict[str, Any]:
    def side(query: str) -> dict[str, Any]:
        return {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}

    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": {"name": name},
        "spec": {
            "service": "scoring-api",
            "indicator": {"spec": {"ratioMetric": {"counter": True, "bad": side(bad), "total": side(total)}}},
            "timeWindow": [{"duration": "4w"}],
            "budgetingMethod": "Occurrences",
            "objectives": [{"target": 0.99}],
        },
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The monitor and the data, half of which is invalid from some minute on; no reference is built."""
    require("prometheus")
    rng = np.random.default_rng(1)
    at = np.sort(rng.random(MINUTES * 20) * MINUTES)
    age = np.where((at > BROKEN_FROM) & (rng.random(len(at)) < 0.5), -1.0, 40.0)
    ids = [f"p{row}" for row in range(len(at))]
    pq.write_table(
        pa.table({"id": ids, "ts": START + at * 60, "age": age, "score": np.abs(age) / 80}), tmp_path / "data.parquet"
    )
    (tmp_path / "monitors").mkdir()
    (tmp_path / "monitors" / "payments.yaml").write_text(yaml.safe_dump(MONITOR))
    return tmp_path


def run(folder: Path, *objectives: dict[str, Any], flags: tuple[str, ...] = ()) -> Result:
    (folder / "monitors" / "slo.yaml").write_text(yaml.safe_dump_all(objectives))
    files = ("--monitor", str(folder / "monitors"), "--data", str(folder / "data.parquet"))
    return CliRunner().invoke(infranaut, ["backtest", *files, *flags])


def test_objectives_over_the_monitors_own_series_are_tried_and_the_others_are_named(folder: Path) -> None:
    result = run(
        folder,
        an_objective("sound", INVALID, ALL),
        an_objective("requests", 'http_requests_total{code="500"}', "http_requests_total"),
        an_objective("received", "infranaut_ingest_records_failed_total", ALL),
        an_objective("of-another", 'infranaut_predictions_total{monitor="other"}', "infranaut_predictions_total"),
        an_objective("two-jobs", INVALID.replace("ml", "batch"), ALL),
        an_objective("the-other-job", INVALID.replace("ml", "batch"), ALL.replace("ml", "batch")),
        an_objective("nowhere", INVALID, 'infranaut_predictions_total{segment=~"north|south"}'),
        flags=("--json",),
    )
    assert result.exit_code == 0, result.output
    document = json.loads(result.stdout)
    assert document["objectives"] == ["scoring-api/sound"]
    burn = [each for each in document["trials"][0]["alerts"] if each["alert"] == "InfranautSloBurn"]
    assert {(each["labels"]["monitor"], each["labels"]["slo"]) for each in burn} == {("scoring-api", "sound")}
    since = min(each["start"] for each in burn)
    assert "2025-06-15T14:20Z" < since < "2025-06-15T14:40Z"
    assert "times faster than the objective of 0.99 over 28d allows" in burn[0]["description"]
    untested = document["untested"]
    assert untested["objective scoring-api/requests"] == (
        "rests on http_requests_total, which predictions and labels do not tell"
    )
    assert untested["objective scoring-api/received"].endswith("which only a running exporter knows")
    assert untested["objective scoring-api/of-another"] == "reads series of the monitor other"
    assert untested["objective scoring-api/two-jobs"] == 'asks for job="ml" and for job="batch"'
    assert untested["objective scoring-api/the-other-job"] == 'asks for job="batch", one before it for job="ml"'
    assert untested["objective scoring-api/nowhere"].startswith("found no series in this data for infranaut_")
    assert untested["InfranautPerformanceLow"] == "rests on labels, and there are none: give them with --labels"
    assert untested["InfranautFeatureDrift"].startswith("compares with a reference, and none is built")


def test_the_text_names_objectives_that_are_not_tried(folder: Path) -> None:
    result = run(folder, an_objective("requests", 'http_requests_total{code="500"}', "http_requests_total"))
    assert result.exit_code == 0, result.output
    assert "not tested: objective scoring-api/requests rests on http_requests_total" in result.stdout


def test_a_rule_that_prometheus_refuses_is_named_and_leaves_nothing_behind(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Our parser takes this regular expression, RE2 does not."""
    temporary = folder / "tmp"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    result = run(folder, an_objective("odd", INVALID, 'infranaut_predictions_total{model_version=~"(v{100}){100}"}'))
    assert result.exit_code == 1
    assert isinstance(result.exception, ServiceFailed)
    told = str(result.exception)
    assert told.startswith("rule slo:infranaut_slo_events:increase5m: Prometheus could not answer sum(increase(")
    assert "(v{100}){100}" in told
    assert "invalid repeat count" in told
    assert result.stdout == ""
    assert list(temporary.iterdir()) == []
    assert not [each for each in Path("/proc").glob("[0-9]*/cmdline") if str(temporary).encode() in read(each)]


def read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""


def test_objectives_alone_do_not_tell_what_rows_mean(folder: Path) -> None:
    (folder / "monitors" / "payments.yaml").unlink()
    error = run(folder, an_objective("sound", INVALID, ALL)).exception
    assert isinstance(error, InvalidSettings)
    assert "holds OpenSLO objectives and no monitor" in str(error)
