"""What SQL says of ids and categories is looked up in the statistics of cold files, before their rows are fetched."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from exporter.archive.cold import parquet
from exporter.archive.cold.names import RowHour
from exporter.archive.query.archive_reader import ArchiveReader
from exporter.archive.query.hours import plan_hours
from exporter.archive.query.reading_ahead import THREADS
from exporter.archive.query.session import QuerySession
from exporter.errors import InvalidSettings
from tests.support.archives import HOUR_S, predictions
from tests.support.batches import START_S
from tests.support.cold_tiers import World, a_world, some_keys
from tests.support.counting_store import CountingStore

FOOTER_BYTES = 65_536
ROWS = 6_000
HOURS = 4
REGIONS = ("north", "south", "west", None)


def row_ids(hour: int, rows: int = ROWS) -> list[str]:
    """Without any order, as UUIDs."""
    numbers = np.random.default_rng(hour).integers(0, 1 << 62, (rows, 2))
    return [f"{high:016x}{low:016x}" for high, low in numbers.tolist()]


class Asked:
    """Hours of rows that are cold alone but for the last one, behind a store that counts."""

    def __init__(self, folder: Path, rows: int = ROWS, hours: int = HOURS, **cold: Any) -> None:
        self.folder = folder
        self.world: World = a_world(folder, **cold)
        for hour in range(hours):
            at = START_S + hour * HOUR_S
            region = REGIONS[hour % len(REGIONS)]
            text = {} if region is None else {"region": region}
            self.world.land(predictions(row_ids(hour, rows), at, age=float(hour), **text))
        for stored in self.world.warm.hours():
            self.world.copy(RowHour(stored.monitor, stored.kind, stored.start))
        self.world.warm.batches.clear()
        self.world.warm.known.clear()
        self.world.land(predictions(["warm"], START_S + hours * HOUR_S, region="east", age=float(hours)))
        self.store = CountingStore(self.world.cold.store)
        self.world.cold = replace(self.world.cold, store=self.store)
        self.files = [file.name for file in sorted(self.world.ledger.cold_files(), key=lambda file: file.hour)]

    def rows(self, sql: str, before: Callable[[], object] = lambda: None) -> list[tuple[Any, ...]]:
        """`before` is called within each request for rows; what the columns cost is not counted."""
        tiers = self.world.tiers
        hours = plan_hours(tiers.warm.hours(), tiers.ledger.cold_files())
        self.reader = ArchiveReader(tiers.warm, tiers.cold)
        session = QuerySession(
            hours, self.reader.schemas(hours, {}), self.reader, memory_bytes=2**26, spill=self.folder / "spill"
        )
        self.store.forget()
        self.store.before = before
        try:
            return [tuple(row.values()) for batch in session.run(sql).batches for row in batch.to_pylist()]
        finally:
            session.close()
            self.store.before = lambda: None

    def fetched_files(self) -> list[int]:
        """The hours of which more than the end of their file is fetched."""
        return [at for at, name in enumerate(self.files) if self.store.bytes_of(name) > FOOTER_BYTES]

    def requests(self) -> list[int]:
        return [sum(of == name for of, _, _ in self.store.fetched) for name in self.files]


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Asked:
    return Asked(tmp_path_factory.mktemp("asked"))


def test_of_files_that_cannot_hold_an_id_nothing_but_the_end_is_fetched(asked: Asked) -> None:
    sizes = [asked.store.size(name) or 0 for name in asked.files]
    assert min(sizes) > 1.5 * FOOTER_BYTES
    wanted = row_ids(2)[77]
    assert asked.rows(f"SELECT id, age, region FROM credit WHERE id = '{wanted}'") == [(wanted, 2.0, "west")]
    assert asked.fetched_files() == [2]
    assert [requests for at, requests in enumerate(asked.requests()) if at != 2] == [1, 1, 1]
    assert asked.rows("SELECT * FROM credit WHERE id = 'zz'") == []
    assert asked.requests() == [1, 1, 1, 1]
    assert asked.fetched_files() == []


def test_of_several_ids_the_files_of_each_are_read(asked: Asked) -> None:
    wanted = sorted([row_ids(0)[5], row_ids(3)[8], "warm"])
    listed = ", ".join(f"'{name}'" for name in [*wanted, "nobody"])
    assert asked.rows(f"SELECT id FROM credit WHERE id IN ({listed}) ORDER BY id") == [(name,) for name in wanted]
    assert asked.fetched_files() == [0, 3]


def test_a_category_is_looked_up_as_well(asked: Asked) -> None:
    assert asked.rows("SELECT count(*), min(age) FROM credit WHERE region = 'south'") == [(ROWS, 1.0)]
    assert asked.requests()[0] == asked.requests()[2] == 1
    assert asked.rows("SELECT count(*) FROM credit WHERE region IN ('south', 'east')") == [(ROWS + 1,)]
    assert asked.requests()[0] == asked.requests()[2] == asked.requests()[3] == 1
    assert asked.rows("SELECT count(*) FROM credit WHERE region IS NULL") == [(ROWS,)]


def test_what_statistics_cannot_rule_out_is_read(asked: Asked) -> None:
    assert asked.rows("SELECT count(*) FROM credit WHERE region >= 'south'") == [(2 * ROWS,)]
    assert asked.rows(f"SELECT count(*) FROM credit WHERE id = '{row_ids(1)[0]}' OR age = 3") == [(ROWS + 1,)]
    assert asked.rows("SELECT count(*) FROM credit WHERE id <> 'warm'") == [(HOURS * ROWS,)]
    assert asked.rows("SELECT count(*) FROM credit WHERE id >= 'w'") == [(1,)]
    assert asked.fetched_files() == []


def test_of_a_file_only_the_row_groups_that_may_hold_the_id_are_fetched(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "GROUP_ROWS", 5_000)
    asked = Asked(tmp_path, rows=40_000, hours=1)
    wanted = sorted(row_ids(0, 40_000))[17_000]
    assert asked.rows(f"SELECT id FROM credit WHERE id = '{wanted}'") == [(wanted,)]
    assert asked.store.bytes_of(asked.files[0]) < (asked.store.size(asked.files[0]) or 0) / 3


def test_footers_are_fetched_side_by_side_within_a_bound(tmp_path: Path) -> None:
    asked = Asked(tmp_path, rows=10, hours=3 * THREADS)
    together = threading.Barrier(THREADS, timeout=20)
    assert asked.rows("SELECT id FROM credit WHERE id = 'zz'", together.wait) == []
    assert asked.store.most_at_once == THREADS
    assert asked.requests() == [1] * 3 * THREADS


def test_sealed_files_are_pruned_with_their_key_and_read_without_it(tmp_path: Path) -> None:
    keys = some_keys(tmp_path)
    asked = Asked(tmp_path, keys=keys)
    wanted = row_ids(2)[77]
    assert asked.rows(f"SELECT id, region FROM credit WHERE id = '{wanted}'") == [(wanted, "west")]
    assert asked.rows("SELECT count(*) FROM credit WHERE region = 'south'") == [(ROWS,)]
    assert asked.fetched_files() == [1]
    assert asked.rows("SELECT id FROM credit WHERE id < '0'") == []
    assert asked.fetched_files() == []
    keys.remove("credit/2025-06")
    assert asked.rows(f"SELECT id FROM credit WHERE id = '{wanted}' OR id = 'warm'") == [("warm",)]
    assert asked.reader.sealed_rows == HOURS * ROWS
    assert asked.rows("SELECT count(*) FROM credit WHERE time < '2030-01-01'") == [(HOURS * ROWS + 1,)]


def test_sealed_files_without_a_file_of_keys_are_told(tmp_path: Path) -> None:
    asked = Asked(tmp_path, keys=some_keys(tmp_path))
    reader = replace(asked.world.cold, keys=None).open(asked.world.ledger.cold_files()[0])
    with pytest.raises(InvalidSettings, match="column_keys"):
        reader.groups_with_ids(["a"])
