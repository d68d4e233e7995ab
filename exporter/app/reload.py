"""How `/-/reload`, answered by one process, reaches the supervisor and brings back what came of it."""

from __future__ import annotations

import socket
import threading

import msgspec

_LONGEST_ANSWER = 1 << 16


class ReloadChannel:
    """A socket pair. One request at a time: whoever asks blocks until it is answered."""

    def __init__(self) -> None:
        self.supervisor_end, self._asking_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._turn = threading.Lock()

    def ask(self) -> list[str]:
        """Asks the supervisor to reload; its mistakes, none when it worked. Blocks until it is done."""
        with self._turn:
            self._asking_end.send(b"reload")
            return msgspec.json.decode(self._asking_end.recv(_LONGEST_ANSWER), type=list[str])

    def receive(self) -> None:
        """Takes one request, for the supervisor."""
        self.supervisor_end.recv(64)

    def answer(self, mistakes: list[str]) -> None:
        """Answers the request taken last."""
        encoded = msgspec.json.encode(mistakes)
        if len(encoded) > _LONGEST_ANSWER:
            encoded = msgspec.json.encode([*mistakes[:20], f"and {len(mistakes) - 20} more; run infranaut check"])
        self.supervisor_end.send(encoded)
