"""The archivist process: lands what the spools hold, credits late labels, and keeps the tiers in order."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable

from exporter.app.archive_board import ArchiveBoard
from exporter.app.caretaking import Caretaker
from exporter.app.configuration import Configuration
from exporter.app.landing import ExporterLanding
from exporter.app.process import ParentLine
from exporter.clock import SystemClock
from exporter.settings import ServeSettings
from exporter.window.memory import SharedLock

_IDLE_S = 0.05
_RECALL_WITHIN_S = 20.0


def run_archivist(
    configuration: Configuration,
    slot: int,
    settings: ServeSettings,
    board: ArchiveBoard,
    turn: SharedLock,
    parent: ParentLine,
) -> None:
    """Lands until told to stop, then what is still there, as far as that is possible in a while.

    `turn` is held for as long as it lands: after a reload the new process begins where the old one ended. The exporter
    takes its first rows once what it left behind has landed and is remembered, or the warm tier does not answer.
    """
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda _number, _frame: stop.set())
    clock = SystemClock()
    landing = ExporterLanding(configuration.monitors, slot, settings, board, clock)
    deadline = time.monotonic() + _RECALL_WITHIN_S
    if turn.is_taken_at_once():
        _until(deadline, stop, lambda: not landing.step() and landing.is_open)
    _until(deadline, stop, landing.recall)
    parent.say_ready()
    with turn:
        caretaker = Caretaker(configuration.monitors, settings, board, clock)
        caretaker.start()
        with landing.leases():
            while not stop.is_set():
                if not landing.step():
                    stop.wait(_IDLE_S)
        caretaker.stop()
        _until(time.monotonic() + settings.stop_after_s, None, lambda: not landing.step())
        landing.close()


def _until(deadline: float, stop: threading.Event | None, is_done: Callable[[], bool]) -> None:
    while not is_done() and time.monotonic() < deadline and not (stop is not None and stop.wait(_IDLE_S)):
        continue
