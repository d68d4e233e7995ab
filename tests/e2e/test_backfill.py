"""What a real Prometheus answers over backfilled blocks is what the raw rows say, to the last count."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from exporter.drift.report import feature_drift
from exporter.monitor.spec import Monitor
from rules.links import Links
from rules.rendering import render
from tests.support.backfills import backfilled, dumped, land, move_to_cold, write_monitor_file
from tests.support.batches import a_monitor
from tests.support.clocks import MovedClock
from tests.support.histograms import a_category_reference, a_number_reference, a_reference
from tests.support.kept import a_kept_pipeline
from tests.support.promtool import assert_promtool, write_rules
from tests.support.services import RunningPrometheus, a_prometheus_config, prometheus

HOUR = 1_749_996_000
"""2025-06-15T14:00:00Z, where a block begins."""
HOURS = 3
ROWS = 4000
EDGES = [-np.inf, -1, 0, 1, np.inf]
REFERENCE = a_reference(
    {
        "age": a_number_reference(),
        "region": a_category_reference(north=600, south=400),
        "twice": a_number_reference(),
    }
)

Rows = dict[str, Any]


def the_monitor(**spec: Any) -> Monitor:
    features: dict[str, dict[str, Any]] = {
        "age": {"type": "number", "max": 5},
        "region": {"type": "category"},
        "twice": {"type": "number", "sql": "age * 2"},
    }
    document = a_monitor(features, model_version="version", latency_seconds="latency").model_dump(mode="json")
    document["spec"] |= {
        "labels": {"join": "id", "maximum_delay": "7d"},
        "reference": {"path": "built.reference.json"},
        "segments": {"by": ["region"], "limit": 5},
        "rules": [{"name": "low", "sql": "age < 3"}],
    }
    document["spec"] |= spec
    return Monitor.model_validate(document)


def some_rows(rng: np.random.Generator) -> Rows:
    """Version 2 comes in the last minute before a block ends; its distribution is another."""
    times = HOUR + HOURS * 3600 * rng.random(ROWS)
    version = np.where(times >= HOUR + 2 * 3600 - 30, "2", "1")
    ages = rng.normal(np.where(version == "2", 1.0, 0.2), 2)
    return {
        "ts": times.round(6),
        "version": version,
        "age": np.where(rng.random(ROWS) < 0.05, np.nan, ages),
        "age_is_text": rng.random(ROWS) < 0.03,
        "region": rng.choice(["north", "south", "west"], ROWS),
        "region_is_a_list": rng.random(ROWS) < 0.03,
        "score": rng.random(ROWS).round(6),
        "latency": rng.exponential(0.1, ROWS).round(5),
        "label": rng.integers(0, 2, ROWS),
        "label_hour": rng.integers(0, HOURS, ROWS),
    }


def archive(folder: Path, rows: Rows, monitor: Monitor) -> None:
    """Rows go through a real pipeline in bodies, labels come hours later, and everything is landed."""
    write_monitor_file(folder / "monitors", monitor, REFERENCE)
    clock = MovedClock(float(HOUR + HOURS * 3600))
    watched, journal = a_kept_pipeline(folder / "letters", monitor, REFERENCE, clock)
    for part in np.array_split(np.arange(ROWS), 7):
        watched.predict(*(event(rows, row) for row in part))
    for hour in range(HOURS):
        clock.now_s = float(HOUR + hour * 3600 + 1800)
        labels = [
            {"id": f"p{row}", "label": int(rows["label"][row])} for row in np.flatnonzero(rows["label_hour"] == hour)
        ]
        watched.label(*labels)
    watched.pipeline.close()
    land(folder / "state", journal.entries, clock)


def event(rows: Rows, row: int) -> dict[str, Any]:
    age, region = float(rows["age"][row]), str(rows["region"][row])
    numbers = {name: float(rows[name][row]) for name in ("ts", "score", "latency")}
    return {
        "id": f"p{row}",
        **numbers,
        "version": str(rows["version"][row]),
        "region": [region] if rows["region_is_a_list"][row] else region,
        "age": "old" if rows["age_is_text"][row] else None if age != age else age,
    }


def ages_of(rows: Rows) -> Any:
    """What could be read; NaN where nothing could."""
    return np.where(rows["age_is_text"], np.nan, rows["age"])


@contextmanager
def over_blocks(folder: Path) -> Iterator[RunningPrometheus]:
    """A Prometheus whose only data are the blocks."""
    shutil.copytree(folder / "blocks", folder / "prometheus" / "tsdb")
    with prometheus(a_prometheus_config(), folder / "prometheus", ["--storage.tsdb.retention.time=50y"]) as server:
        yield server


@pytest.fixture(scope="module")
def rows() -> Rows:
    return some_rows(np.random.default_rng(11))


@pytest.fixture(scope="module")
def told(rows: Rows, tmp_path_factory: pytest.TempPathFactory) -> tuple[Mapping[str, Any], Path]:
    folder = tmp_path_factory.mktemp("backfill")
    archive(folder, rows, the_monitor())
    return backfilled(folder, *period(), "--monitor", "credit"), folder


@pytest.fixture(scope="module")
def server(told: tuple[Mapping[str, Any], Path]) -> Iterator[RunningPrometheus]:
    with over_blocks(told[1]) as running:
        yield running


def period() -> tuple[str, ...]:
    return ("--from", "2025-06-15T14:00Z", "--to", "2025-06-15T17:00Z")


def test_the_command_tells_what_it_did(told: tuple[Mapping[str, Any], Path], rows: Rows) -> None:
    summary, folder = told
    known = np.maximum(rows["ts"], HOUR + rows["label_hour"] * 3600 + 1800) < HOUR + HOURS * 3600
    assert (summary["predictions"], summary["outcomes"]) == (ROWS, known.sum())
    assert summary["blocks"] == len(list((folder / "blocks").iterdir())) == 2
    assert (summary["start"], summary["end"]) == ("2025-06-15T14:00Z", "2025-06-15T17:00Z")


@pytest.mark.parametrize("hour", range(HOURS))
@pytest.mark.parametrize("window", ["1h", "30m"])
def test_increases_are_exactly_the_raw_counts(server: RunningPrometheus, rows: Rows, hour: int, window: str) -> None:
    end = HOUR + (hour + 1) * 3600
    here = (rows["ts"] >= end - (3600 if window == "1h" else 1800)) & (rows["ts"] < end)
    query = f'sum by (model_version, bin) (increase(infranaut_feature_bin_total{{feature="%s"}}[{window}]))'
    for version in ("1", "2"):
        own = here & (rows["version"] == version)
        ages, is_text = ages_of(rows)[own], rows["age_is_text"][own]
        valid = ages[~np.isnan(ages) & (ages <= 5)]
        expected = dict(zip(("q00", "q01", "q02", "q03"), np.histogram(valid, EDGES)[0], strict=True))
        expected |= {"missing": (np.isnan(ages) & ~is_text).sum(), "invalid": (ages > 5).sum() + is_text.sum()}
        assert by_bin(server, query % "age", version, end) == expected
        is_list = rows["region_is_a_list"][own]
        regions = np.where(is_list, "", rows["region"][own])
        expected = {f"c:{name}": (regions == name).sum() for name in ("north", "south")}
        expected |= {"c:__other__": (regions == "west").sum(), "missing": 0, "invalid": is_list.sum()}
        assert by_bin(server, query % "region", version, end) == expected


def by_bin(server: RunningPrometheus, query: str, version: str, time: float) -> dict[str, float]:
    found = server.query(query, time)
    values = {each.labels["bin"]: each.value for each in found if each.labels["model_version"] == version}
    return values or dict.fromkeys(("q00", "q01", "q02", "q03", "missing", "invalid"), 0.0)


def test_every_other_count_is_exact_as_well(server: RunningPrometheus, rows: Rows) -> None:
    end = HOUR + HOURS * 3600
    ages, below = ages_of(rows), rows["latency"] <= 0.1
    low = (ages < 3) | np.isnan(ages)
    expected = {
        "infranaut_predictions_total": ROWS,
        'infranaut_prediction_latency_seconds_bucket{le="0.1"}': below.sum(),
        "infranaut_prediction_latency_seconds_count": ROWS,
        'infranaut_feature_violations_total{feature="age",rule="range"}': (ages > 5).sum(),
        'infranaut_feature_violations_total{feature="age",rule="type"}': rows["age_is_text"].sum(),
        'infranaut_feature_violations_total{feature="region",rule="type"}': rows["region_is_a_list"].sum(),
        'infranaut_records_invalid_total{rule="low"}': (~low).sum(),
        'infranaut_feature_values_total{feature="age"}': (ages <= 5).sum(),
    }
    for name, count in expected.items():
        assert server.value(f"sum(increase({name}[3h]))", end) == count, name


@pytest.mark.parametrize("hour", range(HOURS))
def test_the_newest_prediction_is_that_of_the_time(server: RunningPrometheus, rows: Rows, hour: int) -> None:
    end = HOUR + (hour + 1) * 3600
    newest = server.value("max(infranaut_last_prediction_timestamp_seconds)", end)
    assert newest == pytest.approx(rows["ts"][rows["ts"] < end].max(), abs=1e-5)


@pytest.mark.parametrize("hour", range(HOURS))
def test_outcomes_are_counted_in_the_hour_in_which_the_label_came(
    server: RunningPrometheus, rows: Rows, hour: int
) -> None:
    end = HOUR + (hour + 1) * 3600
    known_at = np.maximum(rows["ts"], HOUR + rows["label_hour"] * 3600 + 1800)
    here = (known_at >= end - 3600) & (known_at < end)
    found = server.query("sum by (actual, predicted) (increase(infranaut_outcomes_total[1h]))", end)
    predicted = rows["score"] >= 0.5
    for each in found:
        cell = (rows["label"] == int(each.labels["actual"])) & (predicted == (each.labels["predicted"] == "1"))
        assert each.value == (cell & here).sum()
    assert len(found) == 4


@pytest.mark.parametrize("hour", range(HOURS))
def test_the_recorded_formula_gives_the_drift_of_the_raw_rows(server: RunningPrometheus, rows: Rows, hour: int) -> None:
    end = HOUR + (hour + 1) * 3600
    psi, zscore = (recorded(the_monitor(), f"feature:infranaut_drift_psi:{what}1h") for what in ("sum", "zscore"))
    found = {(each.labels["model_version"], each.labels["feature"]): each.value for each in server.query(psi, end)}
    scores = {(each.labels["model_version"], each.labels["feature"]): each.value for each in server.query(zscore, end)}
    for version in ("1", "2"):
        own = (rows["ts"] >= end - 3600) & (rows["ts"] < end) & (rows["version"] == version)
        ages, is_text = ages_of(rows)[own], rows["age_is_text"][own]
        if not len(ages):
            assert (version, "age") not in found
            continue
        valid = ages[~np.isnan(ages) & (ages <= 5)]
        missing, invalid = (np.isnan(ages) & ~is_text).sum(), (ages > 5).sum() + is_text.sum()
        counts = np.array([*np.histogram(valid, EDGES)[0], missing, invalid])
        drift = feature_drift("age", counts, REFERENCE.features["age"])
        assert found[version, "age"] == pytest.approx(drift.measures["psi"], rel=1e-9)
        assert scores[version, "age"] == pytest.approx(drift.zscore, rel=1e-9)


def recorded(monitor: Monitor, record: str) -> str:
    """The query behind a recorded series, with all that it rests on written out."""
    groups = [group for text in render([monitor], Links()).values() for group in yaml.safe_load(text)["groups"]]
    expressions = {rule["record"]: rule["expr"] for group in groups for rule in group["rules"] if "record" in rule}
    query = expressions[record]
    matcher = re.compile(r'([a-z_]+:[a-z_0-9]+:[a-z_0-9]+)\{monitor="credit"\}')
    while matcher.search(query):
        query = matcher.sub(lambda found: f"({expressions[found.group(1)]})", query)
    return str(query)


def test_periods_can_be_rebuilt_one_after_the_other(told: tuple[Mapping[str, Any], Path], rows: Rows) -> None:
    folder = told[1].parent / "halves"
    shutil.copytree(told[1] / "state", folder / "state")
    shutil.copytree(told[1] / "monitors", folder / "monitors")
    middle = "2025-06-15T15:30Z"
    backfilled(folder, "--from", "2025-06-15T14:00Z", "--to", middle, "--monitor", "credit", "--instance", "first")
    (folder / "blocks").rename(folder / "first")
    backfilled(folder, "--from", middle, "--to", "2025-06-15T17:00Z", "--monitor", "credit")
    for block in (folder / "first").iterdir():
        block.rename(folder / "blocks" / block.name)
    with over_blocks(folder) as server:
        query = "sum(increase(infranaut_predictions_total[90m]))"
        assert sum(server.value(query, HOUR + half * 5400) for half in (1, 2)) == ROWS


def test_rows_that_lie_in_the_cold_tier_give_the_very_same_samples(told: tuple[Mapping[str, Any], Path]) -> None:
    folder = told[1].parent / "cold"
    for name in ("state", "monitors"):
        shutil.copytree(told[1] / name, folder / name)
    move_to_cold(folder / "state", the_monitor(), MovedClock(HOUR + 90 * 86_400.0))
    summary = backfilled(folder, *period(), "--monitor", "credit")
    assert {**summary, "out": None} == {**told[0], "out": None}
    assert samples_of(folder / "blocks") == samples_of(told[1] / "blocks")


def samples_of(blocks: Path) -> list[str]:
    """Every sample, sums of floats to nine digits."""
    lines = (line.rsplit(" ", 2) for line in dumped(blocks))
    return sorted(f"{series} {float(value):.9g} {time}" for series, value, time in lines)


def test_recorded_series_can_be_rebuilt_over_the_blocks(server: RunningPrometheus, tmp_path: Path) -> None:
    """Rules that rest on others see them in the next pass only, once Prometheus has loaded the last one's blocks."""
    [path] = [path for path in write_rules([the_monitor()], tmp_path) if "credit" in path.name]
    assert_promtool(
        "tsdb", "create-blocks-from", "rules", f"--url={server.url}", f"--start={HOUR}", f"--end={HOUR + HOURS * 3600}",
        f"--output-dir={tmp_path / 'recorded'}", path,
    )  # fmt: skip
    assert any("feature_bin:infranaut_feature_bin:increase1h" in line for line in dumped(tmp_path / "recorded"))
