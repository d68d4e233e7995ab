"""A backtest fires what Prometheus' own evaluation of the rules fires over the same series, minute by minute."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner, Result

from exporter.archive.warm.tier import Span
from exporter.cli import infranaut
from exporter.cli.backtesting.counted import TARGET
from exporter.cli.backtesting.pace import BacktestPace, evaluated_span
from exporter.cli.backtesting.programs import Tools
from exporter.cli.backtesting.rows import read_rows
from exporter.cli.backtesting.run import Backtest, FiredAlert
from exporter.cli.backtesting.variant import Variant
from exporter.errors import InvalidSettings
from exporter.monitor.load import load_monitors
from exporter.monitor.thresholds import thresholds
from exporter.reference.use import load_reference_of
from tests.support.backfills import dumped
from tests.support.programs import require
from tests.support.promtool import RuleTest

START = 1_749_996_000
MINUTES = 150
DRIFT = range(50, 85)
STEP_S = 60
MONITOR = {
    "apiVersion": "infranaut.io/v1",
    "kind": "Monitor",
    "metadata": {"name": "payments"},
    "spec": {
        "model": {"name": "fraud-score", "task": "binary"},
        "events": {"id": "id", "timestamp": "ts", "prediction": "score"},
        "features": {"age": {"type": "number", "min": 0}, "region": {"type": "category", "values": ["north", "south"]}},
        "reference": {"path": "reference.parquet", "bins": 4},
        "labels": {"join": "id"},
        "drift": {"window": "20m", "threshold": 0.2, "hold": "3m"},
        "performance": {
            "window": "20m",
            "minimum_labels": 50,
            "objectives": [{"metric": "accuracy", "minimum": 0.7}],
        },
    },
}


def some_rows(minutes: int, drift: range, seed: int) -> pa.Table:
    """Forty rows a minute; while they drift, ages are others and labels are wrong."""
    rng = np.random.default_rng(seed)
    at = np.sort(rng.random(minutes * 40) * minutes)
    is_off = (at >= drift.start) & (at < drift.stop)
    score = rng.random(len(at))
    label = (score >= 0.5) ^ (rng.random(len(at)) < np.where(is_off, 0.6, 0.1))
    columns = {
        "id": [f"p{row}" for row in range(len(at))],
        "ts": START + at * 60,
        "age": rng.normal(np.where(is_off, 60, 40), 10),
        "region": rng.choice(["north", "south"], len(at)),
        "score": score,
        "label": label.astype(int),
    }
    return pa.table(columns)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The monitor, its built reference, and the data."""
    folder = tmp_path_factory.mktemp("backtest")
    require("prometheus")
    (folder / "payments.yaml").write_text(yaml.safe_dump(MONITOR, sort_keys=False))
    pq.write_table(some_rows(100, range(0), seed=1), folder / "reference.parquet")
    pq.write_table(some_rows(MINUTES, DRIFT, seed=2), folder / "data.parquet")
    built = CliRunner().invoke(infranaut, ["reference", "build", "--monitor", str(folder / "payments.yaml")])
    assert built.exit_code == 0, built.output
    return folder


def run(folder: Path, *flags: str) -> Result:
    files = ("--monitor", folder / "payments.yaml", "--data", folder / "data.parquet")
    return CliRunner().invoke(infranaut, ["backtest", *map(str, files), *flags])


def told(folder: Path, *flags: str) -> dict[str, Any]:
    result = run(folder, "--labels", str(folder / "data.parquet"), "--json", *flags)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_what_fires_is_what_prometheus_fires_over_the_same_series(folder: Path, tmp_path: Path) -> None:
    """promtool's unit tests run the real rule manager, `for` and staleness included, on a clock of their own."""
    [loaded] = load_monitors([folder / "payments.yaml"]).monitors
    data = folder / "data.parquet"
    rows = read_rows(loaded.monitor, data, data, 0.0, lambda _share, _rows: None)
    pace = BacktestPace(STEP_S)
    span = evaluated_span(rows.span, None, None, pace, data)
    work = tmp_path / "work"
    work.mkdir()
    tools = Tools(require("prometheus"), require("promtool"))
    backtest = Backtest(rows, tools, span, pace, work, lambda _what, _share: None)
    fired = backtest.run(Variant("", loaded, load_reference_of(loaded).reference)).fired
    minutes = round((span.end - span.start) / STEP_S) + 1
    firing = firing_minutes(fired, span, minutes)
    assert {alert for alert, _ in firing} >= {"InfranautFeatureDrift", "InfranautPerformanceLow"}
    assert all(0 < len(at) < minutes for at in firing.values())

    [counted] = work.glob("counted-*/blocks")
    test = RuleTest([loaded.monitor])
    for (name, labels), values in series_of(counted, span.start - STEP_S, minutes + 1).items():
        test.series(name, values, **dict(labels))
    for check, value in thresholds(loaded.monitor).items():
        target = {**dict(TARGET), "monitor": "payments", "check": check}
        test.series("infranaut_monitor_threshold_ratio", f"{value!r}x{minutes + 1}", **target)
    for (alert, feature), at in firing.items():
        matchers = f'alertname="{alert}",alertstate="firing"' + (f',feature="{feature}"' if feature else "")
        for minute in range(minutes):
            test.expect_value(f"count(ALERTS{{{matchers}}}) or vector(0)", f"{minute + 1}m", float(minute in at))
    test.run(tmp_path)


