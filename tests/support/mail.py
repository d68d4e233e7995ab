"""A mail server that keeps what it is sent, in place of a real one: enough of SMTP (RFC 5321) for one sender."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from socketserver import StreamRequestHandler, ThreadingTCPServer
from typing import ClassVar

from tests.support.listening import listening


@dataclass(frozen=True, slots=True)
class ReceivedMail:
    """One mail: who logged in with what password (if anybody), to whom it goes, and what it says."""

    login: tuple[str, str] | None
    recipients: tuple[str, ...]
    message: EmailMessage

    def part(self, subtype: str) -> str:
        """The text of its part of that type: `plain` or `html`."""
        found = self.message.get_body((subtype,))
        assert found is not None, f"no {subtype} part"
        return str(found.get_content()).replace("\r\n", "\n")


@dataclass(frozen=True, slots=True)
class MailDouble:
    """Keeps every mail sent to `address`, in order of arrival."""

    address: str
    mails: list[ReceivedMail] = field(default_factory=list)


@contextmanager
def mail_double() -> Iterator[MailDouble]:
    """A server on a free loopback port that takes every mail and every login."""
    mails: list[ReceivedMail] = []
    server = ThreadingTCPServer(("127.0.0.1", 0), type("MailSession", (_MailSession,), {"mails": mails}))
    server.daemon_threads = True
    with listening(server) as port:
        yield MailDouble(f"127.0.0.1:{port}", mails)


class _MailSession(StreamRequestHandler):
    """One sender's connection."""

    mails: ClassVar[list[ReceivedMail]]

    def handle(self) -> None:
        self._login: tuple[str, str] | None = None
        self._recipients: list[str] = []
        self._say("220 mail.test")
        for line in self.rfile:
            verb, _, rest = line.decode().strip().partition(" ")
            if verb.upper() == "QUIT":
                self._say("221 bye")
                return
            self._answer(verb.upper(), rest)

    def _answer(self, verb: str, rest: str) -> None:
        if verb == "EHLO":
            self._say("250-mail.test\r\n250 AUTH PLAIN")
        elif verb == "AUTH":
            _, user, password = base64.b64decode(rest.partition(" ")[2]).decode().split("\0")
            self._login = (user, password)
            self._say("235 welcome")
        elif verb == "DATA":
            self._say("354 go on")
            self.mails.append(ReceivedMail(self._login, tuple(self._recipients), self._message()))
            self._say("250 kept")
        else:
            if verb == "RCPT":
                self._recipients.append(rest.partition(":")[2].strip("<> "))
            self._say("250 ok")

    def _message(self) -> EmailMessage:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        message = message_from_bytes(b"".join(lines), policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message

    def _say(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
