"""A backfill counts what the exporter counted when the rows came, also of values that could not be used."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exporter.monitor.spec import Monitor
from tests.support.backfills import backfilled, dumped, land, move_to_cold, write_monitor_file
from tests.support.batches import a_monitor
from tests.support.clocks import MovedClock
from tests.support.histograms import a_category_reference, a_number_reference, a_reference
from tests.support.kept import a_kept_pipeline
from tests.support.pipelines import sample_name

HOUR = 1_749_996_000
"""2025-06-15T14:00:00Z"""
PERIOD = ("--from", "2025-06-15T14:00Z", "--to", "2025-06-15T16:00Z", "--monitor", "credit")
ROWS = 600
ODD: tuple[Any, ...] = (None, "", "abc", [1], {"no": "value"}, True, 1e6)
"""Missing, of the wrong type, and out of range."""
REFERENCE = a_reference(
    {"age": a_number_reference(), "region": a_category_reference(north=6, south=4), "byte": a_number_reference()}
)

Series = Mapping[str, float]


def the_monitor(**spec: Any) -> Monitor:
    features: dict[str, dict[str, Any]] = {
        "age": {"type": "number", "max": 100, "required": True},
        "region": {"type": "category", "values": ["north", "south"]},
        "byte": {"type": "number", "sql": "age::utinyint"},
    }
    document = a_monitor(features, {"adult": "age >= 18"}, model_version="version").model_dump(mode="json")
    document["spec"] |= {"labels": {"join": "id"}, "reference": {"path": "built.reference.json"}, **spec}
    return Monitor.model_validate(document)


def exposed_by_the_exporter(folder: Path, monitor: Monitor) -> Series:
    """What was scraped once all rows had come; they are in the warm tier now."""
    rng, clock = np.random.default_rng(4), MovedClock(HOUR + 7000.0)
    write_monitor_file(folder / "monitors", monitor, REFERENCE)
    watched, journal = a_kept_pipeline(folder / "letters", monitor, REFERENCE, clock)
    for body in range(6):
        watched.predict(*(an_event(rng, row) for row in range(body * 100, (body + 1) * 100)))
    watched.label(*({"id": f"p{row}", "label": int(rng.random() < 0.3)} for row in range(0, ROWS, 2)))
    series = watched.series()
    watched.pipeline.close()
    land(folder / "state", journal.entries, clock)
    return series


def an_event(rng: np.random.Generator, row: int) -> dict[str, Any]:
    odd = {name: ODD[int(rng.integers(len(ODD)))] for name in ("age", "region") if rng.random() < 0.3}
    return {
        "id": f"p{row}",
        "ts": HOUR + 10 * row,
        "score": round(rng.random(), 6),
        "version": str(rng.choice(["1", "2"])),
        "age": float(rng.integers(-5, 110)),
        "region": str(rng.choice(["north", "south", "west"])),
        **odd,
    }


def counted_by_the_backfill(folder: Path) -> Series:
    """The last sample of each counter."""
    last: dict[str, tuple[int, float]] = {}
    backfilled(folder, *PERIOD)
    for line in dumped(folder / "blocks"):
        series, sample, time = line.rsplit(" ", 2)
        last[series] = max(last.get(series, (0, 0.0)), (int(time), float(sample)))
    found: dict[str, float] = {}
    for series, (_, value) in last.items():
        labels = dict(re.findall(r'(\w+)="([^"]*)"', series))
        name = labels.pop("__name__")
        if name.endswith("_total"):
            found[sample_name(name, {key: labels[key] for key in labels if key not in ("instance", "job")})] = value
    return found


@pytest.mark.parametrize("privacy", [{}, {"drop": ["age"]}], ids=["everything", "without what is private"])
def test_every_counter_ends_where_that_of_the_exporter_did(tmp_path: Path, privacy: Mapping[str, Any]) -> None:
    monitor = the_monitor(privacy=privacy)
    live = exposed_by_the_exporter(tmp_path, monitor)
    counted = counted_by_the_backfill(tmp_path)
    assert counted == pytest.approx({name: live[name] for name in counted}, rel=1e-9)
    whole = {"age", "region", "byte"}
    assert features_with(counted, 'bin="invalid"') == whole - set(privacy.get("drop", ()))
    assert features_with(counted, 'rule="type"') == {"age", "region"} - set(privacy.get("drop", ()))
    assert ("infranaut_records_invalid_total" in {name.partition("{")[0] for name in counted}) is not bool(privacy)


def features_with(series: Series, label: str) -> set[str]:
    """The features that have counts with this label."""
    found = {name for name, value in series.items() if label in name and value}
    return {name.partition('feature="')[2].partition('"')[0] for name in found}


def test_rows_that_lie_in_the_cold_tier_are_counted_the_same(tmp_path: Path) -> None:
    live = exposed_by_the_exporter(tmp_path, the_monitor())
    move_to_cold(tmp_path / "state", the_monitor(), MovedClock(HOUR + 90 * 86_400.0))
    counted = counted_by_the_backfill(tmp_path)
    assert counted == pytest.approx({name: live[name] for name in counted}, rel=1e-9)
