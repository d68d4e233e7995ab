"""Forked processes that tell when they are ready and stop when their parent is gone."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import select
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

READY_WITHIN_S = 60.0

ForkedMain = Callable[[Callable[[], None]], None]
"""What a forked process runs: it is given a function to call once it is ready."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class ForkedProcess:
    """A child of the supervisor: its role for the log, and the slot of the counts that it writes to (None: no slot)."""

    role: str
    pid: int
    ready_pipe: int
    slot: int | None = None

    def wait_ready(self, timeout_s: float = READY_WITHIN_S) -> bool:
        """Whether it said so in time; false when it died first."""
        readable, _, _ = select.select([self.ready_pipe], [], [], timeout_s)
        is_ready = bool(readable) and os.read(self.ready_pipe, 1) == b"1"
        os.close(self.ready_pipe)
        return is_ready

    def stop(self) -> None:
        """Asks it to finish what is under way and end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it at once."""
        self._signal(signal.SIGKILL)

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            log.debug("%s (%d) had gone already", self.role, self.pid)


def fork(role: str, main: ForkedMain, slot: int | None, lifeline: tuple[int, int]) -> ForkedProcess:
    """Forks a process that runs `main(say_ready)` and ends with it.

    lifeline : a pipe that only the parent can write to; when it closes, the parent is gone and the child stops.
    """
    readable, writable = os.pipe()
    gc.freeze()
    pid = os.fork()
    if pid:
        gc.unfreeze()
        os.close(writable)
        return ForkedProcess(role, pid, readable, slot)
    os.close(readable)
    _run_child(role, main, writable, lifeline)
    raise AssertionError("a child never returns")


def _run_child(role: str, main: ForkedMain, writable: int, lifeline: tuple[int, int]) -> None:
    exit_code = 1
    try:
        _name_process(role)
        os.setpgid(0, 0)
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
            signal.signal(number, signal.SIG_DFL if number == signal.SIGCHLD else signal.SIG_IGN)
        os.close(lifeline[1])
        threading.Thread(target=_stop_with_parent, args=(lifeline[0],), daemon=True).start()
        main(lambda: _say_ready(writable))
        exit_code = 0
    except Exception:
        log.exception("%s failed", role)
    finally:
        logging.shutdown()
        os._exit(exit_code)


def _name_process(role: str) -> None:
    """What `ps -o comm` and `top` show, where the system has such a file."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(role, encoding="ascii")


def _say_ready(writable: int) -> None:
    os.write(writable, b"1")
    os.close(writable)


def _stop_with_parent(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)
