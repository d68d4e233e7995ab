"""From the settings to an open hot tier."""

from __future__ import annotations

from exporter.archive.configuration import HotSection
from exporter.archive.hot.memory import MemoryHotTier
from exporter.archive.hot.tier import HotTier
from exporter.clock import Clock
from exporter.errors import InvalidSettings


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
