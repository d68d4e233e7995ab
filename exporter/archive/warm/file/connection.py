"""One connection to the warm tier's file: how it is opened, its transactions, and what its errors mean."""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext, suppress
from pathlib import Path

from exporter.archive.warm.file.bodies import DamagedBody
from exporter.archive.warm.file.tables import VERSION
from exporter.archive.warm.file.turns import Turns
from exporter.errors import DiskFailed, InvalidSettings, RetryLater

FILE_NAME = "warm.sqlite"
BUSY_S = 10.0

_PAGE_BYTES = 16_384
_CHECKPOINT_PAGES = 1_000
_LOG_BYTES = 64 * 2**20
_PAGE_COUNTS = ("freelist_count", "page_count")
_FREE_SHARE = 0.1
_VACUUM_PAGES = 1_000

_BLOCK_BYTES = 512
"""Of `st_blocks`, whatever the file system's own are."""
_WAITED = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
_BROKEN = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_NOT_FLUSHED = {sqlite3.SQLITE_IOERR_FSYNC, sqlite3.SQLITE_IOERR_DIR_FSYNC}
_NOT_READABLE = {sqlite3.SQLITE_IOERR_READ, sqlite3.SQLITE_IOERR_CORRUPTFS}


class WarmFile:
    """SQLite in WAL mode: one writer at a time, readers in any process beside it, a commit flushed before it returns.

    busy_s : how long a transaction waits for that of another process before it is RetryLater.
    """

    def __init__(self, directory: Path, *, is_read_only: bool = False, busy_s: float = BUSY_S) -> None:
        self.directory = directory
        self.path = directory / FILE_NAME
        self.is_read_only = is_read_only
        self._busy_s = busy_s
        if is_read_only and not self.path.exists():
            raise InvalidSettings(
                f"{self.path}: there is no such file; the exporter makes it when it first starts, in the folder that "
                "its --state names"
            )
        self._turns = None if is_read_only else Turns(_made(directory), busy_s)
        with self.explained(), ExitStack() as stack:
            if self._turns is not None:
                stack.callback(self._turns.close)
            self.connection = self._connect() if is_read_only else self._create()
            stack.pop_all()

    def size_bytes(self) -> int:
        """What the folder takes on the disk; a file that is taken away meanwhile counts nothing."""
        total = 0
        for path in self.directory.iterdir():
            with suppress(FileNotFoundError):
                total += path.stat().st_blocks * _BLOCK_BYTES
        return total

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction that changes something, and waits its turn first; all of it or nothing."""
        with self._turn(), self._transaction("begin immediate") as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A transaction that sees one state of the file."""
        with self._transaction("begin") as connection:
            yield connection

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """One state of the file on a connection of its own, for as long as it takes."""
        with self.explained():
            connection = self._connect()
            try:
                connection.execute("begin")
                yield connection
            finally:
                connection.close()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """Turns SQLite's errors, and those of what is stored in it, into what the caller should do."""
        try:
            yield
        except sqlite3.Error as error:
            raise self._explanation(error) from error
        except DamagedBody as error:
            raise DiskFailed(f"{self.path}: {error}. {_WHAT_TO_DO}") from error

    def give_back_space(self) -> None:
        """Shortens the file by pages that have become free, where there are more than another day could fill again."""
        with self.explained():
            free, pages = (self.connection.execute(f"pragma {name}").fetchone()[0] for name in _PAGE_COUNTS)
            for _ in range(0, free - int(pages * _FREE_SHARE), _VACUUM_PAGES):
                with self._turn():
                    # `execute` would stop at the first page, since each is a row without columns.
                    self.connection.executescript(f"pragma incremental_vacuum({_VACUUM_PAGES})")

    def close(self) -> None:
        with self.explained():
            self.connection.close()
        if self._turns is not None:
            self._turns.close()

    def _turn(self) -> AbstractContextManager[None]:
        return self._turns.turn() if self._turns is not None else nullcontext()

    @contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        with self.explained():
            self.connection.execute(begin)
            try:
                yield self.connection
                self.connection.execute("commit")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self.connection.execute("rollback")
                raise

    def _create(self) -> sqlite3.Connection:
        with self._turn():
            connection = self._connect()
            connection.execute(f"pragma page_size = {_PAGE_BYTES}")
            connection.execute("pragma auto_vacuum = incremental")
            connection.execute("pragma journal_mode = wal")
        connection.execute("pragma synchronous = full")
        connection.execute(f"pragma wal_autocheckpoint = {_CHECKPOINT_PAGES}")
        connection.execute(f"pragma journal_size_limit = {_LOG_BYTES}")
        return connection

    def _connect(self) -> sqlite3.Connection:
        mode = "ro" if self.is_read_only else "rwc"
        connection = sqlite3.connect(
            f"{self.path.absolute().as_uri()}?mode={mode}",
            uri=True,
            timeout=self._busy_s,
            isolation_level=None,
            check_same_thread=False,
        )
        with ExitStack() as stack:
            stack.callback(connection.close)
            version = connection.execute("pragma user_version").fetchone()[0]
            if version > VERSION:
                raise InvalidSettings(
                    f"{self.path}: its form is {version}, written by a newer infranaut; this one knows up to {VERSION}."
                    " Start the newer one, or give this one another --state folder."
                )
            stack.pop_all()
        return connection

    def _explanation(self, error: sqlite3.Error) -> Exception:
        code = getattr(error, "sqlite_errorcode", 0)
        primary = code & 0xFF
        if primary in _WAITED:
            return RetryLater(f"{self.path}: other processes have kept it locked for {self._busy_s:g} s: {error}")
        if primary in _BROKEN or code in _NOT_READABLE:
            return DiskFailed(f"{self.path}: this is no sound database: {error}. {_WHAT_TO_DO}")
        if code in _NOT_FLUSHED:
            return DiskFailed(f"{self.path}: what was written may not be on disk: {error}. Check the disk.")
        if primary == sqlite3.SQLITE_FULL:
            return RetryLater(f"{self.path}: there is no room on its disk: {error}", retry_after_s=5)
        if primary == sqlite3.SQLITE_IOERR:
            return RetryLater(f"{self.path}: the disk refuses what is to be written: {error}", retry_after_s=5)
        return InvalidSettings(f"{self.path}: cannot be used: {error}")


def _made(directory: Path) -> Path:
    try:
        directory.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidSettings(f"{directory}: cannot be made a folder for the warm tier: {error}") from error
    return directory


_WHAT_TO_DO = (
    "Stop the exporter, move the folder away and start again: an empty one is made;"
    " what has reached the cold tier comes back with `infranaut tiers restore`."
)
