"""The newest windows of monitors as small values of the hot tier: a list of them, and the profiles of each."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from exporter.archive.hot.tier import HotTier
from exporter.archive.ledger import StoredProfile, WindowRevision
from exporter.errors import RetryLater

_ENCODER = msgspec.msgpack.Encoder()
_NEWEST = msgspec.msgpack.Decoder(list[WindowRevision])
_PROFILES = msgspec.msgpack.Decoder(list[StoredProfile])

_log = logging.getLogger(__name__)

T = TypeVar("T")


class HotWindows:
    """Puts raise RetryLater where the tier is away; what is not found, or cannot be read, is None.

    hot : None where there is none; then nothing is kept and nothing found.
    """

    def __init__(self, hot: HotTier | None) -> None:
        self._hot = hot

    def put_newest(self, monitor: str, windows: Sequence[WindowRevision], ttl_s: float) -> None:
        """Which windows of a monitor are the newest, newest first."""
        self._put(_newest_key(monitor), windows, ttl_s)

    def newest(self, monitor: str) -> Sequence[WindowRevision] | None:
        return self._get(_newest_key(monitor), _NEWEST)

    def put_profiles(self, monitor: str, start: int, profiles: Sequence[StoredProfile], ttl_s: float) -> None:
        """All profiles of one window, in place of those of an older revision."""
        self._put(_profiles_key(monitor, start), profiles, ttl_s)

    def profiles(self, monitor: str, start: int) -> Sequence[StoredProfile] | None:
        return self._get(_profiles_key(monitor, start), _PROFILES)

    def _put(self, key: str, value: Sequence[WindowRevision] | Sequence[StoredProfile], ttl_s: float) -> None:
        if self._hot is not None:
            self._hot.put_value(key, _ENCODER.encode(value), ttl_s)

    def _get(self, key: str, decoder: msgspec.msgpack.Decoder[T]) -> T | None:
        try:
            value = None if self._hot is None else self._hot.get_value(key)
            return None if value is None else decoder.decode(value)
        except RetryLater as error:
            _log.debug("%s is not looked for: %s", key, error)
        except (msgspec.MsgspecError, UnicodeDecodeError) as error:
            _log.warning("%s in the hot tier cannot be read, and is read from the warm tier: %s", key, error)
        return None


def _newest_key(monitor: str) -> str:
    return f"windows:{monitor}"


def _profiles_key(monitor: str, start: int) -> str:
    return f"windows:{monitor}:{start}"
