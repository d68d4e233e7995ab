"""How a command gets at the archive: the options that say where it is, and the tiers that they open."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any

import click

from exporter.archive.configuration import ArchiveConfiguration
from exporter.archive.opening import Archive, open_archive
from exporter.clock import Clock, SystemClock
from exporter.derive.sql import check_expressions
from exporter.errors import InvalidSettings
from exporter.monitor.load import LoadedMonitor, load_monitors
from exporter.monitor.spec import Monitor
from exporter.settings import DEFAULT_STATE
from exporter.settings_file import load_settings_file


@dataclass(frozen=True, slots=True)
class ArchiveAccess:
    """Where the archive is; `loaded` is empty where no monitors were named."""

    configuration: ArchiveConfiguration
    config: Path | None
    state: Path
    loaded: tuple[LoadedMonitor, ...]
    monitor_paths: tuple[Path, ...]
    clock: Clock

    @property
    def monitors(self) -> Mapping[str, Monitor]:
        """By name."""
        return {each.name: each.monitor for each in self.loaded}

    @contextmanager
    def open(self, *, is_read_only: bool = False) -> Iterator[Archive]:
        """The tiers, their tables in this version's form unless read-only; InvalidSettings where there is no state."""
        self.require_state()
        archive = open_archive(self.configuration, self.state, self.clock, is_read_only=is_read_only)
        try:
            if not is_read_only:
                archive.warm.migrate()
            yield archive
        finally:
            archive.close()

    def require_state(self) -> None:
        """InvalidSettings where a tier is in the state folder and there is none."""
        warm, cold = self.configuration.warm, self.configuration.cold
        is_needed = warm.url is None or (cold.enabled and cold.url is None)
        if is_needed and not self.state.is_dir():
            raise InvalidSettings(
                f"{self.state} is no folder; give the one that `infranaut serve --state` was started with"
            )

    def require_monitors(self) -> Mapping[str, Monitor]:
        """InvalidSettings where no monitors were named."""
        if not self.monitors:
            raise InvalidSettings("retention stands in the monitors; give the folder of them: --monitors monitors/")
        return self.monitors


def archive_options(function: Callable[..., None]) -> Callable[..., None]:
    """Adds --config, --state and --monitors, and passes an `ArchiveAccess` as `access`."""

    @click.option("--config", type=click.Path(path_type=Path, dir_okay=False), help="Settings file of the exporter.")
    @click.option(
        "--state",
        type=click.Path(path_type=Path, file_okay=False),
        default=DEFAULT_STATE,
        show_default=True,
        help="State folder of the exporter.",
    )
    @click.option(
        "--monitors",
        multiple=True,
        type=click.Path(path_type=Path, exists=True),
        help="A folder or file of monitors; may be given several times.",
    )
    @wraps(function)
    def with_access(config: Path | None, state: Path, monitors: tuple[Path, ...], **arguments: Any) -> None:
        loaded = load_monitors(monitors, check_expressions).monitors if monitors else ()
        archive = load_settings_file(config).archive
        function(access=ArchiveAccess(archive, config, state, loaded, monitors, SystemClock()), **arguments)

    return with_access


def person() -> str:
    """Who the audit names: the user, and who they were before sudo."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"uid {os.getuid()}"
    before = os.environ.get("SUDO_USER")
    return f"{before} as {name}" if before and before != name else name
