"""References of real data, where the folder with it is at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet
import pytest

from exporter.monitor.spec import Monitor
from exporter.reference.build import build_reference
from exporter.reference.data import open_data
from exporter.reference.document import CategoryReference, NumberReference, Reference
from tests.support.batches import a_monitor
from tests.support.reference_data import build_from

DATA = Path(__file__).parents[4] / "shared" / "data"

NUMBER, CATEGORY = {"type": "number"}, {"type": "category"}
BIKE: dict[str, Any] = {
    "season": CATEGORY,
    "hr": NUMBER,
    "temp": NUMBER,
    "windspeed": NUMBER,
    "peak": {"type": "category", "sql": "hr between 7 and 9 or hr between 16 and 19"},
}
ELEC: dict[str, Any] = {"day": CATEGORY, "nswprice": NUMBER, "nswdemand": NUMBER, "vicprice": NUMBER}


def path_of(name: str) -> Path:
    path = DATA / name
    if not path.exists():
        pytest.skip(f"{name} is not at hand: it lies in a folder beside the project on some machines")
    return path


def table_of(name: str) -> Any:
    return pyarrow.parquet.read_table(path_of(name))


def monitor_of(features: dict[str, Any], task: str, prediction: str) -> Monitor:
    document = a_monitor(features, task=task).model_dump()
    document["spec"]["events"]["prediction"] = prediction
    return Monitor.model_validate(document)


@pytest.fixture
def bikes() -> Reference:
    return build_reference(monitor_of(BIKE, "regression", "cnt"), open_data(path_of("bike_hour.parquet")))


def test_bins_of_bicycles_agree_with_numpy(bikes: Reference) -> None:
    temperatures = table_of("bike_hour.parquet")["temp"].to_numpy().astype(np.float64)
    found = bikes.features["temp"]
    assert isinstance(found, NumberReference)
    quantiles = np.quantile(temperatures, [0.001, *np.arange(1, 10) / 10, 0.999])
    np.testing.assert_array_equal(found.edges, np.unique(quantiles))
    np.testing.assert_allclose((found.mean, found.standard_deviation), (temperatures.mean(), temperatures.std()))


def test_an_hour_below_midnight_would_have_a_bin_of_its_own(bikes: Reference) -> None:
    hours = bikes.features["hr"]
    assert isinstance(hours, NumberReference)
    assert hours.counts[0] == 0
    assert np.searchsorted(hours.edges, -1, side="left") == 0
    assert np.searchsorted(hours.edges, 0, side="left") == 1


def test_numbers_read_as_categories_and_conditions_are_true_or_false(bikes: Reference) -> None:
    season, peak = bikes.features["season"], bikes.features["peak"]
    assert isinstance(season, CategoryReference)
    assert isinstance(peak, CategoryReference)
    assert sorted(season.values) == ["1", "2", "3", "4"]
    assert peak.values == ["false", "true"]
    assert sum(season.counts) == sum(peak.counts) == bikes.rows == 17_379


def test_classes_of_electricity_and_the_order_of_its_rows(tmp_path: Path) -> None:
    table, monitor = table_of("elec2.parquet"), monitor_of(ELEC, "multiclass", "class")
    reference = build_from(tmp_path, monitor, table)
    assert isinstance(reference.prediction, CategoryReference)
    assert dict(zip(reference.prediction.values, reference.prediction.counts, strict=True)) == {
        "DOWN": 26_075,
        "UP": 19_237,
    }
    shuffled = table.take(np.random.default_rng(4).permutation(table.num_rows))
    assert build_from(tmp_path, monitor, shuffled).sha256 == reference.sha256
