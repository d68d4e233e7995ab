"""Forks a process of each role, with what all of them share: listening sockets, status, board, turns."""

from __future__ import annotations

import os
import socket

from exporter.app.archive_board import ArchiveBoard
from exporter.app.archiving import run_archivist
from exporter.app.collecting import run_collectors
from exporter.app.configuration import Configuration
from exporter.app.exposer import run_exposer
from exporter.app.process import ForkedProcess, ParentLine, fork
from exporter.app.reload import ReloadChannel
from exporter.app.status import Status
from exporter.app.worker import run_worker
from exporter.errors import InvalidSettings
from exporter.settings import Address, ServeSettings
from exporter.window.memory import SharedLock


class Spawner:
    """What is opened here is inherited by every process that is forked; the processes end with this one."""

    def __init__(self, settings: ServeSettings, status: Status, board: ArchiveBoard, channel: ReloadChannel) -> None:
        self._settings = settings
        self._status = status
        self._board = board
        self._channel = channel
        self._collecting = SharedLock()
        self._archiving = SharedLock()
        self._ingest = _listen(settings.ingest, "--listen")
        self._web = _listen(settings.web, "--web-listen")
        self._lifeline = os.pipe()

    @property
    def addresses(self) -> tuple[str, str]:
        """URLs of the ingest and of the web listener."""
        return _url(self._ingest), _url(self._web)

    def close_listeners(self) -> None:
        """In this process; those that were forked go on with theirs."""
        self._ingest.close()
        self._web.close()

    def fork_exposer(self, configuration: Configuration) -> ForkedProcess:
        ingest_url, _ = self.addresses

        def main(parent: ParentLine) -> None:
            self._ingest.close()
            run_exposer(
                configuration, self._web, ingest_url, self._settings, self._status, self._board, self._channel, parent
            )

        return fork("exposer", main, None, self._lifeline)

    def fork_worker(self, configuration: Configuration, slot: int) -> ForkedProcess:
        def main(parent: ParentLine) -> None:
            self._web.close()
            run_worker(configuration.monitors, slot, self._ingest, self._settings, self._status, self._board, parent)

        return fork("worker", main, slot, self._lifeline)

    def fork_collectors(self, configuration: Configuration, slot: int) -> ForkedProcess:
        def main(parent: ParentLine) -> None:
            self.close_listeners()
            run_collectors(configuration, slot, self._settings, self._status, self._board, self._collecting, parent)

        return fork("collectors", main, slot, self._lifeline)

    def fork_archivist(self, configuration: Configuration, slot: int) -> ForkedProcess:
        def main(parent: ParentLine) -> None:
            self.close_listeners()
            run_archivist(configuration, slot, self._settings, self._board, self._archiving, parent)

        return fork("archivist", main, slot, self._lifeline)


def _listen(address: Address, flag: str) -> socket.socket:
    """A listening socket that children inherit; InvalidSettings when the address cannot be had."""
    family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((address.host, address.port))
    except OSError as error:
        listener.close()
        raise InvalidSettings(f"cannot listen on {address}: {error.strerror}; choose another with {flag}") from error
    listener.listen(2048)
    listener.setblocking(False)
    return listener


def _url(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://{Address(host, port)}"
