"""Exporters that share an archive, and the servers that it is on: all to be killed, frozen and started again."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.chaos.restartable import RestartableExporter
from tests.chaos.senders import MONITOR
from tests.support.exporters import COMMAND
from tests.support.fault_proxy import FaultProxy, fault_proxy
from tests.support.object_stores import StorePlace, moto_place
from tests.support.postgres import RunningPostgres, postgres
from tests.support.redis import RunningRedis, redis_server

_MONITOR_FILE = f"""\
apiVersion: infranaut.io/v1
kind: Monitor
metadata: {{name: {MONITOR}}}
spec:
  model: {{name: {MONITOR}, task: binary}}
  events: {{id: id, timestamp: ts, prediction: score, horizon: 3d}}
  features: {{age: {{type: number}}, region: {{type: category}}}}
  labels: {{join: id}}
  limits: {{remembered_predictions: 8192}}
"""
"""Little is remembered, so that it is the archive that has to tell what is there already."""
_COMMAND_WITHIN_S = 600


@dataclass(slots=True)
class ArchiveServers:
    """What several worlds may use one after the other: each has a database, a cache and a prefix of its own."""

    postgres: RunningPostgres
    redis: RunningRedis
    place: StorePlace
    s3: FaultProxy
    """Stands before the place."""
    _worlds: Iterator[int] = field(default_factory=itertools.count)

    def sections(self) -> dict[str, Any]:
        """Of the settings file, for one more world."""
        number = next(self._worlds)
        behind = self.place.through(self.s3.port)
        return {
            "warm": {"url": self.postgres.new_database()},
            "hot": {"url": self.redis.url.removesuffix("/0") + f"/{number}"},
            "cold": {"url": f"{behind.url}/world-{number}", "options": behind.options},
        }


@dataclass(frozen=True, slots=True)
class WorldPlan:
    """What a world is made of.

    archive  : sections of the settings file, beside those of the servers or in place of them.
    small_mb : the last exporter's state is on a disk of its own, of so many MiB; 0: all share the machine's.
    """

    exporters: int = 2
    archive: dict[str, Any] = field(default_factory=dict)
    small_mb: int = 0


@dataclass(slots=True)
class ArchiveWorld:
    """What runs."""

    folder: Path
    monitors: Path
    config: Path | None = None
    exporters: list[RestartableExporter] = field(default_factory=list)
    servers: ArchiveServers | None = None
    small_disk: Path | None = None
    """Where the last exporter's state is, when it is on a disk of its own."""

    @property
    def addresses(self) -> list[str]:
        """Where predictions are posted."""
        return [exporter.address for exporter in self.exporters]

    @property
    def environment(self) -> Mapping[str, str]:
        """Of the exporters, and of whoever reads the archive."""
        return {} if self.servers is None else self.servers.place.environment

    def command(self, *words: str) -> bytes:
        """What `infranaut …` prints about this archive; AssertionError with its own words when it fails."""
        process = self.start_command(*words)
        told, complaint = process.communicate(timeout=_COMMAND_WITHIN_S)
        assert process.returncode == 0, f"infranaut {' '.join(words)}: {complaint.decode(errors='replace')}"
        return told

    def start_command(self, *words: str) -> subprocess.Popen[bytes]:
        """`infranaut …` on this archive, as it runs."""
        flags = ["--state", str(self.exporters[0].state), "--monitors", str(self.monitors)]
        flags += [] if self.config is None else ["--config", str(self.config)]
        return subprocess.Popen(
            [COMMAND, *words, *flags],
            env={**os.environ, **self.environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )

    def start(self) -> None:
        """All exporters, until they are ready."""
        for exporter in self.exporters:
            exporter.start()
        for exporter in self.exporters:
            exporter.wait_ready()


@contextmanager
def some_servers(folder: Path) -> Iterator[ArchiveServers]:
    """PostgreSQL, Redis, and S3 behind a proxy that can be told to fail."""
    with (
        postgres() as database,
        redis_server(folder / "redis") as cache,
        moto_place(folder) as place,
        fault_proxy(place.port) as s3,
    ):
        yield ArchiveServers(database, cache, place, s3)


@contextmanager
def a_world(
    folder: Path, plan: WorldPlan | None = None, servers: ArchiveServers | None = None
) -> Iterator[ArchiveWorld]:
    """Exporters that have not been started yet; none of them is left in the end.

    Without servers the tiers are in the state folder of the one exporter that there can be then.
    """
    plan = plan or WorldPlan(2 if servers else 1)
    monitors = folder / "monitors"
    monitors.mkdir(parents=True)
    (monitors / f"{MONITOR}.yaml").write_text(_MONITOR_FILE)
    with ExitStack() as stack:
        world = ArchiveWorld(folder, monitors, servers=servers)
        archive = {**(servers.sections() if servers else {}), **plan.archive}
        if archive:
            world.config = folder / "infranaut.yaml"
            world.config.write_text(yaml.safe_dump({"archive": archive}))
        if plan.small_mb:
            world.small_disk = stack.enter_context(small_disk(folder / "disk", plan.small_mb))
        for number in range(plan.exporters):
            world.exporters.append(_an_exporter(world, number, is_last=number == plan.exporters - 1))
            stack.callback(world.exporters[-1].close)
        yield world


@contextmanager
def small_disk(at: Path, size_mb: int) -> Iterator[Path]:
    """A file system in memory that is full after so many MiB."""
    at.mkdir(parents=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size_mb}m", "tmpfs", str(at)], check=True)
    try:
        yield at
    finally:
        subprocess.run(["umount", "--lazy", str(at)], check=True)


def reason_against_small_disks() -> str | None:
    """Why none can be had here; None: they can."""
    if not sys.platform.startswith("linux") or shutil.which("mount") is None:
        return "there is no command mount"
    trial = ["unshare", "--mount", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]
    probe = subprocess.run(trial, check=False, capture_output=True)
    return None if probe.returncode == 0 else "a tmpfs cannot be mounted: run as root"


def _an_exporter(world: ArchiveWorld, number: int, *, is_last: bool) -> RestartableExporter:
    flags = () if world.config is None else ("--config", str(world.config))
    state = world.small_disk / "state" if world.small_disk is not None and is_last else None
    home = world.folder / f"exporter-{number}"
    return RestartableExporter(home, world.monitors, flags, state, world.environment)
