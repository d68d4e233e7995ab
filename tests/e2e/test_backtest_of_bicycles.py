"""A backtest of real data fires where NumPy finds drift, where the folder with the data is at hand."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
import yaml
from click.testing import CliRunner

from exporter.batch import Floats
from exporter.cli import infranaut
from exporter.reference.document import FeatureReference, NumberReference, load_reference
from tests.support.programs import require

DATA = Path(__file__).parents[3] / "shared" / "data" / "bike_hour.parquet"
START = 1_749_996_000
FIRST_YEAR = 8_645
"""Hours of 2011, which the reference is built from; those of 2012 come one a second."""
WINDOW_MINUTES, HOLD_MINUTES, THRESHOLD, MINIMUM_ROWS = 30, 5, 0.2, 500
COLUMNS = {"temp": "temp", "hum": "hum", "windspeed": "windspeed", "weather": "weathersit", "__prediction__": "cnt"}
MONITOR = {
    "apiVersion": "infranaut.io/v1",
    "kind": "Monitor",
    "metadata": {"name": "bike-demand"},
    "spec": {
        "model": {"name": "bike-demand", "task": "regression"},
        "events": {"id": "instant", "timestamp": "ts", "prediction": "cnt"},
        "features": {
            "temp": {"type": "number"},
            "hum": {"type": "number"},
            "windspeed": {"type": "number"},
            "weather": {"type": "category", "field": "weathersit"},
        },
        "reference": {"path": "reference.parquet"},
        "drift": {
            "window": f"{WINDOW_MINUTES}m",
            "threshold": THRESHOLD,
            "hold": f"{HOLD_MINUTES}m",
            "minimum_rows": MINIMUM_ROWS,
        },
    },
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The monitor, its built reference of one year, and the data of the next."""
    if not DATA.exists():
        pytest.skip(f"{DATA.name} is not at hand: it lies in a folder beside the project on some machines")
    require("prometheus")
    folder = tmp_path_factory.mktemp("bicycles")
    hours = pq.read_table(DATA)
    hours = hours.set_column(
        hours.schema.get_field_index("weathersit"), "weathersit", pc.cast(hours["weathersit"], pa.string())
    )
    later = hours.slice(FIRST_YEAR)
    pq.write_table(hours.slice(0, FIRST_YEAR), folder / "reference.parquet")
    pq.write_table(later.append_column("ts", pa.array(START + np.arange(later.num_rows))), folder / "data.parquet")
    (folder / "bike.yaml").write_text(yaml.safe_dump(MONITOR, sort_keys=False))
    built = CliRunner().invoke(infranaut, ["reference", "build", "--monitor", str(folder / "bike.yaml")])
    assert built.exit_code == 0, built.output
    return folder


def told(folder: Path) -> dict[str, Any]:
    files = ("--monitor", str(folder / "bike.yaml"), "--data", str(folder / "data.parquet"))
    result = CliRunner().invoke(infranaut, ["backtest", *files, "--json"], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


def test_what_fires_is_what_numpy_finds_to_drift(folder: Path) -> None:
    document = told(folder)
    drifts = [each for each in document["trials"][0]["alerts"] if each["alert"] == "InfranautFeatureDrift"]
    found = psi_by_minute(folder)
    assert {each["labels"]["feature"] for each in drifts} == {name for name in found if expected_minutes(found[name])}
    for name, values in found.items():
        ours = [each for each in drifts if each["labels"]["feature"] == name]
        firing = {at for each in ours for at in range(minute(each["start"]), minute(each["end"] or document["end"]))}
        assert len(firing ^ expected_minutes(values)) <= len(ours)
        for each in ours:
            assert each["value"] == pytest.approx(values[minute(each["start"])], rel=0.02)
    assert {"temp", "__prediction__"} <= {each["labels"]["feature"] for each in drifts}
    assert "weather" not in {each["labels"]["feature"] for each in drifts}


def psi_by_minute(folder: Path) -> Mapping[str, Floats]:
    """Of each feature, at each minute: PSI of the rows of the window, NaN where they are too few to alert."""
    reference = load_reference(folder / "reference.reference.json")
    rows = pq.read_table(folder / "data.parquet")
    at = rows["ts"].to_numpy() - START
    known = {**reference.features, "__prediction__": reference.prediction}
    minutes = range(int(at[-1]) // 60 + 2)
    return {
        name: np.array([_psi(known[name], _window(rows[column], at, number)) for number in minutes])
        for name, column in COLUMNS.items()
    }


def _window(column: Any, at: Floats, number: int) -> Any:
    return column.to_numpy()[(at >= (number - WINDOW_MINUTES) * 60) & (at < number * 60)]


def _psi(reference: FeatureReference, values: Any) -> float:
    """sum (q - p) ln(q / p), half a row added to each bin, those of missing and invalid values among them."""
    if len(values) < MINIMUM_ROWS:
        return float("nan")
    if isinstance(reference, NumberReference):
        bins = np.searchsorted(reference.edges, values.astype(float))
    else:
        bins = np.array([[*reference.values, value].index(value) for value in values])
    known = reference.bin_counts()
    p, q = (_shares(counts) for counts in (known, np.bincount(bins, minlength=len(known))))
    return float(((q - p) * np.log(q / p)).sum())


def _shares(counts: Any) -> Floats:
    return np.asarray((counts + 0.5) / (counts + 0.5).sum())


def expected_minutes(values: Floats) -> set[int]:
    """When the threshold has been passed for long enough."""
    is_beyond = values > THRESHOLD
    return {at for at in range(HOLD_MINUTES, len(values)) if is_beyond[at - HOLD_MINUTES : at + 1].all()}


def minute(moment: str) -> int:
    return round((datetime.strptime(moment, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC).timestamp() - START) / 60)
