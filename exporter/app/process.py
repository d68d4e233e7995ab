"""Forked processes that tell when they are ready and stop when their parent is gone."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import select
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from exporter.errors import InvalidSettings

READY_WITHIN_S = 60.0
CLOSED_WITHIN_S = 5.0

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ParentLine:
    """What a forked process tells its parent, each once."""

    writable: int

    def say_ready(self) -> None:
        """It does its work from now on."""
        os.write(self.writable, b"1")

    def say_closed(self) -> None:
        """It takes no more connections; its end says so too."""
        os.close(self.writable)


Role = Literal["exposer", "worker", "collectors", "archivist"]
"""What a process is there for; its name in the log and in `ps`."""

ForkedMain = Callable[[ParentLine], None]
"""What a forked process runs."""


@dataclass(slots=True)
class ForkedProcess:
    """A child of the supervisor; `slot` is that of the counts that it writes to (None: it writes none)."""

    role: Role
    pid: int
    readable: int
    slot: int | None
    born_at_s: float

    def wait_ready(self, timeout_s: float = READY_WITHIN_S) -> bool:
        """Whether it said so in time; false when it died first."""
        return self._wait_for(b"1", timeout_s)

    def wait_closed(self, timeout_s: float = CLOSED_WITHIN_S) -> bool:
        """Whether it took no more connections in time."""
        return self._wait_for(b"", timeout_s)

    def release(self) -> None:
        """To be called once, after its end."""
        os.close(self.readable)

    def stop(self) -> None:
        """Asks it to finish what is under way and end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """Ends it at once."""
        self._signal(signal.SIGKILL)

    def _wait_for(self, told: bytes, timeout_s: float) -> bool:
        readable, _, _ = select.select([self.readable], [], [], timeout_s)
        return bool(readable) and os.read(self.readable, 1) == told

    def _signal(self, number: signal.Signals) -> None:
        try:
            os.kill(self.pid, number)
        except ProcessLookupError:
            log.debug("%s (%d) had gone already", self.role, self.pid)


def fork(role: Role, main: ForkedMain, slot: int | None, lifeline: tuple[int, int]) -> ForkedProcess:
    """Forks a process that runs `main` and ends with it.

    lifeline : a pipe that only the parent can write to; when it closes, the parent is gone and the child stops.
    """
    readable, writable = os.pipe()
    gc.freeze()
    pid = os.fork()
    if pid:
        gc.unfreeze()
        os.close(writable)
        return ForkedProcess(role, pid, readable, slot, time.monotonic())
    os.close(readable)
    _run_child(role, main, writable, lifeline)
    raise AssertionError("a child never returns")


def _run_child(role: Role, main: ForkedMain, writable: int, lifeline: tuple[int, int]) -> None:
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
        main(ParentLine(writable))
        exit_code = 0
    except InvalidSettings as error:
        log.critical("%s cannot run: %s", role, error)
    except Exception:
        log.exception("%s failed", role)
    finally:
        logging.shutdown()
        os._exit(exit_code)


def _name_process(role: Role) -> None:
    """What `ps -o comm` and `top` show, where the system has such a file."""
    with contextlib.suppress(OSError):
        Path("/proc/self/comm").write_text(role, encoding="ascii")


def _stop_with_parent(lifeline: int) -> None:
    os.read(lifeline, 1)
    os.kill(os.getpid(), signal.SIGTERM)
