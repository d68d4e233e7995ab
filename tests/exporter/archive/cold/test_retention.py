"""What is due, and when: copies, drops and deletes as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from exporter.archive.cold.names import DAY_S, RowHour
from exporter.archive.cold.pins import LONGEST_KEEP_S, Pin, active_pins
from exporter.archive.cold.retention import CopyHour, DeleteFile, DropDay, DueAction, Holdings, plan_moves
from exporter.archive.entry import Kind
from exporter.archive.ledger import AuditEvent, ColdFile
from exporter.archive.warm.tier import Span, StoredHour
from exporter.monitor.spec import Retention
from tests.support.warm_in_memory import LedgerInMemory

DAY = 1_750_000_000 // DAY_S * DAY_S
"""2025-06-15."""
HOUR = DAY + 15 * 3600
DAY_END = DAY + DAY_S
KEPT = Retention.model_validate({"warm": "30d", "cold": "365d"})
WARM_S, COLD_S = 30 * DAY_S, 365 * DAY_S

Held = StoredHour | ColdFile | Pin


def in_warm(rows: int = 10, monitor: str = "credit", kind: Kind = Kind.PREDICTIONS, hour: int = HOUR) -> StoredHour:
    return StoredHour(monitor, kind, hour, rows, 0)


def in_cold(rows: int = 10, monitor: str = "credit", hour: int = HOUR, **other: Any) -> ColdFile:
    name = f"{monitor}/{hour}/{rows}"
    file = ColdFile(name, monitor, Kind.PREDICTIONS, hour, "o/0", 1, 2, rows, "0" * 32, 1, "", 0, DAY_END + COLD_S)
    return replace(file, **other)


def plan(
    now: float, *there: Held, has_cold: bool = True, retention: Mapping[str, Retention] | None = None
) -> list[DueAction]:
    hours = [one for one in there if isinstance(one, StoredHour)]
    files = [one for one in there if isinstance(one, ColdFile)]
    pins = [one for one in there if isinstance(one, Pin)]
    return plan_moves(Holdings(hours, files, pins, {"credit": KEPT, **(retention or {})}, has_cold), now)


def test_an_hour_is_copied_a_day_after_its_day_has_ended() -> None:
    assert plan(DAY_END + DAY_S - 1, in_warm()) == []
    [action] = plan(DAY_END + DAY_S, in_warm())
    assert isinstance(action, CopyHour)
    assert (action.hour, action.rows, action.copied) == (RowHour("credit", Kind.PREDICTIONS, HOUR), 10, 0)
    assert action.expires_at == DAY_END + COLD_S
    assert action.reason == "its day ended 1.0 days ago; 0 of 10 rows are in cold"


def test_an_hour_that_is_copied_is_left_alone_until_rows_come() -> None:
    assert plan(DAY_END + 2 * DAY_S, in_warm(), in_cold()) == []
    assert plan(DAY_END + 2 * DAY_S, in_warm(), in_cold(4), in_cold(6)) == []
    [action] = plan(DAY_END + 2 * DAY_S, in_warm(11), in_cold(10))
    assert isinstance(action, CopyHour)
    assert (action.rows, action.copied) == (11, 10)


def test_rows_that_came_after_their_day_was_dropped_are_copied_too() -> None:
    [copy, drop] = plan(DAY_END + WARM_S, in_warm(3), in_cold(1_000))
    assert isinstance(copy, CopyHour)
    assert isinstance(drop, DropDay)


def test_a_day_is_dropped_once_its_time_in_warm_is_over() -> None:
    assert plan(DAY_END + WARM_S - 1, in_warm(), in_cold()) == []
    [action] = plan(DAY_END + WARM_S, in_warm(), in_warm(5, hour=DAY), in_cold(), in_cold(5, hour=DAY))
    expires = {"credit": DAY_END + COLD_S}
    reason = "older than retention.warm (30d)"
    assert action == DropDay(Kind.PREDICTIONS, date(2025, 6, 15), {"credit": 15}, expires, reason)


def test_each_monitor_and_kind_goes_by_its_own_retention() -> None:
    there: list[Held] = [
        in_warm(monitor="fraud"),
        in_warm(),
        in_warm(kind=Kind.LABELS),
        in_cold(),
        in_cold(monitor="fraud"),
    ]
    brief = Retention.model_validate({"warm": "2d", "cold": "365d"})
    drops = [
        action
        for action in plan(DAY_END + 2 * DAY_S, *there, retention={"fraud": brief})
        if isinstance(action, DropDay)
    ]
    assert [(drop.kind, drop.rows) for drop in drops] == [(Kind.PREDICTIONS, {"fraud": 10})]
    drops = [
        action for action in plan(DAY_END + WARM_S, *there, retention={"fraud": brief}) if isinstance(action, DropDay)
    ]
    assert [(drop.kind, drop.rows) for drop in drops] == [
        (Kind.LABELS, {"credit": 10}),
        (Kind.PREDICTIONS, {"fraud": 10, "credit": 10}),
    ]
    assert drops[1].reason == "older than retention.warm (2d, 30d)"


def test_without_cold_rows_are_dropped_unproven_and_nothing_is_copied() -> None:
    [action] = plan(DAY_END + WARM_S, in_warm(), has_cold=False)
    assert isinstance(action, DropDay)
    assert action.proven == {}


def test_a_monitor_that_is_not_loaded_is_left_alone() -> None:
    there: list[Held] = [in_warm(monitor="gone"), in_cold(4, monitor="gone")]
    assert plan(DAY_END + 9 * COLD_S, *there) == []


def test_rows_past_the_time_in_cold_are_dropped_without_a_copy() -> None:
    [action] = plan(DAY_END + COLD_S, in_warm())
    assert isinstance(action, DropDay)
    assert action.proven == {}


def test_a_file_is_deleted_once_its_time_in_cold_is_over() -> None:
    assert plan(DAY_END + COLD_S - 1, in_cold()) == []
    assert plan(DAY_END + COLD_S, in_cold()) == [DeleteFile(in_cold(), "older than retention.cold (365d)")]


def test_a_file_on_hold_is_never_deleted() -> None:
    assert plan(DAY_END + 9 * COLD_S, in_cold(is_held=True)) == []


def test_a_file_is_kept_until_both_its_own_and_the_monitors_retention_are_over() -> None:
    late = in_cold(expires_at=DAY_END + 2 * COLD_S)
    assert plan(DAY_END + COLD_S, late) == []
    assert len(plan(DAY_END + 2 * COLD_S, late)) == 1
    longer = {"credit": Retention.model_validate({"cold": "730d"})}
    assert plan(DAY_END + COLD_S, in_cold(), retention=longer) == []


def test_a_day_that_is_pinned_stays() -> None:
    now = DAY_END + WARM_S
    pin = Pin("credit", Span(HOUR, HOUR + 3600), now + 1)
    assert plan(now, in_warm(), in_cold(), pin) == []
    others = (
        replace(pin, monitor="fraud"),
        replace(pin, keep_until=now),
        replace(pin, span=Span(DAY_END, DAY_END + 1)),
    )
    for other in others:
        assert len(plan(now, in_warm(), in_cold(), other)) == 1


def test_labels_of_a_pinned_span_stay_for_their_delay_behind_it_and_nothing_else_does() -> None:
    now = DAY_END + 4 * DAY_S + WARM_S
    pin = Pin("credit", Span(HOUR, HOUR + 3600), now + 1, labels_late_s=2 * DAY_S)
    hours = [HOUR + days * DAY_S for days in (0, 2, 3)]
    there = [in_warm(hour=hour, kind=kind) for hour in hours for kind in (Kind.PREDICTIONS, Kind.LABELS)]
    dropped = [(action.kind, action.day) for action in plan(now, *there, pin) if isinstance(action, DropDay)]
    second, third = date(2025, 6, 17), date(2025, 6, 18)
    assert dropped == [(Kind.PREDICTIONS, second), (Kind.LABELS, third), (Kind.PREDICTIONS, third)]


def test_copies_come_before_drops_before_deletes() -> None:
    there: list[Held] = [in_warm(3), in_warm(2, hour=DAY), in_cold(9, hour=HOUR - 400 * DAY_S, expires_at=DAY)]
    kinds = [type(action).__name__ for action in plan(DAY_END + WARM_S, *there)]
    assert kinds == ["CopyHour", "CopyHour", "DropDay", "DeleteFile"]


def test_a_pin_is_read_back_from_the_audit_as_long_as_it_holds() -> None:
    ledger = LedgerInMemory()
    pin = Pin("credit", Span(HOUR, HOUR + 7200.5), DAY_END + LONGEST_KEEP_S, labels_late_s=86_400.5)
    ledger.audit(pin.as_event(DAY_END, "somebody"))
    ledger.audit(AuditEvent(DAY_END, "somebody", "archive.copy", {}))
    for now, pins in ((DAY_END, [pin]), (DAY_END + LONGEST_KEEP_S - 1, [pin]), (DAY_END + LONGEST_KEEP_S, [])):
        assert active_pins(ledger, now) == pins  # type: ignore[arg-type]  # only what moves need


def test_a_pin_of_a_version_that_knew_no_later_labels_holds() -> None:
    ledger = LedgerInMemory()
    detail = {"monitor": "credit", "keep_until": repr(DAY_END + 9.0), "start": repr(HOUR), "end": repr(HOUR + 3600)}
    ledger.audit(AuditEvent(DAY_END, "somebody", "archive.restore", detail))
    pins = active_pins(ledger, DAY_END)  # type: ignore[arg-type]  # only what moves need
    assert pins == [Pin("credit", Span(HOUR, HOUR + 3600), DAY_END + 9)]
