"""The parent of all processes: starts them, watches, reloads, stops.

It has one thread and does no work of its own, so forking from it is safe at any time. A reload forks a whole new
generation beside the old one: once all of it is ready the old one drains and ends; if it fails, the old one goes on.
"""

from __future__ import annotations

import logging
import os
import selectors
import signal
import socket
import time
from dataclasses import dataclass, field

from exporter.app.archive_board import ArchiveBoard
from exporter.app.configuration import Configuration, load_configuration, try_configuration
from exporter.app.process import ForkedProcess, Role
from exporter.app.reload import ReloadChannel
from exporter.app.spawner import Spawner
from exporter.app.state_folder import own_state
from exporter.app.status import Status
from exporter.clock import SystemClock
from exporter.errors import InfranautError, ServiceFailed
from exporter.settings import ServeSettings

_RESPAWN_PAUSE_S = 1.0
_STOPPED_LAST = "archivist"

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Generation:
    """The processes that serve one configuration."""

    configuration: Configuration
    processes: list[ForkedProcess] = field(default_factory=list)


class Supervisor:
    """Runs one exporter; `run` returns when all of its processes have ended."""

    def __init__(self, settings: ServeSettings) -> None:
        self._settings = settings
        self._state = own_state(settings.state)
        self._clock = SystemClock()
        self._status = Status()
        self._channel = ReloadChannel()
        self._slots = 2 * (settings.processes + 2)
        self._old: list[ForkedProcess] = []
        self._starting: list[ForkedProcess] = []
        self._is_stopping = False
        self._generation = _Generation(load_configuration(settings, self._slots, None))
        self._spawner = Spawner(settings, self._status, ArchiveBoard(self._slots), self._channel)

    @property
    def addresses(self) -> tuple[str, str]:
        """URLs of the ingest and of the web listener."""
        return self._spawner.addresses

    def run(self) -> None:
        """Blocks until SIGTERM or SIGINT. SIGHUP, and a call of `/-/reload`, read the monitors again."""
        selector = selectors.DefaultSelector()
        wakeup = _catch_signals()
        selector.register(wakeup, selectors.EVENT_READ, "signal")
        selector.register(self._channel.supervisor_end, selectors.EVENT_READ, "reload")
        self._start(self._generation)
        self._status.set_reloaded(self._clock.now(), self._generation.configuration.hash)
        while self._generation.processes or self._old:
            for key, _ in selector.select(timeout=1.0):
                if key.data == "signal":
                    self._handle_signals(wakeup)
                else:
                    self._channel.receive()
                    self._channel.answer(self._reload())
            self._reap()
            if self._is_stopping:
                self._stop_last()

    def _handle_signals(self, wakeup: socket.socket) -> None:
        for number in wakeup.recv(4096):
            if number in (signal.SIGTERM, signal.SIGINT):
                self._stop()
            elif number == signal.SIGHUP:
                self._reload()

    def _start(self, generation: _Generation) -> None:
        """Forks a generation and waits until it is ready; ServiceFailed, and none of it left, when it is not.

        The archivist comes first: what it recalls tells the others which ids were seen before.
        """
        configuration, processes = generation.configuration, generation.processes
        self._starting = processes
        if self._settings.archive.ack != "none":
            processes.append(self._fork("archivist", configuration))
        has_recalled = all(process.wait_ready() for process in processes)
        processes.append(self._fork("exposer", configuration))
        for _ in range(self._settings.processes):
            processes.append(self._fork("worker", configuration))
        if configuration.sources:
            processes.append(self._fork("collectors", configuration))
        if not has_recalled or not all(process.wait_ready() for process in processes if process.role != "archivist"):
            self._retire(generation)
            raise ServiceFailed("a process did not start; its log says why")
        self._status.set_workers(self._settings.processes, self._settings.processes)

    def _reload(self) -> list[str]:
        """Mistakes that kept the monitors from being loaded again; none when they were, and nobody serves the old."""
        if self._is_stopping:
            return ["the exporter is stopping"]
        try:
            try_configuration(self._settings)
            configuration = load_configuration(self._settings, self._slots, self._generation.configuration)
            successor = _Generation(configuration)
            self._start(successor)
        except InfranautError as error:
            self._status.set_reload_failed()
            log.error("reload failed, the old monitors stay: %s", error)  # noqa: TRY400 - said in words
            return str(error).splitlines()
        going = [process for process in self._generation.processes if process.role in ("exposer", "worker")]
        self._retire(self._generation)
        self._generation = successor
        for process in going:
            if not process.wait_closed():
                log.warning("%s (%d) of the old monitors still takes connections", process.role, process.pid)
        self._status.set_reloaded(self._clock.now(), configuration.hash)
        log.info("reloaded %d monitors", len(configuration.monitors))
        return []

    def _retire(self, generation: _Generation, last: str = "") -> None:
        """Asks its processes to finish; those of the role `last` are asked once no other process is left."""
        for process in generation.processes:
            if process.role != last:
                process.stop()
        self._old += generation.processes
        generation.processes = []

    def _stop(self) -> None:
        """Asks every process to finish; asked twice, does not wait."""
        if self._is_stopping:
            for process in self._old:
                process.kill()
        self._is_stopping = True
        self._spawner.close_listeners()
        self._status.set_workers(self._settings.processes, 0)
        self._retire(self._generation, last=_STOPPED_LAST)

    def _stop_last(self) -> None:
        """The archivist lands what the others have left behind."""
        if all(process.role == _STOPPED_LAST for process in self._old):
            for process in self._old:
                process.stop()

    def _reap(self) -> None:
        """Takes note of ended processes; one that should be running is forked again, on the counts it left."""
        while True:
            try:
                pid, code = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._settle(pid)
            for process in [process for process in self._old if process.pid == pid]:
                self._old.remove(process)
                process.release()
            for process in [process for process in self._generation.processes if process.pid == pid]:
                self._generation.processes.remove(process)
                process.release()
                self._replace(process, code)

    def _settle(self, pid: int) -> None:
        """A process that was killed in mid-write must not keep readers waiting for its end."""
        for process in (*self._old, *self._generation.processes):
            if process.pid == pid and process.slot is not None:
                for shared in self._generation.configuration.monitors:
                    shared.counts.settle(process.slot)

    def _replace(self, process: ForkedProcess, code: int) -> None:
        log.error("%s (%d) ended with %s; starting it again", process.role, process.pid, _ending(code))
        if time.monotonic() - process.born_at_s < _RESPAWN_PAUSE_S:
            time.sleep(_RESPAWN_PAUSE_S)
        successor = self._fork(process.role, self._generation.configuration)
        self._generation.processes.append(successor)
        if not successor.wait_ready():
            log.error("%s did not come back", process.role)

    def _fork(self, role: Role, configuration: Configuration) -> ForkedProcess:
        if role == "exposer":
            return self._spawner.fork_exposer(configuration)
        fork_onto_slot = {
            "archivist": self._spawner.fork_archivist,
            "worker": self._spawner.fork_worker,
            "collectors": self._spawner.fork_collectors,
        }
        return fork_onto_slot[role](configuration, self._free_slot())

    def _free_slot(self) -> int:
        taken = {process.slot for process in (*self._old, *self._generation.processes, *self._starting)}
        free = [slot for slot in range(self._slots) if slot not in taken]
        if not free:
            raise ServiceFailed("the processes of the last reload are still finishing; try again in a moment")
        return free[0]


def _catch_signals() -> socket.socket:
    """A socket on which the numbers of caught signals arrive as bytes."""
    receiving, sending = socket.socketpair()
    receiving.setblocking(False)
    sending.setblocking(False)
    signal.set_wakeup_fd(sending.detach())
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD):
        signal.signal(number, lambda _number, _frame: None)
    return receiving


def _ending(code: int) -> str:
    if os.WIFSIGNALED(code):
        return f"signal {os.WTERMSIG(code)}"
    return f"exit code {os.WEXITSTATUS(code)}"
