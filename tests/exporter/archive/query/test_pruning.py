"""Hours are ruled out by what SQL says about `time`, and never one that holds a row that meets it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.archive.query.hours import PlannedHour
from exporter.archive.query.pruning import between, fields_of, surviving
from exporter.archive.schema import TIME

H = 3600
SCHEMA = pa.schema([("id", pa.string()), ("time", TIME), ("age", pa.float64())])
HOURS = [PlannedHour(at * H, 1, ()) for at in range(300)]


def left(condition: Any) -> list[int]:
    return [hour.start // H for hour in surviving(HOURS, SCHEMA, condition)]


def moment(hours: float) -> pa.Scalar:
    return pa.scalar(round(hours * H * 1e6), pa.int64()).cast(TIME)


def test_bounds_leave_the_hours_between_them() -> None:
    assert left(between(3 * H, 5 * H)) == [3, 4]
    assert left(between(3 * H + 1, 5 * H + 1)) == [3, 4, 5]
    assert left((pc.field("time") > moment(297.5)) & (pc.field("age") > 3)) == [297, 298, 299]


def test_alternatives_and_equality_are_understood() -> None:
    early, late = between(0, 10), between(200 * H, 200 * H + 10)
    assert left(early | late) == [0, 200]
    assert left(pc.field("time") == moment(7.25)) == [7]


def test_a_condition_on_other_columns_rules_nothing_out() -> None:
    assert len(left(None)) == len(left(pc.field("age") > 3)) == 300
    assert len(left((pc.field("age") > 3) | between(0, 10))) == 300


def test_the_columns_of_a_condition_are_found() -> None:
    assert fields_of(between(0, 1) & pc.field("id").isin(["a", "b"]), SCHEMA) == {"id", "time"}
    assert fields_of(pc.field("age").is_null(), SCHEMA) == {"age"}


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 300), st.floats(0, 300)), min_size=1, max_size=4), st.floats(0, 299.9))
def test_an_hour_with_a_row_that_meets_the_condition_stays(spans: list[tuple[float, float]], at: float) -> None:
    condition = between(spans[0][0] * H, spans[0][1] * H)
    for start, end in spans[1:]:
        condition = condition | between(start * H, end * H)
    row = pa.table({"id": ["a"], "time": pa.array([moment(at)]), "age": np.array([1.0])}, schema=SCHEMA)
    if row.filter(condition).num_rows:
        assert int(at) in left(condition)
