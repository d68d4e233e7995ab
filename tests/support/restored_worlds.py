"""Worlds whose rows have all left the warm tier, and bringing them back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from exporter.archive.cold.moving import due_moves, move
from exporter.archive.cold.names import DAY_S
from exporter.archive.cold.restoring import RestoredSpan, RestoreRequest, restore
from exporter.archive.entry import Kind
from exporter.archive.warm.tier import Span
from exporter.monitor.spec import Retention
from tests.support.archives import EVER, MONITOR, labels, letters, plain, varied_predictions
from tests.support.batches import START_S
from tests.support.cold_tiers import World, a_world

KEPT = {MONITOR: Retention.model_validate({"warm": "30d", "cold": "365d"})}
DAY = START_S // DAY_S * DAY_S
NOW = DAY + 40 * DAY_S
WHOLE_DAY = Span(DAY, DAY + DAY_S)


def dropped(folder: Path, **cold: Any) -> World:
    """Rows of three hours that lie in cold only."""
    world, rng = a_world(folder, **cold), np.random.default_rng(4)
    for number in range(3):
        rows = varied_predictions(rng, 20, f"e{number}")
        world.land(rows, labels([f"e{number}-0"]), letters([0]), origin=f"exporter-{number % 2}/0")
    to_cold(world)
    return world


def to_cold(world: World) -> None:
    """Moves all rows on."""
    world.clock.now_s = NOW
    move(world.tiers, due_moves(world.tiers, KEPT))
    assert world.warm.hours() == []


def brought_back(world: World, span: Span = WHOLE_DAY, days: float = 10, **request: Any) -> RestoredSpan:
    asked = RestoreRequest(MONITOR, span, world.clock.now() + days * DAY_S, **request)
    return restore(world.tiers, world.cold, asked, lambda *_: None)


def in_warm(world: World, kind: Kind = Kind.PREDICTIONS) -> list[dict[str, Any]]:
    return plain(world.warm.read(kind, MONITOR, EVER))
