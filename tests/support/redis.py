"""A real Redis for the tests: on a free loopback port, its files in the test's own folder, to be killed and frozen."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from redis import Redis
from redis.exceptions import RedisError

from tests.support.certificates import a_certificate
from tests.support.polling import wait_until
from tests.support.ports import free_port
from tests.support.programs import log_tail, require, stop

START_DEADLINE_S = 20
PASSWORD = "opensesame"


class RunningRedis:
    """A Redis that keeps nothing on disk: what it held is gone when it starts again, on the same port."""

    def __init__(self, folder: Path, password: str | None = None, is_tls: bool = False) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._certificate = a_certificate(folder) if is_tls else None
        self._folder = folder
        self._password = password
        self._process: subprocess.Popen[bytes] | None = None
        self._log: IO[bytes] | None = None

    @property
    def url(self) -> str:
        user = f":{self._password}@" if self._password else ""
        if self._certificate is None:
            return f"redis://{user}127.0.0.1:{self.port}/0"
        return f"rediss://{user}127.0.0.1:{self.port}/0?ssl_ca_certs={self._certificate[0]}"

    def start(self) -> None:
        command = [str(require("redis-server")), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        command += ["--dir", str(self._folder), *self._listening()]
        command += ["--requirepass", self._password] if self._password else []
        self._log = (self._folder / "redis.log").open("ab")
        self._process = subprocess.Popen(command, stdout=self._log, stderr=subprocess.STDOUT)
        try:
            wait_until(self._answers, START_DEADLINE_S, "redis-server answers")
        except AssertionError as error:
            error.add_note(log_tail(self._folder / "redis.log"))
            raise

    def kill(self) -> None:
        """SIGKILL; a frozen one too."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def freeze(self) -> None:
        """SIGSTOP: it takes connections and bytes, and answers nothing."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def restart(self) -> None:
        """Another one, empty, on the same port."""
        self.stop()
        self.start()

    def client(self) -> Redis:
        """To look at what it holds, and to change it behind a tier's back."""
        return Redis.from_url(self.url)

    def cpu_s(self) -> float:
        """Seconds of CPU that it has taken so far."""
        with self.client() as client:
            told: Any = client.info("cpu")
        return float(told["used_cpu_user"] + told["used_cpu_sys"])

    def stop(self) -> None:
        if self._process is not None:
            self._process.send_signal(signal.SIGCONT)
            stop(self._process)
        if self._log is not None:
            self._log.close()

    def _listening(self) -> list[str]:
        if self._certificate is None:
            return ["--port", str(self.port)]
        certificate, key = self._certificate
        files = ["--tls-cert-file", str(certificate), "--tls-key-file", str(key)]
        return ["--port", "0", "--tls-port", str(self.port), "--tls-auth-clients", "no", *files]

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, "redis-server ended at once"
        try:
            with self.client() as client:
                return bool(client.ping())
        except RedisError:
            return False


@contextmanager
def redis_server(folder: Path, password: str | None = None, is_tls: bool = False) -> Iterator[RunningRedis]:
    """A Redis for as long as the block runs."""
    server = RunningRedis(folder, password, is_tls)
    server.start()
    try:
        yield server
    finally:
        server.stop()
