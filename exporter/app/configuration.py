"""From monitor files to everything that the processes of one generation share."""

from __future__ import annotations

import hashlib
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from exporter.derive.sql import check_expressions
from exporter.errors import InfranautError, StopError
from exporter.monitor.load import Loaded, LoadedMonitor, load_monitors
from exporter.monitor.spec import FileSource
from exporter.reference.use import load_references
from exporter.settings import ServeSettings
from exporter.window.shared import SharedMonitor, counting_digest

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SourceOfMonitor:
    """A source that a monitor names, its path made absolute."""

    monitor: str
    source: FileSource
    path: Path

    @property
    def collector(self) -> str:
        """The value of the label `collector`."""
        return f"file:{self.monitor}:{self.path.name}"


@dataclass(frozen=True, slots=True)
class Configuration:
    """One loaded set of monitors; `hash` is 48 bits of their digests."""

    monitors: tuple[SharedMonitor, ...]
    loaded: Loaded
    sources: tuple[SourceOfMonitor, ...]
    warnings: tuple[str, ...]
    hash: int


def load_configuration(settings: ServeSettings, slots: int, predecessor: Configuration | None) -> Configuration:
    """Loads monitors and references; InfranautError with every mistake.

    A monitor that counts as one of the predecessor did takes over its memory, and so its counts. SQL is not checked
    here, because that starts threads and the caller forks: `try_configuration` checks all of it first.
    """
    loaded = load_monitors(settings.monitors)
    warnings: list[str] = []
    references = load_references(loaded, warnings.append)
    old = {shared.counting_digest: shared for shared in predecessor.monitors} if predecessor else {}
    monitors = []
    for item in loaded.monitors:
        reference = references[item.name]
        digest = counting_digest(item.monitor, reference, slots)
        monitors.append(SharedMonitor(item.monitor, reference, slots, old.get(digest)))
    sources = [
        SourceOfMonitor(item.name, source, item.beside(source.file).resolve())
        for item in loaded.monitors
        for source in item.monitor.spec.sources
    ]
    return Configuration(tuple(monitors), loaded, tuple(sources), tuple(warnings), _hash(loaded.monitors))


def try_configuration(settings: ServeSettings) -> None:
    """Loads and checks everything, SQL included, in a process of its own; StopError with every mistake."""
    readable, writable = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(readable)
        os._exit(_report_mistakes(settings, writable))
    os.close(writable)
    with os.fdopen(readable, "rb") as pipe:
        mistakes = pipe.read().decode()
    _, code = os.waitpid(pid, 0)
    if mistakes or code:
        raise StopError(mistakes or f"checking the monitors ended with code {code}")


def _report_mistakes(settings: ServeSettings, writable: int) -> int:
    try:
        load_references(load_monitors(settings.monitors, check_expressions), lambda _warning: None)
    except InfranautError as error:
        with os.fdopen(writable, "wb") as pipe:
            pipe.write(str(error).encode())
    return 0


def _hash(monitors: tuple[LoadedMonitor, ...]) -> int:
    digests = "".join(f"{item.name}:{item.sha256}\n" for item in monitors)
    return int(hashlib.sha256(digests.encode()).hexdigest()[:12], 16)
