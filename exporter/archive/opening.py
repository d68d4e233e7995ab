"""From the settings to open tiers: servers where an address is given, else files in the state folder."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from exporter.archive.cold.tier import ColdTier, open_cold
from exporter.archive.configuration import ArchiveConfiguration, WarmSection
from exporter.archive.hot.opening import open_hot_tier
from exporter.archive.hot.tier import HotTier
from exporter.archive.ledger import Ledger
from exporter.archive.warm.tier import WarmTier
from exporter.clock import Clock
from exporter.errors import InvalidSettings

WARM_FOLDER = "warm"
"""Within the state folder, where the settings name no database."""


@dataclass(frozen=True, slots=True)
class Archive:
    """Open tiers, for one thread; cold is None where it is off."""

    warm: WarmTier
    ledger: Ledger
    cold: ColdTier | None
    hot: HotTier

    def close(self) -> None:
        self.hot.close()
        self.warm.close()


def open_archive(
    configuration: ArchiveConfiguration, state: Path, clock: Clock, *, is_read_only: bool = False
) -> Archive:
    """Every tier; one that is away now is opened once it answers, one that refuses raises InvalidSettings.

    Nothing is migrated. Read-only: a file in the state folder has to be there, and cannot be changed.
    """
    cold = open_cold(configuration.cold, state, clock)
    with ExitStack() as opened:
        hot = open_hot_tier(configuration.hot, clock)
        opened.callback(hot.close)
        warm, ledger = open_warm(configuration.warm, state, clock, is_read_only=is_read_only)
        opened.pop_all()
    return Archive(warm, ledger, cold, hot)


def open_warm(
    section: WarmSection, state: Path, clock: Clock, *, is_read_only: bool = False
) -> tuple[WarmTier, Ledger]:
    """The warm tier and the ledger in its database; only who just reads asks the replica, which may be behind."""
    if section.url is None:
        from exporter.archive.warm.embedded import open_embedded  # noqa: PLC0415 - not needed beside a database

        return open_embedded(state / WARM_FOLDER, clock, is_read_only=is_read_only)
    try:
        from exporter.archive.warm.postgres import open_postgres  # noqa: PLC0415 - its client comes with an extra
    except ModuleNotFoundError as error:
        message = f"archive.warm.url needs the package {error.name}: pip install 'infranaut[warm]'"
        raise InvalidSettings(message) from error
    return open_postgres(section.url, section.replica if is_read_only else None, clock)
