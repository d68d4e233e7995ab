"""Any history of a warm tier, against a model of it that is a few dicts."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import ExitStack
from datetime import UTC, date, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from exporter.archive.entry import Entry, Kind
from exporter.archive.warm.tier import Claim, Span
from exporter.errors import Fenced, LateRows
from tests.support.archives import DAY_S, EVER, HOUR_S, MONITOR, a_stream, an_entry, labels, plain, predictions
from tests.support.batches import START_S
from tests.support.warm_places import PLACES

ORIGINS = ("exporter-1/0", "exporter-1/1")
DAYS = tuple(datetime.fromtimestamp(START_S + number * DAY_S, UTC).date() for number in range(3))

some_ids = st.lists(st.sampled_from([f"p{number}" for number in range(12)]), max_size=6)
some_offsets = st.sampled_from([0.0, 60.0, HOUR_S, DAY_S, DAY_S + 0.5, 2 * DAY_S])
some_origins = st.sampled_from(ORIGINS)


def _day(time_s: float) -> date:
    return datetime.fromtimestamp(time_s, UTC).date()


class WarmHistory(RuleBasedStateMachine):
    """Two connections to one tier do what they may; the model knows which rows must be there."""

    place_name = "embedded"

    def __init__(self) -> None:
        super().__init__()
        self.stack = ExitStack()
        folder = Path(self.stack.enter_context(TemporaryDirectory()))
        self.place = self.stack.enter_context(PLACES[self.place_name](folder))
        self.tiers = [self.place.tier(), self.place.tier()]
        self.claims: dict[str, Claim] = {origin: self.tiers[0].claim(origin) for origin in ORIGINS}
        self.landed = dict.fromkeys(ORIGINS, 1)
        self.predictions: dict[tuple[str, date], float] = {}
        self.labels: dict[str, tuple[float, str]] = {}
        self.joined: dict[str, tuple[str, date]] = {}
        self.dropped: list[pa.RecordBatch] = []

    def teardown(self) -> None:
        self.stack.close()

    @rule(origin=some_origins, named=some_ids, offset=some_offsets, who=st.integers(0, 1))
    def land_predictions(self, origin: str, named: Sequence[str], offset: float, who: int) -> None:
        time_s = START_S + offset
        self._land(origin, an_entry(predictions(named, time_s)), who)
        for identifier in named:
            self.predictions.setdefault((identifier, _day(time_s)), time_s)

    @rule(origin=some_origins, named=some_ids, offset=some_offsets, who=st.integers(0, 1))
    def land_labels(self, origin: str, named: Sequence[str], offset: float, who: int) -> None:
        self._land(origin, an_entry(labels(named, START_S + offset)), who)
        for identifier in named:
            self.labels.setdefault(identifier, (START_S + offset, origin))

    @rule(origin=some_origins, who=st.integers(0, 1))
    def claim_again(self, origin: str, who: int) -> None:
        old = self.claims[origin]
        self.claims[origin] = self.tiers[who].claim(origin)
        assert self.claims[origin].next_sequence in {old.next_sequence, self.landed[origin]}
        with pytest.raises(Fenced):
            self.tiers[1 - who].land(old, a_stream(predictions(["never"]), first=self.landed[origin]))

    @rule(origins=st.sets(some_origins), limit=st.integers(1, 4), who=st.integers(0, 1))
    def join(self, origins: set[str], limit: int, who: int) -> None:
        found = self.tiers[who].join_labels(sorted(origins), 0, limit).to_pylist()
        days = {identifier for identifier, _ in self.predictions}
        open_labels = {
            identifier
            for identifier, (_, origin) in self.labels.items()
            if identifier not in self.joined and origin in origins and identifier in days
        }
        assert len(found) == min(limit, len(open_labels))
        assert {row["id"] for row in found} <= open_labels
        for row in found:
            key = row["id"], row["time"].date()
            assert key in self.predictions
            self.joined[row["id"]] = key

    @rule(day=st.sampled_from(DAYS), who=st.integers(0, 1))
    def drop_predictions(self, day: date, who: int) -> None:
        expected = sum(each == day for _, each in self.predictions)
        start_s = datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()
        self.dropped += self.tiers[who].read(Kind.PREDICTIONS, MONITOR, Span(start_s, start_s + DAY_S))
        with pytest.raises(LateRows):
            self.tiers[who].drop_day(Kind.PREDICTIONS, day, {MONITOR: expected + 1})
        self.tiers[who].drop_day(Kind.PREDICTIONS, day, {MONITOR: expected})
        self.predictions = {key: value for key, value in self.predictions.items() if key[1] != day}
        self.joined = {identifier: key for identifier, key in self.joined.items() if key[1] != day}

    @precondition(lambda self: not self.joined)
    @rule(day=st.sampled_from(DAYS), who=st.integers(0, 1))
    def drop_labels(self, day: date, who: int) -> None:
        expected = sum(_day(time_s) == day for time_s, _ in self.labels.values())
        self.tiers[who].drop_day(Kind.LABELS, day, {MONITOR: expected})
        self.labels = {name: value for name, value in self.labels.items() if _day(value[0]) != day}

    @rule(who=st.integers(0, 1))
    def restore_what_was_dropped(self, who: int) -> None:
        rows, self.dropped = self.dropped, []
        times = {(row["id"], row["time"].date()): row["time"].timestamp() for row in plain(rows)}
        new = {key: time_s for key, time_s in times.items() if key not in self.predictions}
        assert self.tiers[who].restore(Kind.PREDICTIONS, MONITOR, rows) == len(new)
        self.predictions |= new

    @rule(who=st.integers(0, 1))
    def restore_what_is_there(self, who: int) -> None:
        rows = list(self.tiers[who].read(Kind.LABELS, MONITOR, EVER))
        assert self.tiers[who].restore(Kind.LABELS, MONITOR, rows) == 0

    @invariant()
    def holds_what_it_must(self) -> None:
        tier = self.tiers[0]
        rows = plain(tier.read_labelled(MONITOR, EVER))
        assert {(row["id"], row["time"].date()) for row in rows} == set(self.predictions)
        assert len(rows) == len(self.predictions)
        assert {(row["id"], row["time"].date()) for row in rows if "label" in row} == set(self.joined.values())
        assert sorted(row["id"] for row in plain(tier.read(Kind.LABELS, MONITOR, EVER))) == sorted(self.labels)
        hours = tier.hours()
        assert sum(hour.rows for hour in hours if hour.kind is Kind.PREDICTIONS) == len(rows)
        assert sum(hour.labelled for hour in hours) == len(self.joined)
        assert sum(hour.rows for hour in hours if hour.kind is Kind.LABELS) == len(self.labels)

    def _land(self, origin: str, entry: Entry, who: int) -> None:
        stream = a_stream(entry, first=self.landed[origin])
        self.tiers[who].land(self.claims[origin], stream)
        self.landed[origin] += 1


@pytest.mark.parametrize("name", PLACES)
def test_any_history_leaves_the_rows_and_counts_of_the_model(name: str, tmp_path: Path) -> None:
    with PLACES[name](tmp_path):
        """Skips where the implementation cannot run."""
    history = type("WarmHistoryOf", (WarmHistory,), {"place_name": name})
    run_state_machine_as_test(
        history,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        ),
    )
