"""The embedded warm tier as a file among processes: who waits, who is refused, and what a damaged file says."""

from __future__ import annotations

import math
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from exporter.archive.entry import Kind
from exporter.archive.ledger import AuditEvent
from exporter.archive.schema import EVENT_COLUMNS
from exporter.archive.warm.embedded import open_embedded
from exporter.archive.warm.file import known_ids, stored_rows
from exporter.archive.warm.file.connection import FILE_NAME
from exporter.archive.warm.file.tables import VERSION
from exporter.archive.warm.file.turns import Turns
from exporter.archive.warm.tier import Span, WarmTier
from exporter.errors import InvalidSettings, RetryLater
from tests.support.archives import (
    EVER,
    MONITOR,
    ORIGIN,
    a_stream,
    ids,
    labels,
    letters,
    moment,
    predictions,
    varied_predictions,
)
from tests.support.batches import START_S
from tests.support.clocks import MovedClock
from tests.support.landed import assert_counts_are_right, everything, joined, labelled, land, new_rows
from tests.support.polling import wait_until
from tests.support.warm_places import an_embedded_tier

SHORT_S = 0.05


@contextmanager
def locked(folder: Path) -> Iterator[sqlite3.Connection]:
    """Another process is in the middle of a transaction."""
    other = sqlite3.connect(folder / FILE_NAME, isolation_level=None, check_same_thread=False)
    other.execute("begin immediate")
    try:
        yield other
    finally:
        other.close()


