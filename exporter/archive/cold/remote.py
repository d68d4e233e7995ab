"""A store of objects in S3, Google Cloud Storage or Azure Blob Storage, through one client library: obstore."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import obstore
from obstore import exceptions, store

from exporter.archive.cold.locking import S3Locks
from exporter.archive.cold.store import PutOutcome, StoredObject
from exporter.errors import InvalidSettings, RetryLater

CLIENT_OPTIONS = frozenset(
    (
        "allow_http",
        "allow_invalid_certificates",
        "connect_timeout",
        "proxy_ca_certificate",
        "proxy_excludes",
        "proxy_url",
        "read_timeout",
        "timeout",
    )
)
_CLIENT_DEFAULTS = {"connect_timeout": "5s", "read_timeout": "30s", "timeout": "300s"}
_BACKOFF = {"init_backoff": timedelta(seconds=0.1), "max_backoff": timedelta(seconds=2), "base": 2}
_RETRIES: dict[str, Any] = {"max_retries": 2, "retry_timeout": timedelta(seconds=60), "backoff": _BACKOFF}

_EXISTS = (exceptions.AlreadyExistsError, exceptions.PreconditionError)
_REFUSED = (exceptions.PermissionDeniedError, exceptions.UnauthenticatedError)
_STATUS = re.compile(r"status code: (\d{3})")
_NO_CREDENTIALS = ("169.254.169.254", "169.254.170.2", "metadata.google.internal", "MissingCredential")
_MAY_PASS = frozenset((408, 409, 425, 429, *range(500, 600))) - {501, 505}
_NOT_TOLD = re.compile(r"\n\s*\nDebug source:.*| in [\d.]+(?:ns|µs|ms|s)\b", re.DOTALL)
"""What differs from one time to the next: the same trouble is told in the same words, so that a log has it once."""


@dataclass(frozen=True, slots=True)
class RemotePlace:
    """Where objects go and how.

    url           : with its scheme (s3, gs or az), bucket and prefix.
    options       : for the client, as in the settings.
    storage_class : for each new object.
    """

    url: str
    options: Mapping[str, str]
    storage_class: str | None = None


class RemoteStore:
    """An `ObjectStore`. Requests are repeated a few times; then it is the caller's turn."""

    def __init__(self, place: RemotePlace, locks: S3Locks | None = None) -> None:
        self._place = place
        self._locks = locks
        self._prefix = place.url.split("://", 1)[1].partition("/")[2].strip("/")
        self._attributes = {"Storage-Class": place.storage_class} if place.storage_class else None
        client_options = {**_CLIENT_DEFAULTS, **{k: v for k, v in place.options.items() if k in CLIENT_OPTIONS}}
        options = {key: value for key, value in place.options.items() if key not in CLIENT_OPTIONS}
        try:
            from_url: Any = store.from_url
            self._store = from_url(place.url, client_options=client_options, retry_config=_RETRIES, **options)
        except (exceptions.BaseError, ValueError, TypeError) as error:
            raise InvalidSettings(f"{place.url}: {_words(error)}; see archive.cold.options") from error

    def check(self) -> None:
        with self._errors():
            next(iter(obstore.list(self._store, chunk_size=1)), None)
        if self._locks is not None:
            self._locks.check()

    def put_if_absent(self, name: str, content: bytes, locked_until: float | None = None) -> PutOutcome:
        """Asks first: some servers leave the precondition unheeded where objects have versions (Ceph 16)."""
        outcome = PutOutcome.EXISTS if self.size(name) is not None else self._put(name, content)
        if locked_until is not None:
            self._lock(lambda locks: locks.lock(self._key(name), locked_until))
        return outcome

    def get(self, name: str) -> bytes | None:
        with self._errors():
            try:
                return bytes(obstore.get(self._store, name).bytes())
            except FileNotFoundError as error:
                _refuse_missing_bucket(error)
                return None

    def get_range(self, name: str, start: int, length: int) -> bytes:
        with self._errors():
            return bytes(obstore.get_range(self._store, name, start=start, length=length))

    def size(self, name: str) -> int | None:
        with self._errors():
            try:
                return int(obstore.head(self._store, name)["size"])
            except FileNotFoundError:
                return None

    def list(self, prefix: str = "") -> Iterator[StoredObject]:
        with self._errors():
            for chunk in obstore.list(self._store, prefix=prefix or None):
                for meta in chunk:
                    yield StoredObject(meta["path"], meta["size"], meta["last_modified"].timestamp())

    def delete(self, name: str) -> None:
        with self._errors():
            try:
                obstore.delete(self._store, name)
            except FileNotFoundError as error:
                _refuse_missing_bucket(error)

    def hold(self, name: str, is_held: bool) -> None:
        if self._locks is not None:
            self._lock(lambda locks: locks.hold(self._key(name), is_held))

    def _put(self, name: str, content: bytes) -> PutOutcome:
        with self._errors():
            try:
                obstore.put(self._store, name, content, attributes=self._attributes, mode="create", use_multipart=False)
            except _EXISTS:
                return PutOutcome.EXISTS
        return PutOutcome.CREATED

    def _key(self, name: str) -> str:
        return f"{self._prefix}/{name}" if self._prefix else name

    def _lock(self, act: Callable[[S3Locks], None]) -> None:
        if self._locks is None:
            raise InvalidSettings(f"{self._place.url} was opened without object lock: set archive.cold.object_lock")
        act(self._locks)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except exceptions.BaseError as error:
            raise _as_ours(self._place.url, error) from error


def _as_ours(url: str, error: Exception) -> Exception:
    words = _words(error)
    status = _STATUS.search(words)
    if any(address in words for address in _NO_CREDENTIALS):
        return InvalidSettings(f"{url}: no credentials in the environment, and this machine has no role: {words}")
    if isinstance(error, _REFUSED) or (status is not None and int(status[1]) in (401, 403)):
        message = f"{url} refuses the credentials of this process's environment: {words}"
        return InvalidSettings(f"{message}; check them, and what they allow")
    if "builder error" in words:
        return InvalidSettings(
            f"{url}: {words}; for an endpoint with http:// set archive.cold.options.allow_http: 'true'"
        )
    if status is None or int(status[1]) in _MAY_PASS:
        return RetryLater(f"{url} cannot be used now: {words}")
    if int(status[1]) == 404:
        return InvalidSettings(f"{url}: there is no such bucket: {words}; make it, or correct archive.cold.url")
    return InvalidSettings(f"{url} refuses: {words}; see archive.cold")


def _refuse_missing_bucket(error: Exception) -> None:
    """A missing object is an answer; a missing bucket is a mistake."""
    words = _words(error)
    if any(code in words for code in ("NoSuchBucket", "ContainerNotFound", "The specified bucket does not exist")):
        raise InvalidSettings(f"there is no such bucket: {words}; make it, or correct archive.cold.url") from error


def _words(error: Exception) -> str:
    return " ".join(_NOT_TOLD.sub("", str(error)).split())
