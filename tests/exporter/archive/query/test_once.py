"""Whatever landed, was copied, dropped, brought back and came late: every row is given once, and none is missing."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
from hypothesis import given, settings
from hypothesis import strategies as st

from exporter.archive.entry import Kind
from exporter.archive.query.tier_rows import TierRows
from exporter.archive.schema import with_provenance
from tests.support.archives import HOUR_S, ORIGIN, an_entry, predictions
from tests.support.batches import START_S
from tests.support.tier_readers import TiersInMemory

ROWSET = ("credit", Kind.PREDICTIONS)
HOURS = 2

_LANDED = st.lists(st.integers(0, HOURS - 1), min_size=1, max_size=3)
_COPIED = st.sampled_from([[], [0], [0, 1]])
_RESTORED = st.lists(st.integers(0, 8), max_size=2)
_Round = tuple[list[int], list[int], bool, list[int]]
_ROUND = st.tuples(_LANDED, _COPIED, st.booleans(), _RESTORED)
ROUNDS = st.lists(_ROUND, max_size=6)
"""In each round some rows land, in these hours; hours are copied; what is copied is dropped; files are brought back."""
ROUNDS_WITH_RESENDS = st.lists(st.tuples(_ROUND, st.lists(st.integers(0, 8), max_size=3)), max_size=6)
"""Between dropping and bringing back, rows that landed before, by their number, are sent again."""


class TierHistory:
    """Does to the tiers in memory what landing, moving and restoring do to real ones."""

    def __init__(self) -> None:
        self.tiers = TiersInMemory()
        self.landed: list[str] = []
        self._hours: dict[str, int] = {}
        self._warm: dict[str, tuple[int, int]] = {}
        self._copied: dict[tuple[int, int], set[tuple[str, int]]] = {}
        self._sequence = 0

    def land(self, hours: list[int]) -> None:
        self._sequence += 1
        for number, hour in enumerate(hours):
            name = f"{self._sequence}-{number}"
            self.landed.append(name)
            self._hours[name] = hour
            self._warm[name] = (hour, self._sequence)

    def resend(self, numbers: list[int]) -> None:
        """What is warm is known and not added again; what has left the warm tier is."""
        self._sequence += 1
        for number in numbers:
            name = self.landed[number % len(self.landed)]
            self._warm.setdefault(name, (self._hours[name], self._sequence))

    def copy(self, hours: list[int]) -> None:
        """A file of the entries that no file of the hour covers; what is landed later has a greater sequence."""
        for hour in hours:
            self._copy_hour(hour)

    def _copy_hour(self, hour: int) -> None:
        covered = max((last for of_hour, last in self._copied if of_hour == hour), default=0)
        due = {name: at for name, at in self._warm.items() if at[0] == hour and at[1] > covered}
        if due:
            self._copied[hour, max(sequence for _, sequence in due.values())] = {
                (name, at[1]) for name, at in due.items()
            }
            self.tiers.freeze(pa.concat_batches([self._row(name, *at) for name, at in sorted(due.items())]))

    def drop(self) -> None:
        copied = set().union(*self._copied.values())
        if {(name, at[1]) for name, at in self._warm.items()} <= copied:
            self._warm.clear()

    def restore(self, files: list[int]) -> None:
        for file in files:
            if file < len(self.tiers.files):
                for row in self.tiers.cold[self.tiers.files[file].name].to_pylist():
                    self._warm.setdefault(row["id"], (self._hours[row["id"]], row["sequence"]))

    def query(self, ids: list[str] | None = None) -> list[tuple[str, int]]:
        """Id and sequence of each row."""
        self.tiers.warm = {ROWSET: [self._row(name, *at) for name, at in self._warm.items()]}
        hours = self.tiers.plan().get(ROWSET, ())
        if not hours:
            return []
        rows = TierRows(ROWSET, hours, self.tiers.schemas()[ROWSET], self.tiers, [])
        condition = pc.field("id").isin(ids) if ids is not None else None
        found = rows.scanner(["id", "sequence"], condition).to_reader().read_all()
        return sorted((row["id"], row["sequence"]) for row in found.to_pylist())

    def query_ids(self) -> list[str]:
        return [name for name, _ in self.query()]

    @staticmethod
    def _row(name: str, hour: int, sequence: int) -> pa.RecordBatch:
        return with_provenance(an_entry(predictions([name], START_S + hour * HOUR_S)), ORIGIN, sequence)


@settings(max_examples=60, deadline=None)
@given(ROUNDS)
def test_every_row_is_given_once_after_any_history(rounds: list[_Round]) -> None:
    history = TierHistory()
    for landed, copied, is_dropped, restored in rounds:
        history.land(landed)
        assert history.query_ids() == sorted(history.landed)
        history.copy(copied)
        if is_dropped:
            history.drop()
        history.restore(restored)
        assert history.query_ids() == sorted(history.landed)


@settings(max_examples=60, deadline=None)
@given(ROUNDS_WITH_RESENDS, st.data())
def test_rows_of_ids_are_those_that_a_scan_gives(rounds: list[tuple[_Round, list[int]]], data: st.DataObject) -> None:
    history = TierHistory()
    for (landed, copied, is_dropped, restored), resent in rounds:
        history.land(landed)
        history.copy(copied)
        if is_dropped:
            history.drop()
        history.resend(resent)
        history.restore(restored)
        ids = data.draw(st.lists(st.sampled_from([*history.landed, "nobody"]), min_size=1, max_size=3))
        assert history.query(ids) == [row for row in history.query() if row[0] in ids]
        assert ("found", tuple(sorted(set(ids)))) in history.tiers.asked or not history.tiers.hours()


def test_an_id_that_came_again_is_looked_at_with_its_whole_hour() -> None:
    history = TierHistory()
    history.land([0, 0])
    history.copy([0])
    history.drop()
    history.resend([0])
    history.restore([0])
    assert history.query(["1-0"]) == [("1-0", 2)]
    assert history.query() == [("1-0", 2), ("1-1", 1)]
