"""A TCP relay that cuts a connection at a chosen moment, to lose a request or the answer to it."""

from __future__ import annotations

import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum

_CHUNK_BYTES = 1 << 16
_STOP_PATIENCE_S = 10


class Cut(StrEnum):
    """What is lost of the message that was waited for."""

    REQUEST = "request"
    ANSWER = "answer"


class WireProxy:
    """Listens on `port`, relays to another one."""

    def __init__(self, target_port: int) -> None:
        self._target_port = target_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._awaited: tuple[bytes, Cut] | None = None
        self.cuts = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_once(self, awaited: bytes, cut: Cut) -> None:
        """The next message of a client with `awaited` in it, or the answer, is lost, and the connection with it."""
        self._awaited = awaited, cut

    def close(self) -> None:
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target_port))
            threading.Thread(target=self._relay, args=(client, server), daemon=True).start()

    def _relay(self, client: socket.socket, server: socket.socket) -> None:
        with client, server, selectors.DefaultSelector() as selector:
            selector.register(client, selectors.EVENT_READ, server)
            selector.register(server, selectors.EVENT_READ, client)
            while True:
                for key, _ in selector.select():
                    source = key.fileobj
                    assert isinstance(source, socket.socket)
                    if not self._passed_on(source, key.data, is_request=source is client):
                        return

    def _passed_on(self, source: socket.socket, target: socket.socket, *, is_request: bool) -> bool:
        """Whether the connection stays open."""
        try:
            message = source.recv(_CHUNK_BYTES)
            awaited, cut = self._awaited or (b"", None)
            if cut is not None and is_request and awaited in message:
                self._awaited = None
                self.cuts += 1
                if cut is Cut.ANSWER:
                    target.sendall(message)
                    target.settimeout(_STOP_PATIENCE_S)
                    target.recv(_CHUNK_BYTES)
                return False
            target.sendall(message)
        except OSError:
            return False
        return bool(message)


@contextmanager
def wire_proxy(target_port: int) -> Iterator[WireProxy]:
    proxy = WireProxy(target_port)
    try:
        yield proxy
    finally:
        proxy.close()
