from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from exporter.derive import Derived, Deriver
from exporter.validate import FeatureChecks, Validated
from tests.support.batches import a_batch, a_monitor


def check(feature: Mapping[str, Any], values: Sequence[Any], mistyped: Sequence[bool] | None = None) -> Validated:
    """Validates a batch with the one feature `x`."""
    masks = {} if mistyped is None else {"x": np.array(mistyped)}
    return FeatureChecks(a_monitor({"x": feature})).check(Derived(a_batch(masks, x=values)))


def rows_by_rule(validated: Validated) -> dict[str, list[int]]:
    return {violation.rule.value: np.flatnonzero(violation.mask).tolist() for violation in validated.violations}


def invalid_rows(validated: Validated) -> list[int]:
    return np.flatnonzero(validated.invalid["x"]).tolist() if "x" in validated.invalid else []


def test_a_clean_batch_has_nothing_to_say() -> None:
    validated = check({"type": "number", "min": 0, "max": 9, "required": True}, [0.0, 4.0, 9.0])
    assert (validated.invalid, validated.violations, validated.any_broken) == ({}, [], None)


def test_a_number_outside_its_range_is_invalid() -> None:
    validated = check({"type": "number", "min": 0, "max": 9}, [-0.1, 0.0, 9.0, 9.1])
    assert rows_by_rule(validated) == {"range": [0, 3]}
    assert invalid_rows(validated) == [0, 3]


@pytest.mark.parametrize(("bound", "rows"), [({"min": 1}, [0]), ({"max": 1}, [2]), ({}, [])])
def test_a_range_may_have_one_bound_or_none(bound: Mapping[str, float], rows: list[int]) -> None:
    assert invalid_rows(check({"type": "number", **bound}, [0.0, 1.0, 2.0])) == rows


def test_an_infinity_is_not_finite_and_breaks_no_other_rule() -> None:
    validated = check({"type": "number", "min": 0, "max": 9}, [float("inf"), float("-inf"), 10.0, None])
    assert rows_by_rule(validated) == {"finite": [0, 1], "range": [2]}
    assert invalid_rows(validated) == [0, 1, 2]


def test_the_largest_numbers_are_finite() -> None:
    largest = float(np.finfo(np.float64).max)
    assert check({"type": "number"}, [largest, -largest]).any_broken is None


def test_a_missing_number_is_in_every_range() -> None:
    assert check({"type": "number", "min": 0, "max": 9}, [None, 1.0]).any_broken is None


@pytest.mark.parametrize("values", [[None, 1.0], [1.0, None], [None, None]])
def test_a_required_number_that_is_missing_is_a_violation_and_stays_missing(values: list[float | None]) -> None:
    validated = check({"type": "number", "required": True}, values)
    assert rows_by_rule(validated) == {"required": [row for row, value in enumerate(values) if value is None]}
    assert invalid_rows(validated) == []


def test_a_value_of_the_wrong_type_is_invalid_and_not_missing() -> None:
    validated = check({"type": "number", "required": True}, [None, None, 1.0], mistyped=[True, False, False])
    assert rows_by_rule(validated) == {"type": [0], "required": [1]}
    assert invalid_rows(validated) == [0]


def test_a_mask_of_types_that_is_false_everywhere_says_nothing() -> None:
    assert check({"type": "number"}, [1.0], mistyped=[False]).any_broken is None


@pytest.mark.parametrize("encode", [lambda array: array, lambda array: array.dictionary_encode()])
def test_a_category_outside_its_closed_set_is_invalid(encode: Any) -> None:
    values = encode(pa.array(["north", "south", None, "nroth"]))
    validated = check({"type": "category", "values": ["north", "south"]}, values)
    assert rows_by_rule(validated) == {"category": [3]}
    assert invalid_rows(validated) == [3]


