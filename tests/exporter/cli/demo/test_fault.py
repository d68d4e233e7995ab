import numpy as np

from exporter.cli.demo.fault import BrokenMapping, CalibrationShift, FaultPlan, likely_fault
from tests.support.demonstrations import labelled_rows


def test_a_calibration_shift_scales_and_moves_and_leaves_what_is_missing() -> None:
    shifted = CalibrationShift("heat", scale=2.0, offset=1.0).apply(np.array([1.0, np.nan, -3.0]))
    assert np.array_equal(shifted, [3.0, np.nan, -5.0], equal_nan=True)


def test_a_broken_mapping_swaps_codes_and_leaves_others() -> None:
    fault = BrokenMapping("colour", {"red": "green", "green": "red"})
    column = np.array(["red", "green", "blue", None], dtype=object)
    assert list(fault.apply(column)) == ["green", "red", "blue", None]
    assert list(column) == ["red", "green", "blue", None]


def test_a_plan_changes_its_features_only_and_never_the_labels() -> None:
    rows = labelled_rows(50)
    plan = FaultPlan("a cable breaks", (CalibrationShift("heat", 1.0, 5.0),))
    broken = plan.apply(rows)
    assert np.array_equal(broken.columns["heat"], rows.columns["heat"] + 5.0, equal_nan=True)
    assert broken.columns["colour"] is rows.columns["colour"]
    assert broken.labels is rows.labels
    assert plan.features == ("heat",)
    assert plan.description == "a cable breaks: the calibration of heat shifts: value * 1 +5"


def test_a_likely_fault_moves_a_number_by_more_than_its_deviation() -> None:
    column = np.array([1.0, 2.0, 3.0, np.nan])
    moved = likely_fault("n", column).apply(column) - column
    assert np.nanmin(moved) > np.nanstd(column)
    assert likely_fault("constant", np.array([4.0, 4.0])).apply(np.array([4.0]))[0] > 5.0


def test_a_likely_fault_spells_every_category_in_another_way() -> None:
    column = np.array(["red", "RED", "1", None], dtype=object)
    assert list(likely_fault("c", column).apply(column)) == ["RED", "red", "code-1", None]
