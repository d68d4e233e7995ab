"""A real PostgreSQL for the tests: on a free loopback port, its state in a folder of its own, stopped in the end."""

from __future__ import annotations

import atexit
import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from pathlib import Path

import psycopg
import pytest

from tests.support.polling import wait_until
from tests.support.ports import free_port
from tests.support.programs import REQUIRED, TOOLS, find, log_tail, used, version

START_DEADLINE_S = 60
_STOP_DEADLINE_S = 30
_SERVERS_USER = "postgres"
_NUMBERS = itertools.count(1)


class RunningPostgres:
    """A server and its data; it may be killed, frozen and started again."""

    def __init__(
        self, folder: Path, settings: Sequence[str] = (), *, is_durable: bool = False, primary: int | None = None
    ) -> None:
        """Makes the data, which `start` serves: empty, or a standby's of the server at the port `primary`.

        is_durable : leaves fsync on.
        """
        self.folder = folder
        self.port = free_port()
        self._settings = [*settings, *([] if is_durable else ["fsync=off", "full_page_writes=off"])]
        self._process: subprocess.Popen[bytes] | None = None
        self._programs = _programs()
        _give_away(folder)
        make = f"initdb -D {self.data} -U {_SERVERS_USER} -A trust -E UTF8 --no-locale -N"
        if primary is not None:
            make = f"pg_basebackup -D {self.data} -U {_SERVERS_USER} -h 127.0.0.1 -p {primary} -R -c fast"
        program, *arguments = make.split()
        command: list[str | Path] = [*_as_server(), self._programs / program, *arguments]
        subprocess.run(command, check=True, capture_output=True, timeout=120)

    @property
    def data(self) -> Path:
        return self.folder / "data"

    @property
    def log(self) -> Path:
        return self.folder / "server.log"

    @property
    def pid(self) -> int:
        """The postmaster's process."""
        return int((self.data / "postmaster.pid").read_text().splitlines()[0])

    def url(self, database: str = "postgres", user: str = _SERVERS_USER, port: int | None = None) -> str:
        return f"postgresql://{user}@127.0.0.1:{port or self.port}/{database}"

    def start(self) -> None:
        """Waits until it answers."""
        settings = {
            "port": str(self.port),
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": str(self.folder),
            "max_connections": "60",
            "shared_buffers": "64MB",
            "max_prepared_transactions": "10",
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        options += [f"--{setting}" for setting in self._settings]
        command: list[str | Path] = [*_as_server(), self._programs / "postgres", "-D", self.data, *options]
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, start_new_session=True, cwd=self.folder
            )
        wait_until(self._is_answering, START_DEADLINE_S, "PostgreSQL answering")

    def stop(self, mode: signal.Signals = signal.SIGINT) -> None:
        """SIGINT sends clients away, SIGTERM waits for them, SIGQUIT is at once: recovery at the next start."""
        if self._process is None:
            return
        self.resume()
        if self._process.poll() is None:
            os.kill(self.pid, mode)
        try:
            self._process.wait(_STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self._process = None

    def kill(self) -> None:
        """kill -9 of every one of its processes."""
        for pid in self.pids():
            _signal(pid, signal.SIGKILL)
        if self._process is not None:
            self._process.wait(_STOP_DEADLINE_S)
            self._process = None
        (self.data / "postmaster.pid").unlink(missing_ok=True)

    def restart(self) -> None:
        self.stop()
        self.start()

    def freeze(self) -> None:
        """SIGSTOP to every one of its processes: connections stay open, nobody answers."""
        for pid in self.pids():
            _signal(pid, signal.SIGSTOP)

    def resume(self) -> None:
        """SIGCONT."""
        for pid in self.pids():
            _signal(pid, signal.SIGCONT)

    def admit(self, rule: str) -> None:
        """Puts a line before all others of pg_hba.conf."""
        rules = self.data / "pg_hba.conf"
        rules.write_text(f"{rule}\n{rules.read_text()}")
        os.kill(self.pid, signal.SIGHUP)

    def pids(self) -> list[int]:
        """The postmaster and its children."""
        try:
            postmaster = self.pid
        except (FileNotFoundError, IndexError):
            return []
        return [postmaster, *_children(postmaster)]

    def new_database(self) -> str:
        """The address of an empty database."""
        name = f"test_{next(_NUMBERS)}"
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self.url(name)

    def drop_database(self, url: str) -> None:
        with psycopg.connect(self.url(), autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {url.rpartition('/')[2]} WITH (FORCE)")

    def _is_answering(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"PostgreSQL ended instead of starting:\n{log_tail(self.log)}"
        try:
            psycopg.connect(self.url(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True


@contextmanager
def postgres(
    settings: Sequence[str] = (), *, is_durable: bool = False, primary: int | None = None
) -> Iterator[RunningPostgres]:
    """A server for one test, which may do to it what it likes; `settings` as `NAME=VALUE`, the rest as above."""
    _require()
    with ExitStack() as stack:
        folder = Path(tempfile.mkdtemp(prefix="infranaut-postgres-"))
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = RunningPostgres(folder, settings, is_durable=is_durable, primary=primary)
        stack.callback(server.stop)
        try:
            server.start()
            yield server
        except BaseException as error:
            error.add_note(f"--- the end of {server.log} ---\n{log_tail(server.log)}")
            raise


@contextmanager
def database() -> Iterator[str]:
    """The address of a new database on the server that all tests of this run share; no test may harm the server."""
    server = _shared_server()
    url = server.new_database()
    try:
        yield url
    finally:
        server.drop_database(url)


@cache
def _shared_server() -> RunningPostgres:
    stack = ExitStack()
    atexit.register(stack.close)
    return stack.enter_context(postgres())


def _require() -> None:
    if find_programs() is None:
        reason = "PostgreSQL (initdb, postgres) is not installed: run deploy/local/services.sh"
        if os.environ.get(REQUIRED) == "1":
            pytest.fail(f"{reason} ({REQUIRED}=1)", pytrace=False)
        pytest.skip(reason)


def find_programs() -> Path | None:
    """The folder that holds initdb and postgres: as on PATH or in .tools, else where Debian keeps them."""
    names = ("initdb", "postgres")
    found = find("initdb")
    folders = [found.resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if all((folder / name).exists() for name in names)), None)


@cache
def _programs() -> Path:
    folder = find_programs()
    assert folder is not None
    if not _can_be_reached(folder / "postgres"):
        folder = _copied_tools()
    if "postgres" not in used:
        used["postgres"] = version(folder / "postgres")
    return folder


def _as_server() -> list[str]:
    """PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return []
    user = _servers_user()
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]


def _servers_user() -> pwd.struct_passwd:
    """Debian's package makes a user; where PostgreSQL was only unpacked there is none, and nobody will do."""
    try:
        return pwd.getpwnam(_SERVERS_USER)
    except KeyError:
        return pwd.getpwnam("nobody")


def _can_be_reached(program: Path) -> bool:
    """Whether the server's user gets to it: the folder of a checkout of root's may be closed to others."""
    return subprocess.run([*_as_server(), "test", "-x", program], check=False).returncode == 0


def _copied_tools() -> Path:
    """Where anybody gets to, until the tests end: what deploy/local/services.sh unpacked."""
    folder = Path(tempfile.mkdtemp(prefix="infranaut-tools-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    folder.chmod(0o755)
    for name in ("bin", "postgresql"):
        shutil.copytree(TOOLS.parent / name, folder / name, symlinks=True)
    return folder / "bin"


def _give_away(folder: Path) -> None:
    if os.geteuid() == 0:
        user = _servers_user()
        os.chown(folder, user.pw_uid, user.pw_gid)
    folder.chmod(0o700)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _signal(pid: int, number: signal.Signals) -> None:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return
