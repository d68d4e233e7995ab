"""Landing in a warm tier as its lander does, and looking at what is there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from exporter.archive.entry import Entry, Kind
from exporter.archive.warm.tier import Landed, WarmTier
from tests.support.archives import EVER, MONITOR, ORIGIN, a_stream, counted_hours, ids, plain, side_counts


def land(tier: WarmTier, *entries: Entry | pa.RecordBatch, origin: str = ORIGIN) -> Landed:
    """Lands entries behind those of the origin that have landed."""
    claim = tier.claim(origin)
    return tier.land(claim, a_stream(*entries, first=claim.next_sequence))


def new_rows(landed: Landed) -> dict[tuple[str, Kind], int]:
    """Without those that had none."""
    return {key: rows for key, rows in landed.rows.items() if rows}


def everything(tier: WarmTier, kind: Kind = Kind.PREDICTIONS, monitor: str = MONITOR) -> list[dict[str, Any]]:
    return plain(tier.read(kind, monitor, EVER))


def joined(tier: WarmTier, origins: Sequence[str] = (ORIGIN,), since: float = 0, limit: int = 100) -> list[str]:
    """The ids of labels that are joined now."""
    return ids(tier.join_labels(origins, since, limit))


def labelled(tier: WarmTier, monitor: str = MONITOR) -> dict[str, Any]:
    """Id → label, of the predictions that have one."""
    return {row["id"]: row["label"] for row in plain(tier.read_labelled(monitor, EVER)) if "label" in row}


def assert_counts_are_right(tier: WarmTier, *monitors: str) -> None:
    """The side counts are those of the rows that are there."""
    assert side_counts(tier) == counted_hours(tier, *monitors)
