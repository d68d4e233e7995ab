"""Takes entries from any thread, and tells each when it is durable; one thread writes, one flush serves all that wait.

What is slow in Python is to wake a thread. So the writer is woken once for all that comes while it is busy, and what it
has to tell is delivered in one call a flush, which an event loop can be given at once: `loop.call_soon_threadsafe`.
"""

from __future__ import annotations

import logging
import math
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from itertools import repeat
from pathlib import Path
from queue import SimpleQueue

from exporter.archive.spool.disk import Disk, LocalDisk, is_no_room
from exporter.archive.spool.files import delete_unfinished
from exporter.archive.spool.group_log import Entropy, GroupLog
from exporter.archive.spool.identity import spool_identity
from exporter.archive.spool.limits import SpoolLimits
from exporter.archive.spool.quarantine import QUARANTINE
from exporter.archive.spool.recovery import recover
from exporter.archive.spool.status import SpoolStatus
from exporter.archive.spool.watermark import Watermark
from exporter.batch import Reason
from exporter.errors import DiskFailed, RejectedPayload, RetryLater

Outcome = int | RetryLater | DiskFailed
"""The sequence of an entry that is durable, or why it is not kept."""

WhenDurable = Callable[[Outcome], object]
"""Called once for an entry."""

Deliver = Callable[[Callable[[], None]], object]
"""Calls what it is given, once, in a thread of its choice."""

_Waiting = list[tuple[bytes, WhenDurable]]

log = logging.getLogger(__name__)


def open_spool(
    directory: Path,
    durable: Watermark,
    limits: SpoolLimits | None = None,
    deliver: Deliver | None = None,
    *,
    at_least: int = 1,
    disk: Disk | None = None,
) -> Spool:
    """Makes durable what the folder holds, tells it to `durable`, and starts the thread that writes.

    deliver  : calls, once a flush, what calls `when_durable` of every entry in it; in the writing thread where absent.
    at_least : no entry gets a smaller sequence.

    RetryLater while another process writes to the folder; DiskFailed when what is there cannot be made durable.
    """
    spool = attach_spool(disk or LocalDisk(), directory, durable, limits or SpoolLimits(), deliver, at_least=at_least)
    spool.start()
    return spool


def attach_spool(
    disk: Disk,
    directory: Path,
    durable: Watermark,
    limits: SpoolLimits,
    deliver: Deliver | None = None,
    *,
    at_least: int = 1,
    entropy: Entropy = os.urandom,
    monotonic: Callable[[], float] = time.monotonic,
) -> Spool:
    """As `open_spool`, without the thread: whoever calls `drain` writes."""
    lock = _lock(disk, directory)
    try:
        disk.make_directory(directory / QUARANTINE)
        spool_identity(disk, directory, entropy)
        delete_unfinished(disk, directory)
        recovered = recover(disk, directory)
    except OSError as error:
        disk.close(lock)
        raise _cannot_open(directory, error) from error
    except BaseException:
        disk.close(lock)
        raise
    durable.set(recovered.last)
    recovered = replace(recovered, next_sequence=max(recovered.next_sequence, at_least))
    group_log = GroupLog(disk, directory, limits, recovered, entropy)
    return Spool(group_log, durable, limits, deliver or _call, monotonic, partial(disk.close, lock))


def _lock(disk: Disk, directory: Path) -> int:
    try:
        disk.make_directory(directory)
        lock = disk.lock(directory)
    except OSError as error:
        raise _cannot_open(directory, error) from error
    if lock is None:
        raise RetryLater(f"{directory}: another process is writing to this spool; try again when it has ended")
    return lock


def _cannot_open(directory: Path, error: OSError) -> RetryLater | DiskFailed:
    if is_no_room(error):
        return RetryLater(f"{directory}: no room to open the spool: {error.strerror}")
    return DiskFailed(f"{directory}: the spool cannot be opened: {error}")