def firing_minutes(fired: Sequence[FiredAlert], span: Span, minutes: int) -> dict[tuple[str, str], set[int]]:
    """Alert and feature → the minutes of the span in which it fires."""
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    for incident in (each.incident for each in fired):
        first = round((incident.start - span.start) / STEP_S)
        last = minutes if incident.end is None else round((incident.end - span.start) / STEP_S)
        found[incident.rule.alert, incident.labels.get("feature", "")] |= set(range(first, last))
    return found


def series_of(blocks: Path, start: float, count: int) -> dict[tuple[str, tuple[tuple[str, str], ...]], str]:
    """The series of blocks at each minute from the start, in promtool's notation."""
    found: dict[tuple[str, tuple[tuple[str, str], ...]], dict[int, str]] = defaultdict(dict)
    for line in dumped(blocks):
        series, value, time = line.rsplit(" ", 2)
        labels = dict(re.findall(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"', series))
        name = labels.pop("__name__")
        found[name, tuple(sorted(labels.items()))][round((int(time) / 1000 - start) / STEP_S)] = value
    return {key: " ".join(values.get(at, "_") for at in range(count)) for key, values in found.items()}


def test_alerts_are_told_with_their_times_values_and_words(folder: Path) -> None:
    document = told(folder)
    [drift] = [each for each in document["trials"][0]["alerts"] if each["alert"] == "InfranautFeatureDrift"]
    assert drift["labels"]["feature"] == "age"
    assert DRIFT.start < minute(drift["start"]) < DRIFT.start + 15
    assert DRIFT.stop < minute(drift["end"]) < DRIFT.stop + 25
    assert drift["peak"] > drift["value"] > 0.2
    assert "Over 20m, feature age of model fraud-score (version unversioned) differs" in drift["description"]
    assert f"{drift['value']:.3f}" in drift["description"]
    [low] = [each for each in document["trials"][0]["alerts"] if each["alert"] == "InfranautPerformanceLow"]
    assert low["peak"] < low["value"] < 0.7
    assert (document["predictions"], document["outcomes"], document["rejected"]) == (MINUTES * 40,) * 2 + (0,)
    assert "InfranautRecordsRejected" not in document["trials"][0]["by_alert"]


def test_a_sweep_tells_how_many_alerts_each_threshold_gives(folder: Path) -> None:
    trials = told(folder, "--sweep", "drift.threshold=0.1,50", "--set", "performance.objectives=[]")["trials"]
    assert [trial["setting"] for trial in trials] == ["drift.threshold=0.1", "drift.threshold=50"]
    assert [trial["by_alert"].get("InfranautFeatureDrift", 0) for trial in trials] == [1, 0]


def test_the_text_tells_of_a_part_of_the_time(folder: Path) -> None:
    until = datetime.fromtimestamp(START + 40 * 60, UTC).isoformat()
    quiet = run(folder, "--to", until, "--set", "performance.objectives=[]")
    assert quiet.exit_code == 0, quiet.output
    assert "no alert would have fired" in quiet.stdout


def test_a_time_without_rows_is_refused(folder: Path) -> None:
    result = run(folder, "--from", "2030-01-01")
    assert isinstance(result.exception, InvalidSettings)
    assert "has rows from 2025-06-15T14:00Z to 2025-06-15T16:29Z" in str(result.exception)


@pytest.mark.parametrize("flag", [("--step", "7m"), ("--step", "often"), ("--label-delay", "later")])
def test_what_is_no_duration_is_refused(folder: Path, flag: tuple[str, str]) -> None:
    error = run(folder, *flag).exception
    assert isinstance(error, InvalidSettings)
    assert str(error).startswith(flag[0])


def test_without_prometheus_it_says_how_to_get_it(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFRANAUT_TOOLS", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path))
    error = run(folder).exception
    assert isinstance(error, InvalidSettings)
    assert "apt install prometheus" in str(error)


def minute(moment: str) -> int:
    return round((datetime.strptime(moment, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC).timestamp() - START) / 60)
