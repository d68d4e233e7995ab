"""Processes that land in the embedded warm tier are killed: what they acknowledged is there once."""

from __future__ import annotations

import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from exporter.archive.entry import Kind
from exporter.archive.warm.embedded import open_embedded
from exporter.archive.warm.tier import WarmTier
from tests.support.archives import EVER, MONITOR, counted_hours, ids, side_counts
from tests.support.clocks import MovedClock
from tests.support.landing_loop import ids_of

KILLS = 4
MOST_LANDINGS = 30


def test_what_was_acknowledged_before_a_kill_is_there_once(tmp_path: Path) -> None:
    rng = random.Random(11)
    for _ in range(KILLS):
        with landing(tmp_path, "exporter/0") as process:
            process.wait_for(rng.randint(1, MOST_LANDINGS))
            acknowledged = process.kill()
        assert_landed(tmp_path, {"exporter/0": acknowledged})


def test_of_two_processes_that_land_at_once_one_is_killed(tmp_path: Path) -> None:
    with landing(tmp_path, "exporter/0") as killed, landing(tmp_path, "exporter/1") as other:
        killed.wait_for(20)
        other.wait_for(1)
        first = killed.kill()
        other.wait_for(20)
        second = other.kill()
    assert_landed(tmp_path, {"exporter/0": first, "exporter/1": second})


class KilledLander:
    """A process that lands until it is killed; told: the last number that it acknowledged."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.told = 0

    def wait_for(self, landings: int) -> None:
        assert self._process.stdout is not None
        for _ in range(landings):
            line = self._process.stdout.readline()
            assert line, "it ended by itself"
            self.told = int(line)

    def kill(self) -> int:
        """Ends it in the middle of what it is doing; the last number that it acknowledged."""
        assert self._process.stdout is not None
        self._process.kill()
        for line in self._process.stdout:
            self.told = int(line) if line.endswith("\n") else self.told
        return self.told


@contextmanager
def landing(folder: Path, origin: str) -> Iterator[KilledLander]:
    command = [sys.executable, "-m", "tests.support.landing_loop", str(folder), origin]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        try:
            yield KilledLander(process)
        finally:
            process.kill()


def assert_landed(folder: Path, acknowledged: dict[str, int]) -> None:
    """Every entry before the number that was acknowledged is there, and nothing is there but whole entries."""
    tier, _ = open_embedded(folder, MovedClock())
    try:
        landed = {origin: tier.claim(origin).next_sequence for origin in acknowledged}
        assert all(landed[origin] >= number for origin, number in acknowledged.items())
        expected = [
            name for origin, end in landed.items() for first in range(0, end, 2) for name in ids_of(origin, first)
        ]
        assert ids(tier.read(Kind.PREDICTIONS, MONITOR, EVER)) == sorted(expected)
        assert_labels_are_there(tier, landed)
        assert side_counts(tier) == counted_hours(tier)
    finally:
        tier.close()


def assert_labels_are_there(tier: WarmTier, landed: dict[str, int]) -> None:
    firsts = {(origin, max(0, first - 2)) for origin, end in landed.items() for first in range(0, end, 2)}
    expected = [name for origin, first in firsts for name in ids_of(origin, first)]
    assert ids(tier.read(Kind.LABELS, MONITOR, EVER)) == sorted(expected)