@pytest.mark.parametrize("encode", [lambda array: array, lambda array: array.dictionary_encode()])
def test_a_required_category_that_is_missing_is_a_violation(encode: Any) -> None:
    validated = check({"type": "category", "required": True}, encode(pa.array(["a", None])))
    assert rows_by_rule(validated) == {"required": [1]}


def test_an_open_category_takes_any_value() -> None:
    assert check({"type": "category"}, pa.array(["a", "never seen", ""])).any_broken is None


def test_a_bad_value_in_the_dictionary_that_no_row_has_says_nothing() -> None:
    values = pa.DictionaryArray.from_arrays(pa.array([0, 0, None]), pa.array(["north", "bad"]))
    assert check({"type": "category", "values": ["north"]}, values).any_broken is None


def test_a_missing_value_beside_a_bad_first_one_is_not_bad() -> None:
    values = pa.DictionaryArray.from_arrays(pa.array([0, None]), pa.array(["bad"]))
    assert rows_by_rule(check({"type": "category", "values": ["north"]}, values)) == {"category": [0]}


def test_a_null_in_the_dictionary_is_missing() -> None:
    values = pa.DictionaryArray.from_arrays(pa.array([0, 1]), pa.array(["north", None]))
    validated = check({"type": "category", "values": ["north"], "required": True}, values)
    assert rows_by_rule(validated) == {"required": [1]}


def test_a_column_of_nulls_only_is_missing_whatever_its_type() -> None:
    validated = check({"type": "category", "values": ["north"], "required": True}, pa.nulls(2))
    assert rows_by_rule(validated) == {"required": [0, 1]}


def test_a_slice_of_a_column_is_checked_at_its_own_rows() -> None:
    for array in (pa.array(["bad", "north", "bad"]), pa.array(["bad", "north", "bad"]).dictionary_encode()):
        assert rows_by_rule(check({"type": "category", "values": ["north"]}, array[1:])) == {"category": [1]}


def test_any_broken_joins_all_rules_of_all_features() -> None:
    monitor = a_monitor(
        {
            "age": {"type": "number", "max": 100},
            "code": {"type": "category"},
            "number": {"type": "number", "sql": "code::integer", "required": True},
        },
        rules={"adult": "age >= 18"},
    )
    batch = a_batch(age=[30.0, 130.0, 3.0, 30.0, 30.0], code=["1", "1", "1", "x", None])
    validated = FeatureChecks(monitor).check(Deriver(monitor).derive(batch))
    found = {
        (violation.feature, violation.rule): np.flatnonzero(violation.mask).tolist()
        for violation in validated.violations
    }
    assert found == {("age", "range"): [1], ("number", "derive"): [3], ("number", "required"): [4]}
    assert validated.broken_rules["adult"].tolist() == [False, False, True, False, False]
    assert validated.any_broken is not None
    assert validated.any_broken.tolist() == [False, True, True, True, True]
    assert validated.invalid["number"].tolist() == [False, False, False, True, False]


def test_an_empty_batch_has_nothing_to_say() -> None:
    assert check({"type": "number", "min": 0, "required": True}, []) == Validated()


@given(
    st.lists(st.one_of(st.none(), st.floats(allow_nan=False)), min_size=1, max_size=50),
    st.floats(-5, 0),
    st.floats(0, 5),
)
def test_masks_say_the_same_as_a_look_at_each_row(values: list[float | None], low: float, high: float) -> None:
    validated = check({"type": "number", "min": low, "max": high, "required": True}, values)
    expected = {
        "finite": [row for row, value in enumerate(values) if value is not None and np.isinf(value)],
        "range": [
            row
            for row, value in enumerate(values)
            if value is not None and np.isfinite(value) and not low <= value <= high
        ],
        "required": [row for row, value in enumerate(values) if value is None],
    }
    assert rows_by_rule(validated) == {rule: rows for rule, rows in expected.items() if rows}
    assert invalid_rows(validated) == sorted(expected["finite"] + expected["range"])
