"""A profile keeper over a real embedded warm tier, and ways to break it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa

from exporter.archive.entry import Kind
from exporter.archive.kept_profiles import KeptProfile, decode_kept
from exporter.archive.latest_windows import WindowPublisher
from exporter.archive.ledger import Ledger, StoredProfile
from exporter.archive.profiles import ProfiledMonitor, ProfileKeeper
from exporter.archive.warm.tier import Claim, Span, WarmTier
from exporter.monitor.spec import Monitor
from exporter.reference.document import Reference
from exporter.window.children import Child
from tests.support.archives import EVER, ORIGIN, a_stream, an_entry
from tests.support.clocks import MovedClock
from tests.support.warm_places import PLACES


class Killed(Exception):
    """The process ended here."""


class DyingLedger:
    """A ledger whose process dies before or after the call of a name, the first time."""

    def __init__(self, ledger: Ledger, name: str, when: str) -> None:
        self._ledger = ledger
        self._name = name
        self._when = when

    def __getattr__(self, name: str) -> Any:
        call = getattr(self._ledger, name)
        return call if name != self._name else lambda *arguments, **named: self._die(call, *arguments, **named)

    def _die(self, call: Callable[..., object], *arguments: Any, **named: Any) -> None:
        if self._when == "after":
            call(*arguments, **named)
        raise Killed


@dataclass(slots=True)
class KeptArchive:
    """A warm tier with its ledger, rows landed one entry at a time, and the keeper of its profiles."""

    warm: WarmTier
    ledger: Ledger
    clock: MovedClock
    monitors: Sequence[ProfiledMonitor]
    publisher: WindowPublisher | None = None
    keeper: ProfileKeeper = field(init=False)
    _claim: Claim = field(init=False)

    def __post_init__(self) -> None:
        self.restart()
        self._claim = self.warm.claim(ORIGIN)

    def restart(self, ledger: Any = None) -> ProfileKeeper:
        """Another keeper, as after a restart; over `ledger` where one is given."""
        self.keeper = ProfileKeeper(self.warm, ledger or self.ledger, self.monitors, self.publisher)
        return self.keeper

    def land(self, rows: pa.RecordBatch, monitor: str = "credit") -> None:
        """Lands rows that arrive now, and joins labels."""
        entry = an_entry(rows, monitor, self.clock.now())
        [numbered] = a_stream(entry, first=self._claim.next_sequence)
        self._claim = self.warm.land(self._claim, [numbered]).claim
        if entry.kind is Kind.LABELS:
            self.warm.join_labels([ORIGIN], 0.0, 1_000_000)

    def settle(self) -> int:
        """Steps until there is nothing to do; how many steps did something."""
        for steps in range(500):
            if not self.keeper.step(self.clock.now()):
                return steps
        raise AssertionError("the keeper does not come to rest")

    def stored(self, monitor: str = "credit") -> Sequence[StoredProfile]:
        return self.ledger.profiles(monitor, EVER)

    def window(self, start: float) -> dict[Child, KeptProfile]:
        """What is kept of the hour from `start`."""
        return dict(decode_kept(self.ledger.profiles("credit", Span(start, start + 1))))

    def revisions(self) -> dict[int, int]:
        """Window → revision."""
        return {profile.start: profile.revision for profile in self.stored()}


@contextmanager
def a_kept_archive(
    folder: Path, monitors: Iterable[tuple[Monitor, Reference | None]], now_s: float, place: str = "embedded"
) -> Iterator[KeptArchive]:
    """Over a warm tier of `tests.support.warm_places.PLACES`."""
    with PLACES[place](folder) as opened:
        warm, ledger = opened.open()
        yield KeptArchive(warm, ledger, MovedClock(now_s), [ProfiledMonitor(*each) for each in monitors])
