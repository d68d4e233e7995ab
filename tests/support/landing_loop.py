"""A process that lands in an embedded warm tier without end: `python -m tests.support.landing_loop FOLDER ORIGIN`.

It prints the number of the next entry each time one has landed, so that whoever kills it knows what was acknowledged.
"""

from __future__ import annotations

import sys
from pathlib import Path

from exporter.archive.entry import SequencedEntry
from exporter.archive.warm.embedded import open_embedded
from exporter.clock import SystemClock
from tests.support.archives import DAY_S, an_entry, labels, predictions
from tests.support.batches import START_S

ENTRY_ROWS = 7


def ids_of(origin: str, sequence: int) -> list[str]:
    """Of the predictions of an entry; the entry after it brings their labels, and repeats two of them."""
    return [f"{origin}-{sequence}-{row}" for row in range(ENTRY_ROWS)]


def entries_of(origin: str, sequence: int) -> list[SequencedEntry]:
    """A landing of two entries, over a day's border every now and then."""
    time_s = START_S + (sequence % 5) * DAY_S
    named = [*ids_of(origin, sequence), *ids_of(origin, sequence)[:2]]
    of_before = labels(ids_of(origin, max(0, sequence - 2)), time_s)
    return [
        SequencedEntry(sequence, an_entry(predictions(named, time_s, age=1.0))),
        SequencedEntry(sequence + 1, an_entry(of_before)),
    ]


def land_without_end(folder: Path, origin: str) -> None:
    tier, _ = open_embedded(folder, SystemClock())
    tier.migrate()
    claim = tier.claim(origin)
    while True:
        claim = tier.land(claim, entries_of(origin, claim.next_sequence)).claim
        tier.join_labels([origin], 0, 100)
        print(claim.next_sequence, flush=True)


if __name__ == "__main__":
    land_without_end(Path(sys.argv[1]), sys.argv[2])