class Spool:
    """The queue before a `GroupLog`: any thread may append, one drains."""

    def __init__(
        self,
        group_log: GroupLog,
        durable: Watermark,
        limits: SpoolLimits,
        deliver: Deliver,
        monotonic: Callable[[], float],
        unlock: Callable[[], None],
    ) -> None:
        self._group_log = group_log
        self._durable = durable
        self._limits = limits
        self._deliver = deliver
        self._monotonic = monotonic
        self._unlock = unlock
        self._lock = threading.Lock()
        self._waiting: _Waiting = []
        self._queued_entries = 0
        self._queued_bytes = 0
        self._is_woken = False
        self._is_closed = False
        self._refusal: RetryLater | DiskFailed | None = None
        self._refused_until = math.inf
        self._wake: SimpleQueue[bool] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def append(self, payload: bytes, when_durable: WhenDurable) -> None:
        """Queues an entry; never blocks, and `when_durable` is called later, once.

        When the entry is refused at once nothing is called: RetryLater while there is no room, RejectedPayload when it
        is too large for ever, DiskFailed from then on.
        """
        limits = self._limits
        with self._lock:
            if self._refusal is not None:
                self._refuse(self._refusal)
            queued_bytes = self._queued_bytes + len(payload)
            if self._queued_entries and (
                self._queued_entries >= limits.queue_entries or queued_bytes > limits.queue_bytes
            ):
                raise RetryLater("too many entries wait for the disk; try again in a second")
            if len(payload) > limits.entry_bytes:
                raise RejectedPayload(Reason.TOO_LARGE, f"{len(payload):,} bytes do not fit into the spool", 413)
            self._waiting.append((payload, when_durable))
            self._queued_entries += 1
            self._queued_bytes = queued_bytes
            is_sleeping = not self._is_woken
            self._is_woken = True
        if is_sleeping:
            self._wake.put(True)

    def append_and_wait(self, payload: bytes) -> int:
        """Blocks until the entry is durable; its sequence. Not for the thread that `deliver` calls in."""
        told: SimpleQueue[Outcome] = SimpleQueue()
        self.append(payload, told.put)
        outcome = told.get()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def start(self) -> None:
        """Starts the thread that drains."""
        self._thread = threading.Thread(target=self._run, name="spool", daemon=True)
        self._thread.start()

    def drain(self) -> bool:
        """Writes all that waits, and has each told how it went; whether there was any."""
        with self._lock:
            waiting, self._waiting = self._waiting, []
            self._is_woken = False
        rest = waiting
        try:
            while rest:
                rest = rest[self._write_group(rest) :]
        except Exception:
            self._turn_away(DiskFailed("the spool ended by a mistake of its own; the log says which"), rest)
            raise
        return bool(waiting)

    def status(self) -> SpoolStatus:
        """How it stands now."""
        with self._lock:
            queued, refusal = self._queued_entries, self._refusal
        return SpoolStatus(
            self._group_log.spool_bytes(),
            self._limits.spool_bytes,
            self._durable.get(),
            queued,
            None if refusal is None else str(refusal),
        )

    def close(self) -> None:
        """Refuses new entries, writes what waits, and lets go of the folder; again: no effect."""
        with self._lock:
            if self._is_closed:
                return
            self._is_closed = True
            self._refusal = self._refusal or RetryLater("the exporter is stopping; try again in a second")
            self._refused_until = math.inf
        if self._thread is not None:
            self._wake.put(False)
            self._thread.join()
        self.drain()
        self._group_log.close()
        self._unlock()

    def _run(self) -> None:
        while self._wake.get():
            self.drain()

    def _refuse(self, refusal: RetryLater | DiskFailed) -> None:
        if isinstance(refusal, DiskFailed) or self._monotonic() < self._refused_until:
            raise type(refusal)(str(refusal))
        self._refusal = None

    def _write_group(self, waiting: _Waiting) -> int:
        """How many of those that wait, from the first on, were told."""
        try:
            sequences = self._group_log.append_group(_payloads(waiting, self._limits.group_bytes))
        except (RetryLater, DiskFailed) as error:
            self._turn_away(error, waiting)
            return len(waiting)
        self._durable.set(sequences[-1])
        self._settle(waiting[: len(sequences)], sequences)
        return len(sequences)

    def _turn_away(self, error: RetryLater | DiskFailed, waiting: _Waiting) -> None:
        with self._lock:
            if not isinstance(self._refusal, DiskFailed) and not self._is_closed:
                self._refusal, self._refused_until = error, self._monotonic() + self._limits.retry_s
        log.error("%s", error)
        self._settle(waiting, repeat(error))

    def _settle(self, told: _Waiting, outcomes: Iterable[Outcome]) -> None:
        with self._lock:
            self._queued_entries -= len(told)
            self._queued_bytes -= sum(len(payload) for payload, _ in told)
        try:
            self._deliver(partial(_tell, told, outcomes))
        except RuntimeError as error:
            log.warning("%d entries are settled, but nobody listens any more: %s", len(told), error)


def _payloads(waiting: _Waiting, most_bytes: int) -> Sequence[bytes]:
    """Those that go with one flush, at least one."""
    size = 0
    for count, (payload, _) in enumerate(waiting):
        size += len(payload)
        if size > most_bytes and count:
            return [payload for payload, _ in waiting[:count]]
    return [payload for payload, _ in waiting]


def _tell(told: _Waiting, outcomes: Iterable[Outcome]) -> None:
    for (_, when_durable), outcome in zip(told, outcomes, strict=False):
        try:
            when_durable(outcome)
        except Exception:
            log.exception("what was to follow a durable entry failed")


def _call(function: Callable[[], None]) -> None:
    function()
