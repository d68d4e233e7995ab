"""A journal whose entries are kept once the warm tier has them: `ack: sink`."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import TypeVar

from exporter.archive.entry import Entry, SequencedEntry
from exporter.archive.journal import WhenKept
from exporter.archive.warm.tier import Landed, WarmTier
from exporter.errors import RetryLater

_ENTRIES_A_LANDING = 64

log = logging.getLogger(__name__)

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class SinkLimits:
    """What a sink journal holds and how long.

    queue_bytes     : of the entries that have not landed; beyond it an entry is refused.
    answer_within_s : how long a sender waits before it is told to try again.
    retry_s         : between two attempts to reach a tier that is away.
    """

    queue_bytes: int = 128 * 2**20
    answer_within_s: float = 10.0
    retry_s: float = 0.5


@dataclass(slots=True)
class _Waiter:
    """An entry under way; who waits for it is told no later than `deadline`, but it stays until it has landed."""

    number: int
    entry: Entry
    when_kept: WhenKept | None
    deadline: float

    def tell(self, error: Exception | None) -> None:
        if self.when_kept is not None:
            self.when_kept(error)
            self.when_kept = None


class SinkJournal:
    """Lands what has come together, in one transaction, from a thread of its own that also opens the tier.

    A landing that fails is tried again with the same entries for as long as the process lives, since nobody knows
    whether it took place. Senders are told to try again after a while; what they send twice is landed once.
    """

    def __init__(
        self,
        open_warm: Callable[[], WarmTier],
        origin: str,
        when_landed: Callable[[Landed], object],
        limits: SinkLimits | None = None,
    ) -> None:
        self._open_warm = open_warm
        self._origin = origin
        self._when_landed = when_landed
        self._limits = limits or SinkLimits()
        self._queue: deque[_Waiter] = deque()
        self._queued_bytes = 0
        self._appended = 0
        self._closing = threading.Event()
        self._changed = threading.Condition()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="sink", daemon=True)
        self._thread.start()

    def append(self, entry: Entry, when_kept: WhenKept) -> None:
        with self._changed:
            if self._failure is not None:
                raise self._failure
            if self._queue and self._queued_bytes + entry.rows.nbytes > self._limits.queue_bytes:
                raise RetryLater("the warm tier does not keep up; try again in a second")
            deadline = time.monotonic() + self._limits.answer_within_s
            self._queue.append(_Waiter(self._appended, entry, when_kept, deadline))
            self._appended += 1
            self._queued_bytes += entry.rows.nbytes
            self._changed.notify()

    @property
    def failure(self) -> Exception | None:
        return self._failure

    def close(self) -> None:
        """Lands what waits, as far as the tier is there; waiters that remain are told that nobody knows."""
        with self._changed:
            self._closing.set()
            self._changed.notify()
        self._thread.join(self._limits.answer_within_s + 1)

    def _run(self) -> None:
        try:
            self._land_until_closed()
            self._abandon()
        except Exception as error:
            log.exception("rows cannot be landed any more")
            self._fail(error)

    def _land_until_closed(self) -> None:
        warm = self._open_when_there()
        if warm is None:
            return
        claim = self._until_done(lambda: warm.claim(self._origin))
        first = claim.next_sequence if claim is not None else 0
        while claim is not None and (waiters := self._wait_for_work()) is not None:
            entries = [SequencedEntry(first + waiter.number, waiter.entry) for waiter in waiters]
            landed = self._until_done(partial(warm.land, claim, entries))
            if landed is None:
                break
            claim = landed.claim
            self._when_landed(landed)
            self._settle(waiters)
        warm.close()

    def _open_when_there(self) -> WarmTier | None:
        return self._until_done(self._open_warm)

    def _until_done(self, call: Callable[[], T]) -> T | None:
        """Calls again while the tier is away; None once the journal closes and nobody waits any more."""
        while True:
            try:
                return call()
            except RetryLater as error:
                log.warning("the warm tier is away: %s", error)
                self._tell_overdue(error)
            if self._closing.wait(self._limits.retry_s):
                return None

    def _wait_for_work(self) -> list[_Waiter] | None:
        """The entries to land next, in order; they stay in the queue. None when there are none and it is closing."""
        with self._changed:
            while not self._queue and not self._closing.is_set():
                self._changed.wait()
            return list(islice(self._queue, _ENTRIES_A_LANDING)) or None

    def _settle(self, waiters: Sequence[_Waiter]) -> None:
        with self._changed:
            for waiter in waiters:
                self._queue.popleft()
                self._queued_bytes -= waiter.entry.rows.nbytes
        for waiter in waiters:
            waiter.tell(None)

    def _tell_overdue(self, error: RetryLater) -> None:
        now = time.monotonic()
        with self._changed:
            overdue = [waiter for waiter in self._queue if waiter.deadline <= now]
        for waiter in overdue:
            waiter.tell(error)

    def _abandon(self) -> None:
        """Tells whoever still waits that nobody knows."""
        with self._changed:
            waiters = list(self._queue)
        for waiter in waiters:
            waiter.tell(RetryLater("the exporter is stopping and the warm tier is away; send it again"))

    def _fail(self, error: Exception) -> None:
        with self._changed:
            self._failure = error
            waiters = list(self._queue)
        for waiter in waiters:
            waiter.tell(error)