def test_rows_of_before_a_column_came_are_read_and_merged_with_new_ones(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with an_embedded_tier(tmp_path) as tier, monkeypatch.context() as before:
        columns = tuple(name for name in EVENT_COLUMNS[Kind.PREDICTIONS] if name != "unusable")
        before.setattr(stored_rows, "EVENT_COLUMNS", {**EVENT_COLUMNS, Kind.PREDICTIONS: columns})
        land(tier, predictions(["old"], age=1.0))
        assert all("unusable" not in batch.schema.names for batch in tier.read(Kind.PREDICTIONS, MONITOR, EVER))
    with an_embedded_tier(tmp_path) as tier:
        assert everything(tier)[0]["age"] == 1.0
        for number in range(40):
            land(tier, predictions([f"p{number}"], age=[None], unusable=['["age"]']))
        batches = list(tier.read(Kind.PREDICTIONS, MONITOR, EVER))
        assert {batch.schema.field("unusable").type for batch in batches} == {pa.string()}
        found = {row["id"]: row.get("unusable") for row in everything(tier)}
    assert found == {"old": None, **{f"p{number}": '["age"]' for number in range(40)}}


def test_a_writer_waits_for_another(tmp_path: Path) -> None:
    with an_embedded_tier(tmp_path) as tier, locked(tmp_path) as other:
        claims = []
        waiting = threading.Thread(target=lambda: claims.append(tier.claim(ORIGIN)))
        waiting.start()
        other.execute("commit")
        waiting.join(timeout=10)
        assert [claim.epoch for claim in claims] == [1]


def test_a_writer_that_waits_too_long_may_try_again(tmp_path: Path) -> None:
    with an_embedded_tier(tmp_path, busy_s=SHORT_S) as tier:
        claim = tier.claim(ORIGIN)
        stream = a_stream(predictions(["a"]))
        with locked(tmp_path), pytest.raises(RetryLater, match=r"locked for 0\.05 s"):
            tier.land(claim, stream)
        tier.land(claim, stream)
        assert ids(tier.read(Kind.PREDICTIONS, MONITOR, EVER)) == ["a"]


def test_a_writer_whose_turn_does_not_come_may_try_again(tmp_path: Path) -> None:
    other = Turns(tmp_path, SHORT_S)
    with an_embedded_tier(tmp_path, busy_s=SHORT_S) as tier:
        with other.turn(), pytest.raises(RetryLater, match=r"have been writing to the warm tier for 0\.05 s"):
            tier.claim(ORIGIN)
        assert tier.claim(ORIGIN).epoch == 1
    other.close()


def test_who_has_just_written_lets_the_next_one_write(tmp_path: Path) -> None:
    greedy, other = Turns(tmp_path, 10), Turns(tmp_path, 10)
    had_turn, stop = threading.Event(), threading.Event()

    def write_without_end() -> None:
        while not stop.is_set():
            with greedy.turn():
                had_turn.set()

    writing = threading.Thread(target=write_without_end)
    writing.start()
    had_turn.wait()
    for _ in range(20):
        with other.turn():
            pass
    stop.set()
    writing.join()
    greedy.close()
    other.close()


def test_readers_wait_for_nobody(tmp_path: Path) -> None:
    with an_embedded_tier(tmp_path, busy_s=SHORT_S) as tier:
        land(tier, predictions(["a"]))
        with locked(tmp_path) as other:
            other.execute("delete from offsets")
            assert len(everything(tier)) == 1
            assert tier.find(Kind.PREDICTIONS, MONITOR, ["a"]).num_rows == 1
            assert len(tier.hours()) == 1


def test_another_process_reads_while_one_lands(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.support.landing_loop", str(tmp_path), ORIGIN], stdout=subprocess.PIPE
    ) as writer:
        try:
            assert writer.stdout is not None
            writer.stdout.readline()
            with an_embedded_tier(tmp_path, is_read_only=True) as reader:
                first = len(everything(reader))
                assert first
                wait_until(lambda: len(everything(reader)) > first, 20, "rows that land are seen")
                assert_counts_are_right_at_one_moment(reader)
        finally:
            writer.kill()
    with an_embedded_tier(tmp_path, is_read_only=True) as reader:
        assert_counts_are_right(reader)


def assert_counts_are_right_at_one_moment(reader: WarmTier) -> None:
    """The writer goes on meanwhile: the rows lie between the counts before and after."""
    before = sum(hour.rows for hour in reader.hours() if hour.kind is Kind.LABELS)
    rows = len(everything(reader, Kind.LABELS))
    assert before <= rows <= sum(hour.rows for hour in reader.hours() if hour.kind is Kind.LABELS)


def test_a_reader_cannot_change_anything(tmp_path: Path) -> None:
    with an_embedded_tier(tmp_path) as tier:
        land(tier, predictions(["a"]))
        with an_embedded_tier(tmp_path, is_read_only=True) as reader:
            with pytest.raises(InvalidSettings, match="readonly"):
                reader.claim(ORIGIN)
            with pytest.raises(InvalidSettings, match="readonly"):
                reader.drop_day(Kind.PREDICTIONS, date(2025, 6, 15), {MONITOR: 1})
            assert len(everything(reader)) == 1


def test_there_is_nothing_to_read_before_the_exporter_has_started(tmp_path: Path) -> None:
    with pytest.raises(InvalidSettings, match=r"no such file; the exporter makes it"):
        open_embedded(tmp_path, MovedClock(), is_read_only=True)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(InvalidSettings, match=str(tmp_path / "state" / "warm")):
        open_embedded(tmp_path / "state" / "warm", MovedClock())


def test_a_file_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    with an_embedded_tier(tmp_path) as tier:
        land(tier, predictions(["a"]))
    with sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None) as newer:
        newer.execute(f"pragma user_version = {VERSION + 1}")
    newer.close()
    for is_read_only in (False, True):
        with pytest.raises(InvalidSettings, match=f"its form is {VERSION + 1}, written by a newer infranaut"):
            open_embedded(tmp_path, MovedClock(), is_read_only=is_read_only)


def test_a_dropped_day_gives_its_room_back(tmp_path: Path) -> None:
    with an_embedded_tier(tmp_path) as tier:
        rng = np.random.default_rng(6)
        land(tier, *(varied_predictions(rng, 5_000, f"p{number}", START_S) for number in range(8)))
        land(tier, labels(["p0-1"]))
    large = size_bytes(tmp_path)
    with an_embedded_tier(tmp_path) as tier:
        hours = [hour for hour in tier.hours() if hour.kind is Kind.PREDICTIONS]
        for day in {moment(hour.start).date() for hour in hours}:
            rows = sum(hour.rows for hour in hours if moment(hour.start).date() == day)
            tier.drop_day(Kind.PREDICTIONS, day, {MONITOR: rows})
        assert len(everything(tier, Kind.LABELS)) == 1
    assert size_bytes(tmp_path) < large / 5


