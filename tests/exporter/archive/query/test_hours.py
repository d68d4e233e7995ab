"""Where each hour is read, so that no row is given twice and none is left out."""

from __future__ import annotations

from exporter.archive.entry import Kind
from exporter.archive.ledger import ColdFile
from exporter.archive.query.hours import PlannedHour, is_still_warm, plan_hours, runs
from exporter.archive.warm.tier import StoredHour

H = 3600


def a_file(hour: int, rows: int, monitor: str = "credit", kind: Kind = Kind.PREDICTIONS, number: int = 0) -> ColdFile:
    name = f"{monitor}/{kind}/{hour}/{number}"
    return ColdFile(name, monitor, kind, hour, "o/0", 1, 9, rows, "0" * 32, 1, "", 0.0, 1e12)


def stored(hour: int, rows: int, monitor: str = "credit", kind: Kind = Kind.PREDICTIONS) -> StoredHour:
    return StoredHour(monitor, kind, hour, rows, 0)


def places(hours: list[StoredHour], files: list[ColdFile]) -> dict[int, str]:
    planned = plan_hours(hours, files)
    return {hour.start: hour.where for hour in planned.get(("credit", Kind.PREDICTIONS), ())}


def test_an_hour_lies_where_it_has_rows() -> None:
    assert places([stored(0, 5)], []) == {0: "warm"}
    assert places([stored(0, 5)], [a_file(0, 3, number=1), a_file(0, 2, number=2)]) == {0: "both"}
    assert places([stored(0, 0)], [a_file(0, 5)]) == {0: "cold"}
    assert places([], [a_file(0, 5)]) == {0: "cold"}


def test_monitors_and_kinds_are_planned_apart() -> None:
    planned = plan_hours(
        [stored(0, 5), stored(0, 2, kind=Kind.LABELS)], [a_file(0, 3, monitor="other"), a_file(H, 1, kind=Kind.LABELS)]
    )
    assert {rowset: [(hour.start, hour.where) for hour in hours] for rowset, hours in planned.items()} == {
        ("credit", Kind.PREDICTIONS): [(0, "warm")],
        ("credit", Kind.LABELS): [(0, "warm"), (H, "cold")],
        ("other", Kind.PREDICTIONS): [(0, "cold")],
    }


def test_hours_are_read_in_runs_without_gaps_and_shared_ones_alone() -> None:
    warm = [PlannedHour(start, 1, ()) for start in (0, H, 3 * H)]
    both = [PlannedHour(start, 1, (a_file(start, 2),)) for start in (4 * H, 5 * H)]
    cold = [PlannedHour(6 * H, 0, (a_file(6 * H, 2),))]
    found = [(run.where, run.span.start, run.span.end) for run in runs([*warm, *both, *cold])]
    assert found == [
        ("warm", 0, 2 * H),
        ("warm", 3 * H, 4 * H),
        ("both", 4 * H, 5 * H),
        ("both", 5 * H, 6 * H),
        ("cold", 6 * H, 7 * H),
    ]
    assert [len(run.hours) for run in runs([PlannedHour(at * H, 1, ()) for at in range(5)], longest_hours=2)] == [
        2,
        2,
        1,
    ]


def test_rows_that_left_the_warm_tier_meanwhile_are_noticed() -> None:
    rowset = ("credit", Kind.PREDICTIONS)
    planned = [PlannedHour(0, 5, ()), PlannedHour(H, 2, ())]
    assert is_still_warm(planned, [stored(0, 5), stored(H, 9)], rowset)
    assert not is_still_warm(planned, [stored(0, 4), stored(H, 9)], rowset)
    assert not is_still_warm(planned, [stored(H, 9)], rowset)
    assert not is_still_warm(planned, [stored(0, 5, monitor="other"), stored(H, 9)], rowset)
