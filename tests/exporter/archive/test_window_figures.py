"""The figures of a window are those of its rows."""

from __future__ import annotations

import math
from dataclasses import replace

import msgspec
import pytest

from exporter.archive.latest_windows import ReadProfile
from exporter.archive.window_figures import FeatureFigures, WindowFigures, latest_figures
from exporter.window.profile import EMPTY, Profile
from tests.support.batches import a_monitor
from tests.support.histograms import a_number_reference, a_reference
from tests.support.windows import FIRST, a_profile_of, a_stored_window


def told(profile: Profile | None) -> WindowFigures:
    """The figures of a window with this profile."""
    stored = a_stored_window(0, profile or EMPTY)
    [window] = latest_figures("credit", [ReadProfile(stored, profile)]).windows
    return window


def feature(profile: Profile, name: str) -> FeatureFigures:
    [found] = [each for each in told(profile).features or () if each.feature == name]
    return found


def test_numbers_are_told_by_count_mean_spread_bounds_and_quantiles() -> None:
    age = feature(a_profile_of([10.0, 20.0, 30.0, 40.0, None, 101.0]), "age")
    assert (age.count, age.missing, age.invalid, age.distinct) == (4, 1, 1, 4)
    assert age.mean == 25.0
    assert age.standard_deviation == pytest.approx(math.sqrt(125))
    assert (age.minimum, age.maximum, age.categories) == (10.0, 40.0, None)
    assert age.quantiles == {"p05": 10.0, "p25": 10.0, "p50": 20.0, "p75": 30.0, "p95": 40.0}


def test_categories_are_told_by_their_most_frequent_values() -> None:
    region = feature(a_profile_of([1.0] * 6, regions=["south", "north", "south", "west", "south", "north"]), "region")
    assert (region.count, region.distinct, region.invalid) == (5, 2, 1)
    assert region.categories == {"south": 3, "north": 2}
    assert (region.mean, region.standard_deviation, region.minimum, region.maximum) == (None,) * 4
    assert region.quantiles is None


def test_at_most_ten_categories_are_told() -> None:
    values = [f"r{number:02d}" for number in range(12)]
    monitor = a_monitor({"age": {"type": "number"}, "region": {"type": "category", "values": values}})
    region = feature(a_profile_of([1.0] * 13, monitor, [*values, "r11"]), "region")
    assert list(region.categories or ()) == ["r11", *values[:9]]


def test_a_number_without_values_has_no_mean() -> None:
    age = feature(a_profile_of([None, None]), "age")
    assert (age.count, age.missing, age.mean, age.minimum, age.quantiles) == (0, 2, None, None, None)
    assert age.categories is None


def test_missing_and_invalid_are_null_where_bins_of_two_references_do_not_add_up() -> None:
    monitor = a_monitor({"age": {"type": "number"}})
    reference = a_reference({"age": a_number_reference()})
    merged = a_profile_of([20.0], monitor).merge(a_profile_of([30.0], monitor, reference=reference))
    age = feature(merged, "age")
    assert (age.count, age.missing, age.invalid) == (2, None, None)


def test_the_window_is_told_with_its_rows_and_labels() -> None:
    window = told(a_profile_of([1.0, 2.0, 3.0]))
    assert (window.start, window.end, window.revision) == (FIRST, FIRST + 3600, 1)
    assert (window.model_version, window.segment, window.rows, window.labelled) == ("1", None, 3, 1)
    assert [each.feature for each in window.features or ()] == ["age", "__prediction__", "region"]


def test_a_segment_is_told_by_its_name() -> None:
    stored = replace(a_stored_window(0, EMPTY), segment="north")
    assert latest_figures("credit", [ReadProfile(stored, EMPTY)]).windows[0].segment == "north"


def test_a_profile_that_cannot_be_read_has_no_features() -> None:
    assert told(None).features is None


def test_all_of_it_can_be_written_as_json() -> None:
    for profile in (EMPTY, a_profile_of([None]), a_profile_of([1.0, 2.0])):
        assert msgspec.json.decode(msgspec.json.encode(told(profile)), type=WindowFigures) == told(profile)