def size_bytes(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.iterdir())


def test_a_duty_is_free_again_once_its_process_is_killed(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", _HOLD_A_DUTY, str(tmp_path)], stdout=subprocess.PIPE) as holder:
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == b"True\n"
            tier, ledger = open_embedded(tmp_path, MovedClock())
            assert not ledger.elect("move")
        finally:
            holder.kill()
    assert ledger.elect("move")
    tier.close()


_HOLD_A_DUTY = """
import signal, sys
from pathlib import Path
from exporter.archive.warm.embedded import open_embedded
from exporter.clock import SystemClock
_, ledger = open_embedded(Path(sys.argv[1]), SystemClock())
print(ledger.elect("move"), flush=True)
signal.pause()
"""


@pytest.mark.parametrize("statement", ["delete from audit", "update audit set actor = 'nobody'"])
def test_audit_events_cannot_be_taken_away_even_by_sql(tmp_path: Path, statement: str) -> None:
    tier, ledger = open_embedded(tmp_path, MovedClock())
    tier.migrate()
    ledger.audit(AuditEvent(START_S, "anna", "hold", {}))
    with sqlite3.connect(tmp_path / FILE_NAME) as other, pytest.raises(sqlite3.IntegrityError, match="are kept"):
        other.execute(statement)
    other.close()
    tier.close()


def test_what_failed_leaves_no_trace_in_memory(tmp_path: Path) -> None:
    """Row numbers of a landing that was rolled back are given again: nothing may take the new rows for the old."""
    with an_embedded_tier(tmp_path) as tier:
        land(tier, predictions([f"p{number}" for number in range(3_000)]))
        land(tier, predictions([f"q{number}" for number in range(3_000)]))
        claim = tier.claim(ORIGIN)
        bad = a_stream(predictions(["x", "y"]), predictions(["z"], age="old"), first=claim.next_sequence)
        with sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None) as other:
            other.execute("create trigger refuse before update on offsets begin select raise(abort, 'refused'); end")
            with pytest.raises(InvalidSettings, match="refused"):
                tier.land(claim, bad)
            other.execute("drop trigger refuse")
        other.close()
        assert len(everything(tier)) == 6_000
        tier.land(claim, a_stream(predictions(["u", "v", "w"]), first=claim.next_sequence))
        again = tier.land(tier.claim(ORIGIN), a_stream(predictions(["u", "v", "w", "p1"]), first=99))
        assert sum(again.rows.values()) == 0
        assert_counts_are_right(tier)


def test_ids_whose_hashes_are_equal_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(known_ids, "hash_text", lambda column, seed: np.full(len(column), 5, np.uint64))
    with an_embedded_tier(tmp_path) as tier:
        land(tier, predictions(["a", "b", "a"], START_S), letters([0, 1]))
        landed = land(tier, predictions(["c", "b"], START_S + 1), labels(["c", "x", "a"]), labels(["a"]))
        assert new_rows(landed) == {(MONITOR, Kind.PREDICTIONS): 1, (MONITOR, Kind.LABELS): 3}
        assert ids(tier.read(Kind.PREDICTIONS, MONITOR, EVER)) == ["a", "b", "c"]
        assert ids(tier.find(Kind.PREDICTIONS, MONITOR, ["b", "x"])) == ["b"]
        assert joined(tier) == ["a", "c"]
        assert labelled(tier) == {"a": 1.0, "c": 1.0}
        assert_counts_are_right(tier)


def test_spans_may_be_without_end(tmp_path: Path) -> None:
    with an_embedded_tier(tmp_path) as tier:
        land(tier, predictions(["a"]), labels(["a"]))
        assert ids(tier.read(Kind.PREDICTIONS, MONITOR, Span(-math.inf, math.inf))) == ["a"]
        assert ids(tier.newest(Kind.PREDICTIONS, MONITOR, -math.inf, 5)) == ["a"]
        assert joined(tier, since=-math.inf) == ["a"]
