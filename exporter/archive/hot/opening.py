"""From the settings to an open hot tier."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from exporter.archive.configuration import HotSection
from exporter.archive.hot.memory import MemoryHotTier
from exporter.archive.hot.tier import HotTier
from exporter.clock import Clock
from exporter.errors import InvalidSettings

_log = logging.getLogger(__name__)


def open_hot_tier(section: HotSection, clock: Clock) -> HotTier:
    """The tier that the settings name; InvalidSettings when its server will not do, but not when it is away."""
    if section.url is None:
        return MemoryHotTier(clock)
    try:
        from exporter.archive.hot.redis import RedisHotTier  # noqa: PLC0415 - its client is an extra
    except ModuleNotFoundError as error:
        raise InvalidSettings(
            f"archive.hot.url needs the package {error.name!r}: pip install 'infranaut[hot]'"
        ) from error
    return RedisHotTier(section.url, clock)


@contextmanager
def shared_hot_tier(section: HotSection, clock: Clock) -> Iterator[HotTier | None]:
    """For who can do without: None where no server is named, since memory is nobody else's, or where it will not do."""
    tier = None
    if section.url is not None:
        try:
            tier = open_hot_tier(section, clock)
        except InvalidSettings as error:
            _log.warning("the latest windows are in the warm tier alone: %s", error)
    try:
        yield tier
    finally:
        if tier is not None:
            tier.close()
