from __future__ import annotations

from typing import Any

import pytest

from exporter.batch import RawRecords, Reason, Reject
from exporter.validate.events import reject_by_time
from tests.support.batches import a_batch, a_monitor

NOW_S = 1_750_000_000.0
HOUR_S = 3600.0


def check(timestamps: list[float], **events: Any) -> tuple[list[bool] | None, list[Reject]]:
    batch = a_batch(**{"@timestamp": timestamps})
    raw = RawRecords(lambda position: f"record {position}".encode())
    keep, rejects = reject_by_time(batch, a_monitor(**events).spec.events, raw, NOW_S)
    return (None if keep is None else keep.tolist()), rejects


def test_events_within_the_horizon_are_all_kept() -> None:
    assert check([NOW_S - 24 * HOUR_S, NOW_S, NOW_S + 300]) == (None, [])


def test_an_event_older_than_the_horizon_is_set_aside() -> None:
    keep, [reject] = check([NOW_S, NOW_S - 2 * HOUR_S - 1], horizon="2h")
    assert keep == [True, False]
    assert (reject.position, reject.reason, reject.raw) == (1, Reason.TOO_OLD, b"record 1")
    assert reject.detail == "ts 2025-06-15T13:06:39Z is before 2025-06-15T13:06:40Z, the horizon of 2h"


def test_an_event_from_the_future_is_set_aside() -> None:
    keep, [reject] = check([NOW_S + 61, NOW_S], future_tolerance="1m")
    assert keep == [False, True]
    assert reject.reason == Reason.IN_THE_FUTURE
    assert reject.detail == "ts 2025-06-15T15:07:41Z is more than 1m after now, 2025-06-15T15:06:40Z"


@pytest.mark.parametrize(("factor", "unit"), [(1e3, "ms"), (1e6, "us"), (1e9, "ns")])
def test_a_number_in_another_unit_is_told_so(factor: float, unit: str) -> None:
    _, [reject] = check([NOW_S * factor])
    assert reject.reason == Reason.IN_THE_FUTURE
    assert reject.detail.endswith(f"; the number looks like {unit}: set spec.events.timestamp_unit to {unit}")


def test_seconds_that_were_read_as_milliseconds_are_told_so() -> None:
    _, [reject] = check([NOW_S / 1e3], timestamp_unit="ms")
    assert reject.reason == Reason.TOO_OLD
    assert reject.detail.endswith("; the number looks like s: set spec.events.timestamp_unit to s")


@pytest.mark.parametrize("timestamp", [0.0, 4.1e9])
def test_1970_and_2100_are_set_aside_without_a_guess(timestamp: float) -> None:
    _, [reject] = check([timestamp])
    assert "looks like" not in reject.detail


@pytest.mark.parametrize("timestamp", [1e300, -1e300, float("inf"), float("-inf")])
def test_a_timestamp_that_is_no_date_is_set_aside_in_plain_numbers(timestamp: float) -> None:
    keep, [reject] = check([NOW_S, timestamp])
    assert keep == [True, False]
    assert f"ts {timestamp:.6g} s is" in reject.detail


def test_an_empty_batch_has_no_rejects() -> None:
    assert check([]) == (None, [])
