"""An hour is whole again once the last restoration that touched it has ended, with its labels."""

from __future__ import annotations

import math

import pytest

from exporter.archive.cold.names import HOUR_S
from exporter.archive.cold.pins import LONGEST_KEEP_S, Pin
from exporter.archive.cold.restorations import BroughtBack, restorations_of
from exporter.archive.warm.tier import Span
from tests.support.archives import MONITOR
from tests.support.warm_in_memory import LedgerInMemory

HOUR = 1_749_999_600
NOW = HOUR + 40 * 24 * HOUR_S
LATE = HOUR + 5 * HOUR_S


def begun(hours: int = 1, monitor: str = MONITOR, first: int = HOUR) -> Pin:
    return Pin(monitor, Span(first, first + hours * HOUR_S), NOW + HOUR_S)


def ended(hours: int = 1, labels_until: float = math.inf, first: int = HOUR) -> BroughtBack:
    return BroughtBack(MONITOR, Span(first, first + hours * HOUR_S), labels_until)


@pytest.mark.parametrize(
    ("told", "is_whole"),
    [
        ([], True),
        ([begun()], False),
        ([begun(), ended()], True),
        ([begun(), begun(), ended()], True),
        ([begun(), ended(), begun()], False),
        ([begun(), ended(labels_until=LATE)], True),
        ([begun(), ended(labels_until=LATE - 1)], False),
        ([begun(), ended(), begun(), ended(labels_until=HOUR)], False),
        ([begun(), ended(labels_until=HOUR), begun(), ended()], True),
        ([begun(3), ended(first=HOUR + HOUR_S)], False),
        ([begun(monitor="churn")], True),
        ([begun(first=HOUR + HOUR_S)], True),
        ([begun(first=HOUR - HOUR_S)], True),
    ],
)
def test_an_hour_is_whole_once_its_last_restoration_has_ended(told: list[Pin | BroughtBack], is_whole: bool) -> None:
    ledger = LedgerInMemory()
    for at, each in enumerate(told):
        ledger.audit(each.as_event(NOW + at, "anna"))
    read = restorations_of(ledger, MONITOR, NOW)  # type: ignore[arg-type]  # only what it asks for
    assert read.is_whole(HOUR, LATE) == is_whole


def test_without_labels_only_rows_are_asked_for() -> None:
    ledger = LedgerInMemory()
    ledger.audit(begun().as_event(NOW, "anna"))
    ledger.audit(ended(labels_until=HOUR).as_event(NOW + 1, "anna"))
    assert restorations_of(ledger, MONITOR, NOW).is_whole(HOUR)  # type: ignore[arg-type]  # only what it asks for


def test_one_that_nobody_ended_is_forgotten_once_its_rows_can_be_there_no_more() -> None:
    ledger = LedgerInMemory()
    ledger.audit(begun().as_event(NOW, "anna"))
    for passed_s, is_whole in ((2 * LONGEST_KEEP_S, False), (2 * LONGEST_KEEP_S + 1, True)):
        read = restorations_of(ledger, MONITOR, NOW + passed_s)  # type: ignore[arg-type]  # only what it asks for
        assert read.is_whole(HOUR) == is_whole
