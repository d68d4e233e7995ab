"""Archives as an operator has them: all in the state folder, or in PostgreSQL and S3; with a settings file each."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner, Result

from exporter.cli import infranaut
from exporter.settings_file import load_settings_file
from tests.support.archive_states import ArchiveState
from tests.support.archives import DAY_S, MONITOR
from tests.support.clocks import MovedClock
from tests.support.monitor_files import write_monitor
from tests.support.object_stores import StorePlace
from tests.support.postgres import database

NOW_S = time.time()
TODAY_S = NOW_S - NOW_S % DAY_S
"""The commands know no other time than that of the machine."""


@dataclass
class ArchivePlace:
    """A folder with `state`, `monitors` (the monitor `MONITOR`) and a settings file; commands run on all of them."""

    folder: Path
    settings: str = "{}"

    def __post_init__(self) -> None:
        self.config.write_text(self.settings)
        write_monitor(self.monitors, MONITOR, more="  retention: {warm: 30d, cold: 10y}\n  labels: {join: id}\n")

    @property
    def config(self) -> Path:
        return self.folder / "infranaut.yaml"

    @property
    def monitors(self) -> Path:
        return self.folder / "monitors"

    @property
    def state(self) -> ArchiveState:
        """To fill it, at this moment of the machine."""
        configuration = load_settings_file(self.config).archive
        return ArchiveState(self.folder / "state", configuration, MovedClock(NOW_S))

    def run(self, *arguments: str, monitors: bool = True) -> Result:
        places = ["--state", str(self.folder / "state"), "--config", str(self.config)]
        named = ["--monitors", str(self.monitors)] if monitors else []
        return CliRunner().invoke(infranaut, [*arguments, *places, *named])


@contextmanager
def own_folder(folder: Path) -> Iterator[ArchivePlace]:
    """Nothing is set."""
    yield ArchivePlace(folder)


@contextmanager
def servers(folder: Path, store: StorePlace) -> Iterator[ArchivePlace]:
    """PostgreSQL, whose address stands in a file of its own, and S3."""
    with database() as url, store.credentials():
        (folder / "database-url").write_text(f"{url}\n")
        options = ", ".join(f"{name}: '{value}'" for name, value in store.options.items())
        cold = f"{{url: '{store.url}/{folder.name}', options: {{{options}}}}}"
        yield ArchivePlace(folder, f"archive:\n  warm: {{url_file: database-url}}\n  cold: {cold}\n")
