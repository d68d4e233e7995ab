"""Object lock and legal hold of S3, which the client of `exporter.archive.cold.remote` does not know."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal, TypeVar

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from exporter.errors import InvalidSettings, RetryLater

T = TypeVar("T")
LockMode = Literal["governance", "compliance"]

_NO_LOCK = "ObjectLockConfigurationNotFoundError"
_CONNECT_S, _READ_S, _ATTEMPTS = 5, 30, 3


class S3Locks:
    """Locks objects that are already there; the object's owner puts it first, and calls again after a crash."""

    def __init__(self, bucket: str, mode: LockMode, options: Mapping[str, str]) -> None:
        """`options` as in the settings: `endpoint`, `region`."""
        self._bucket, self._mode = bucket, mode.upper()
        retries = {"max_attempts": _ATTEMPTS, "mode": "standard"}
        self._client: Any = boto3.session.Session().client(
            "s3",
            endpoint_url=options.get("endpoint"),
            region_name=options.get("region", "us-east-1"),
            config=Config(connect_timeout=_CONNECT_S, read_timeout=_READ_S, retries=retries),
        )

    def check(self) -> None:
        """InvalidSettings when the bucket was not made with object lock."""
        answer = self._ask(self._client.get_object_lock_configuration)
        if answer.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") != "Enabled":
            raise InvalidSettings(self._has_no_lock())

    def lock(self, key: str, until: float) -> None:
        """Nobody can delete this version of the object before."""
        retention = {"Mode": self._mode, "RetainUntilDate": datetime.fromtimestamp(until, UTC)}
        self._ask(self._client.put_object_retention, Key=key, Retention=retention)

    def hold(self, key: str, is_held: bool) -> None:
        """Nobody can delete this version of the object until it is let go of."""
        self._ask(self._client.put_object_legal_hold, Key=key, LegalHold={"Status": "ON" if is_held else "OFF"})

    def _ask(self, call: Callable[..., T], **parameters: Any) -> T:
        try:
            return call(Bucket=self._bucket, **parameters)
        except ClientError as error:
            raise self._as_ours(error) from error
        except BotoCoreError as error:
            raise RetryLater(f"the bucket {self._bucket!r} cannot be reached: {error}") from error

    def _as_ours(self, error: ClientError) -> Exception:
        status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 500)
        if error.response.get("Error", {}).get("Code") == _NO_LOCK:
            return InvalidSettings(self._has_no_lock())
        if status >= 500 or status in (408, 409, 429):
            return RetryLater(f"the bucket {self._bucket!r} answers {status}: {error}")
        message = f"the bucket {self._bucket!r} refuses ({status}): {error}"
        return InvalidSettings(f"{message}; check the credentials, and that they allow object lock and legal hold")

    def _has_no_lock(self) -> str:
        message = f"object_lock is set, but the bucket {self._bucket!r} has none"
        return f"{message}; make a bucket with object lock, or set object_lock to none"
