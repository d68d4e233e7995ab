"""What befalls a world: each fault is inflicted, lasts a while, and ends as it would with nobody to help.

Servers come back by themselves, and whoever looks after processes (systemd, Kubernetes) starts an exporter that has
ended again; nothing else is ever done.
"""

from __future__ import annotations

import errno
import random
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tests.chaos.restartable import RestartableExporter
from tests.chaos.world import ArchiveServers, ArchiveWorld
from tests.support.fault_proxy import FaultProxy, HttpFault

_CHUNK_BYTES = 2**20
S3_METHODS = ("GET", "HEAD", "PUT", "DELETE")
_MOST_REQUESTS = 1_000

Inflict = Callable[[ArchiveWorld, random.Random], None]


@dataclass(frozen=True, slots=True)
class ChaosFault:
    """Faults of different subjects may come together, those of one only one after the other."""

    name: str
    subject: str
    inflict: Inflict


def faults_of(world: ArchiveWorld) -> Sequence[ChaosFault]:
    """All that can befall this world."""
    faults = [
        fault for number in range(len(world.exporters)) for fault in _exporter_faults(f"exporter {number}", number)
    ]
    if world.servers is not None:
        faults += [
            ChaosFault("PostgreSQL killed", "postgres", kill_postgres),
            ChaosFault("PostgreSQL frozen", "postgres", freeze_postgres),
            ChaosFault("Redis killed", "redis", kill_redis),
            ChaosFault("Redis frozen", "redis", freeze_redis),
        ]
        faults += [ChaosFault(f"S3: {fault.value}", "s3", partial(spoil_s3, fault)) for fault in HttpFault]
    if world.small_disk is not None:
        faults.append(ChaosFault("disk full", "disk", fill_disk))
    return faults


def kill_postgres(world: ArchiveWorld, rng: random.Random) -> None:
    postgres = _servers(world).postgres
    postgres.kill()
    time.sleep(rng.uniform(0, 6))
    postgres.start()


def freeze_postgres(world: ArchiveWorld, rng: random.Random) -> None:
    postgres = _servers(world).postgres
    postgres.freeze()
    time.sleep(rng.uniform(1, 12))
    postgres.resume()


def kill_redis(world: ArchiveWorld, rng: random.Random) -> None:
    redis = _servers(world).redis
    redis.kill()
    time.sleep(rng.uniform(0, 6))
    redis.restart()


def freeze_redis(world: ArchiveWorld, rng: random.Random) -> None:
    redis = _servers(world).redis
    redis.freeze()
    time.sleep(rng.uniform(1, 12))
    redis.thaw()


def spoil_s3(fault: HttpFault, world: ArchiveWorld, rng: random.Random) -> None:
    with spoilt_s3(_servers(world).s3, fault):
        time.sleep(rng.uniform(5, 40))


@contextmanager
def spoilt_s3(s3: FaultProxy, fault: HttpFault, methods: Sequence[str] = S3_METHODS) -> Iterator[None]:
    """Every request with one of these methods meets the fault, until the end of the block."""
    s3.released.clear()
    for method in methods:
        s3.plan(method, fault, _MOST_REQUESTS)
    try:
        yield
    finally:
        s3.clear()
        s3.released.set()


def fill_disk(world: ArchiveWorld, rng: random.Random) -> None:
    assert world.small_disk is not None
    ballast = fill_up(world.small_disk)
    time.sleep(rng.uniform(2, 10))
    ballast.unlink()


def fill_up(folder: Path) -> Path:
    """Writes until the disk is full; the file to delete."""
    ballast = folder / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for size in (_CHUNK_BYTES, 4_096, 1):
            _write_until_full(file.write, bytes(size))
    return ballast


def _write_until_full(write: Callable[[bytes], int | None], chunk: bytes) -> None:
    try:
        while write(chunk):
            continue
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise


def _servers(world: ArchiveWorld) -> ArchiveServers:
    assert world.servers is not None
    return world.servers


def _exporter_faults(subject: str, number: int) -> Sequence[ChaosFault]:
    def with_exporter(befall: Callable[[RestartableExporter, random.Random], None]) -> Inflict:
        return lambda world, rng: befall(world.exporters[number], rng)

    named: Sequence[tuple[str, Callable[[RestartableExporter, random.Random], None]]] = [
        ("worker killed", lambda exporter, _rng: exporter.kill_child("worker")),
        ("archivist killed", lambda exporter, _rng: exporter.kill_child("archivist")),
        ("killed", _kill_and_start),
        ("stopped", _stop_and_start),
        ("reloaded", lambda exporter, _rng: exporter.reload()),
    ]
    return [ChaosFault(f"{subject} {what}", subject, with_exporter(befall)) for what, befall in named]


def _kill_and_start(exporter: RestartableExporter, rng: random.Random) -> None:
    exporter.kill()
    time.sleep(rng.uniform(0, 2))
    exporter.start()
    exporter.wait_ready()


def _stop_and_start(exporter: RestartableExporter, _rng: random.Random) -> None:
    exporter.terminate()
    exporter.start()
    exporter.wait_ready()
