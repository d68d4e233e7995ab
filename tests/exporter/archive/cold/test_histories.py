"""Random histories of landings, moves, restorations and crashes: every row is somewhere, and in cold never twice."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from exporter.archive.cold.moving import Tiers, due_moves, move
from exporter.archive.cold.names import DAY_S
from exporter.archive.cold.restoring import RestoreRequest, restore
from exporter.archive.cold.verify import VerifiedState, verify
from exporter.archive.entry import Kind
from exporter.archive.warm.tier import Span
from exporter.monitor.spec import Retention
from tests.support.archives import EVER, MONITOR, predictions
from tests.support.batches import START_S
from tests.support.cold_tiers import Crash, Stumbling, World, a_world

KEPT = {MONITOR: Retention.model_validate({"warm": "5d", "cold": "1y"})}
DAY = START_S // DAY_S * DAY_S
STEPS = 14
STUMBLES = {
    "warm": ("read", "drop_day", "restore", "hours"),
    "ledger": ("add_cold_file", "cold_files", "audit"),
    "store": ("put_if_absent", "get"),
}


class ColdHistory:
    """One world, and the ids that have landed in it."""

    def __init__(self, folder: Path, seed: int) -> None:
        self._rng = random.Random(seed)
        self._world = a_world(folder, file_rows=self._rng.choice([3, 8, 100]))
        self._landed: list[str] = []

    def run(self) -> None:
        for _ in range(STEPS):
            step = self._rng.choices([self.land, self.move, self.restore, self.wait], [4, 4, 1, 3])[0]
            step()
        self._world.clock.move(100 * DAY_S)
        move(self._world.tiers, due_moves(self._world.tiers, KEPT))

    def land(self) -> None:
        """Rows of the last days, and some that come late."""
        for _ in range(self._rng.randint(1, 4)):
            names = [f"p{len(self._landed) + number}" for number in range(self._rng.randint(1, 6))]
            since = self._world.clock.now() - self._rng.choice([0.1, 2, 9]) * DAY_S
            times = [since + self._rng.random() * 7_200 for _ in names]
            self._world.land(predictions(names, times), origin=self._rng.choice(["a/0", "b/0"]))
            self._landed += names

    def move(self) -> None:
        tiers = self._stumbling()
        with suppress(Crash):
            move(tiers, due_moves(tiers, KEPT))

    def restore(self) -> None:
        tiers = self._stumbling()
        start = self._world.clock.now() - self._rng.randint(1, 20) * DAY_S
        request = RestoreRequest(MONITOR, Span(start, start + 3 * DAY_S), self._world.clock.now() + 2 * DAY_S)
        assert tiers.cold is not None
        with suppress(Crash):
            restore(tiers, tiers.cold, request, lambda *_: None)

    def wait(self) -> None:
        self._world.clock.move(self._rng.choice([0.3, 1, 4]) * DAY_S)

    def check(self) -> None:
        world = self._world
        cold = Counter(name for batch in world.cold_rows(columns=["id"]) for name in batch.column("id").to_pylist())
        assert cold == Counter(self._landed)
        assert list(world.warm.read(Kind.PREDICTIONS, MONITOR, EVER, ["id"])) == []
        assert world.objects() == sorted(world.ledger.files)
        found = verify(world.tiers, world.cold, world.ledger.cold_files(), lambda *_: None)
        assert {one.state for one in found.files} <= {VerifiedState.RIGHT}

    def _stumbling(self) -> Tiers:
        """The tiers as a process sees them that ends at some step, more often than not."""
        world: World = self._world
        seen: dict[str, Any] = {"warm": world.warm, "ledger": world.ledger, "store": world.cold.store}
        part = self._rng.choice(list(STUMBLES))
        method, at = self._rng.choice(STUMBLES[part]), self._rng.randint(1, 6)
        seen[part] = Stumbling(seen[part], method, at, is_after=self._rng.random() < 0.5)
        return Tiers(seen["warm"], seen["ledger"], replace(world.cold, store=seen["store"]), world.clock)


@pytest.mark.parametrize("seed", range(25))
def test_every_row_ends_in_cold_once(tmp_path: Path, seed: int) -> None:
    history = ColdHistory(tmp_path, seed)
    history.run()
    history.check()
