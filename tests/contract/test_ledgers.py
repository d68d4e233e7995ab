"""What every ledger keeps, whatever database it stands in: events, duties, offsets, and all of it in a dump."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from exporter.archive.ledger import AuditEvent, Ledger
from exporter.archive.warm.tier import Span
from exporter.errors import InvalidSettings
from tests.support.archives import EVER, MONITOR, ORIGIN, a_stream, predictions
from tests.support.batches import START_S
from tests.support.ledgers import fill_ledger
from tests.support.polling import wait_until
from tests.support.warm_places import PLACES, WarmPlace


def test_events_are_listed_in_order(ledger: Ledger) -> None:
    events = [
        AuditEvent(START_S + 5, "anna", "hold", {"files": "3", "grund": "größer 😀"}),
        AuditEvent(START_S, "exporter", "drop", {}),
        AuditEvent(START_S + 5, "anna", "hold", {"files": "3", "grund": "größer 😀"}),
    ]
    for event in events:
        ledger.audit(event)
    assert list(ledger.audit_events(EVER)) == [events[1], events[0], events[2]]
    assert list(ledger.audit_events(Span(START_S, START_S + 5))) == [events[1]]
    assert list(ledger.audit_events(Span(START_S + 5, START_S + 6))) == [events[0], events[2]]
    assert list(ledger.audit_events(EVER, ["drop"])) == [events[1]]
    assert list(ledger.audit_events(Span(START_S, START_S + 5), ["hold"])) == []
    assert list(ledger.audit_events(EVER, [])) == []
    assert list(ledger.audit_events(EVER, ("drop", "hold"))) == [events[1], events[0], events[2]]


def test_one_process_at_a_time_has_a_duty(place: WarmPlace) -> None:
    first_tier, first = place.open()
    second = place.ledger()
    assert first.elect("move")
    assert first.elect("move")
    assert not second.elect("move")
    assert second.elect("profiles / 😀")
    first_tier.close()
    wait_until(lambda: second.elect("move"), 10, "a server lets go a moment after its client has gone")


def test_offsets_tell_how_far_each_origin_has_landed(place: WarmPlace) -> None:
    tier, ledger = place.tier(), place.ledger()
    assert ledger.offsets() == {}
    claim = tier.claim(ORIGIN)
    tier.claim("exporter-2/0")
    tier.land(claim, a_stream(predictions(["a"]), predictions(["b"]), first=7))
    assert ledger.offsets() == {ORIGIN: 9, "exporter-2/0": 0}


@pytest.mark.parametrize("kind", PLACES)
def test_a_dump_fills_an_empty_ledger_of_any_kind(place: WarmPlace, kind: str, tmp_path: Path) -> None:
    tier, ledger = place.open()
    fill_ledger(ledger)
    tier.land(tier.claim(ORIGIN), a_stream(predictions(["a"]), predictions(["b"])))
    dumped = ledger.dump()
    assert all(isinstance(table, pa.Table) for table in dumped.values())
    (tmp_path / "other").mkdir()
    with PLACES[kind](tmp_path / "other") as other:
        other_tier, restored = other.open()
        restored.load(dumped)
        assert {name: table.schema for name, table in restored.dump().items()} == {
            name: table.schema for name, table in dumped.items()
        }
        assert list(restored.cold_files()) == list(ledger.cold_files())
        assert list(restored.profiles(MONITOR, EVER)) == list(ledger.profiles(MONITOR, EVER))
        assert list(restored.measurements(MONITOR, EVER)) == list(ledger.measurements(MONITOR, EVER))
        assert list(restored.audit_events(EVER)) == list(ledger.audit_events(EVER))
        assert other_tier.claim(ORIGIN).next_sequence == 3
        restored.audit(AuditEvent(START_S + 99, "anna", "restore", {}))
        assert len(restored.audit_events(EVER)) == len(ledger.audit_events(EVER)) + 1


def test_an_empty_dump_can_be_loaded(place: WarmPlace) -> None:
    ledger = place.ledger()
    ledger.load(ledger.dump())
    assert list(ledger.cold_files()) == []


def test_a_ledger_that_is_not_empty_is_not_filled(place: WarmPlace) -> None:
    tier, ledger = place.open()
    dumped = ledger.dump()
    tier.claim(ORIGIN)
    with pytest.raises(InvalidSettings, match="empty"):
        ledger.load(dumped)
    fill_ledger(ledger)
    with pytest.raises(InvalidSettings, match="empty"):
        ledger.load(ledger.dump())
    assert len(ledger.cold_files()) == 2


def test_everything_in_the_ledger_survives_reopening(place: WarmPlace) -> None:
    tier, ledger = place.open()
    fill_ledger(ledger)
    before = {name: table.to_pylist() for name, table in ledger.dump().items()}
    tier.close()
    assert {name: table.to_pylist() for name, table in place.ledger().dump().items()} == before
