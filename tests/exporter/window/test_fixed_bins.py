"""Bins without a reference: the same for every replica, version and period, told apart when they change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exporter import catalog
from exporter.monitor.spec import Monitor
from exporter.window.children import Child
from exporter.window.fixed_bins import EQUAL_BINS, LADDER, fixed_bins
from exporter.window.layout import Layout
from exporter.window.profile import Profile
from tests.support.batches import a_monitor
from tests.support.clocks import NOON_S, MovedClock
from tests.support.histograms import a_number_reference, a_reference
from tests.support.kept import a_kept_pipeline
from tests.support.pipelines import sample_name
from tests.support.profiled import profiles_of

FEATURES: dict[str, dict[str, Any]] = {
    "age": {"type": "number", "min": 0, "max": 100},
    "income": {"type": "number"},
    "rooms": {"type": "number", "bins": [1, 2, 4]},
    "region": {"type": "category", "values": ["north", "south"]},
}


def a_comparing_monitor(
    features: dict[str, dict[str, Any]] | None = None, task: str = "binary", **spec: Any
) -> Monitor:
    document = a_monitor(features or FEATURES, task=task, model_version="version").model_dump(mode="json")
    document["spec"] |= {"drift": {"previous": "1d"}, **spec}
    return Monitor.model_validate(document)


def bins_of(layout: Layout, feature: str) -> list[str]:
    slots = {each.name: each for each in (*layout.features, layout.prediction)}
    return [dict(labels)["bin"] for labels in slots[feature].bins.labels]


def test_a_number_has_its_declared_bins_or_equal_ones_between_its_bounds_or_the_ladder() -> None:
    layout = Layout(a_comparing_monitor(), None)
    assert bins_of(layout, "rooms") == ["q00", "q01", "q02", "q03", "missing", "invalid"]
    assert len(bins_of(layout, "age")) == EQUAL_BINS + 2
    assert len(bins_of(layout, "income")) == len(LADDER) + 1 + 2
    assert bins_of(layout, "region") == ["c:north", "c:south", "c:__other__", "missing", "invalid"]


def test_equal_bins_have_one_width() -> None:
    bins = fixed_bins(a_comparing_monitor())
    assert bins is not None
    assert np.diff([0.0, *bins.edges["age"], 100.0]) == pytest.approx(np.full(EQUAL_BINS, 5.0))


@pytest.mark.parametrize(("lowest", "highest", "edges"), [(3.0, 3.0, 0), (1.0, np.nextafter(1.0, 2.0), 1)])
def test_bounds_with_nothing_between_them_give_the_bins_that_there_are(
    lowest: float, highest: float, edges: int
) -> None:
    bins = fixed_bins(a_comparing_monitor({"age": {"type": "number", "min": lowest, "max": highest}}))
    assert bins is not None
    assert len(bins.edges["age"]) <= edges
    assert all(left < right for left, right in pairwise(bins.edges["age"]))


def test_the_ladder_is_the_same_on_both_sides_of_zero_and_has_two_digits_a_bin() -> None:
    assert [-edge for edge in reversed(LADDER)] == list(LADDER)
    assert all(left < right for left, right in pairwise(LADDER))
    assert {0.0, 0.001, 0.3, 1.0, 3e6} <= set(LADDER)
    assert len(LADDER) < 99


@pytest.mark.parametrize(
    ("task", "model", "bins"),
    [
        ("binary", {}, EQUAL_BINS + 2),
        ("regression", {}, len(LADDER) + 1 + 2),
        ("multiclass", {"classes": ["a", "b"]}, 2 + 3),
    ],
)
def test_the_prediction_is_binned_by_its_task(task: str, model: dict[str, Any], bins: int) -> None:
    monitor = a_comparing_monitor(task=task, model={"name": "credit", "task": task, **model})
    assert len(bins_of(Layout(monitor, None), catalog.PREDICTION_FEATURE)) == bins


def test_only_a_monitor_that_compares_and_has_no_reference_has_them() -> None:
    assert fixed_bins(a_monitor(FEATURES | {"rooms": {"type": "number"}})) is None
    plain = {"age": {"type": "number"}}
    monitor = a_comparing_monitor(plain, reference={"path": "age.csv"})
    assert fixed_bins(monitor) is None
    assert bins_of(Layout(monitor, None), "age") == ["q00", "missing", "invalid"]
    reference = a_reference({"age": a_number_reference()})
    assert Layout(monitor, reference).reference_label == reference.label
    assert Layout(a_monitor(plain), None).reference_label == catalog.NO_REFERENCE


def test_versions_ask_for_them_too() -> None:
    assert fixed_bins(a_comparing_monitor(drift={"versions": {"stable": "v1"}})) is not None


@pytest.mark.parametrize(
    "changed",
    [
        {"rooms": {"type": "number", "bins": [1, 2, 5]}},
        {"age": {"type": "number", "min": 0, "max": 90}},
        {"region": {"type": "category", "values": ["north"]}},
        {"another": {"type": "number"}},
    ],
)
def test_other_bins_have_another_label_so_that_their_counts_never_meet(changed: dict[str, dict[str, Any]]) -> None:
    labels = {
        bins.label
        for features in (FEATURES, {**FEATURES}, FEATURES | changed)
        if (bins := fixed_bins(a_comparing_monitor(features)))
    }
    assert len(labels) == 2
    assert all(label.startswith("bins-") for label in labels)


def test_what_is_no_bin_leaves_the_label_as_it_is() -> None:
    labels = {
        Layout(a_comparing_monitor(drift=drift), None).reference_label
        for drift in ({"previous": "1d"}, {"previous": "7d", "threshold": 0.3}, {"versions": {"stable": "2"}})
    }
    assert len(labels) == 1


def test_they_count_against_the_budget_of_series() -> None:
    with_bins, without = (Layout(monitor, None) for monitor in (a_comparing_monitor(), a_monitor(FEATURES_WITHOUT)))
    more = (EQUAL_BINS - 1) * 2 + len(LADDER) + 3
    assert with_bins.model.series - without.model.series == more
    assert with_bins.model_capacity < without.model_capacity


FEATURES_WITHOUT = FEATURES | {"rooms": {"type": "number"}}


def test_the_exporter_and_the_profiles_of_the_archive_count_alike_what_numpy_does(tmp_path: Path) -> None:
    rng = np.random.default_rng(3)
    monitor = a_comparing_monitor(labels={"join": "id"})
    ages, incomes, rooms = rng.uniform(-5, 105, 400).round(2), rng.normal(0, 1e4, 400), rng.integers(0, 7, 400)
    watched, journal = a_kept_pipeline(tmp_path, monitor, None, MovedClock(NOON_S + 1000))
    known_incomes = [float(income) if row % 7 else None for row, income in enumerate(incomes)]
    watched.predict(*some_events(rng, age=ages.tolist(), income=known_incomes, rooms=rooms.astype(float).tolist()))
    watched.label({"id": "p1", "label": 1})
    scraped = watched.series()
    label = Layout(monitor, None).reference_label
    counted = [
        watched.value(catalog.FEATURE_BIN.name, feature="rooms", bin=f"q{index:02d}", reference=label)
        for index in range(4)
    ]
    assert counted == [
        int((rooms <= 1).sum()),
        int((rooms == 2).sum()),
        int(((rooms > 2) & (rooms <= 4)).sum()),
        int((rooms > 4).sum()),
    ]
    placed = np.searchsorted(LADDER, incomes[np.arange(400) % 7 > 0])
    for index, count in enumerate(np.bincount(placed, minlength=len(LADDER) + 1).tolist()):
        assert watched.value(catalog.FEATURE_BIN.name, feature="income", bin=f"q{index:02d}") == count
    profiles = profiles_of(journal.labelled_rows().sort_by("time").combine_chunks().to_batches(), monitor)
    told = bins_in(monitor, profiles)
    assert len(told) > 100
    assert {name: scraped[name] for name in told} == told


def some_events(rng: np.random.Generator, **features: Sequence[float | None]) -> list[dict[str, Any]]:
    """One a second, of two versions by turns."""
    return [
        {
            "id": f"p{row}",
            "ts": NOON_S + row,
            "score": round(rng.random(), 3),
            "version": str(1 + row % 2),
            "region": str(rng.choice(["north", "south"])),
            **dict(zip(features, values, strict=True)),
        }
        for row, values in enumerate(zip(*features.values(), strict=True))
    ]


def bins_in(monitor: Monitor, profiles: Mapping[Child, Profile]) -> dict[str, float]:
    """The bins of the features in some profiles, named as they are exposed."""
    return {
        sample_name(
            catalog.FEATURE_BIN.name, {"monitor": monitor.name, "model_version": child.model_version, **dict(labels)}
        ): value
        for child, profile in profiles.items()
        for family in profile.families.values()
        if family is not None and family.form.metric == catalog.FEATURE_BIN.name
        for labels, value in zip(family.form.labels, family.values.tolist(), strict=True)
    }
