"""The `Disk` that one process of a simulated machine sees; before each of its calls the world may turn."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from tests.simulation.machine import Machine, ProcessKilled, SimulatedFile, partly


class Surroundings(Protocol):
    """What may happen around a call."""

    def turn(self, what: str, where: str) -> None:
        """Anything: others run, this process is killed, the power goes."""

    def is_failing(self, what: str) -> bool:
        """Whether this call fails, as calls of its kind may."""


class ProcessDisk:
    """Its handles and locks end with the process."""

    def __init__(self, machine: Machine, world: Surroundings) -> None:
        self._machine = machine
        self._world = world
        self._handles: dict[int, SimulatedFile] = {}
        self._locks: dict[int, str] = {}
        self._next_handle = 3
        self._is_dead = False

    def die(self) -> None:
        """As the system does with a process's locks when it ends."""
        self._is_dead = True
        self._machine.locks.difference_update(self._locks.values())

    def make_directory(self, directory: Path) -> None:
        self._begin("make_directory", directory.name)
        self._machine.make_folder(directory)

    def list(self, directory: Path) -> Sequence[str]:
        self._begin("list", directory.name)
        return list(self._machine.folder(directory))

    def folders(self, directory: Path) -> Sequence[str]:
        self._begin("folders", directory.name)
        parent = f"{directory}/"
        names = [name.removeprefix(parent) for name in self._machine.folders if name.startswith(parent)]
        return [name for name in names if "/" not in name]

    def size(self, path: Path) -> int:
        return len(self._machine.find(path).cache)

    def size_of(self, handle: int) -> int:
        return len(self._handles[handle].cache)

    def create(self, path: Path, size: int) -> int:
        self._begin("create", path.name)
        return self._opened(self._machine.create(path, size))

    def open(self, path: Path) -> int:
        return self._opened(self._machine.find(path))

    def close(self, handle: int) -> None:
        self._handles.pop(handle, None)
        lock = self._locks.pop(handle, None)
        if lock is not None and not self._is_dead:
            self._machine.locks.discard(lock)

    def read(self, handle: int, offset: int, length: int) -> bytes:
        self._begin("read", "")
        return bytes(self._handles[handle].cache[offset : offset + length])

    def write(self, handle: int, buffers: Sequence[bytes], offset: int) -> None:
        file = self._handles[handle]
        is_new = file.cache[offset : offset + sum(map(len, buffers))] != b"".join(buffers)
        if is_new and self._world.is_failing("write"):
            self._machine.write(file, partly(self._machine.rng, buffers), offset)
            raise OSError(errno.ENOSPC, "no space left on device")
        try:
            self._begin("write", "")
        except BaseException:
            self._machine.write(file, partly(self._machine.rng, buffers), offset)
            raise
        self._machine.write(file, b"".join(buffers), offset)

    def sync(self, handle: int) -> None:
        self._begin("sync", "")
        if self._world.is_failing("sync"):
            self._machine.fail_to_flush(self._handles[handle])
            raise OSError(errno.EIO, "input/output error")
        self._machine.flush(self._handles[handle])

    def sync_directory(self, directory: Path) -> None:
        self._begin("sync_directory", directory.name)
        if self._world.is_failing("sync_directory"):
            raise OSError(errno.EIO, "input/output error")
        self._machine.flush_folder(directory)

    def unlink(self, path: Path) -> None:
        self._begin("unlink", path.name)
        self._machine.unlink(path)

    def link(self, path: Path, name: Path) -> None:
        self._begin("link", path.name)
        folder = self._machine.folders[str(name.parent)]
        if name.name in folder:
            raise FileExistsError(errno.EEXIST, "file exists", str(name))
        folder[name.name] = self._machine.find(path)

    def lock(self, directory: Path) -> int | None:
        self._begin("lock", directory.name)
        if str(directory) in self._machine.locks:
            return None
        self._machine.locks.add(str(directory))
        handle = self._take_handle()
        self._locks[handle] = str(directory)
        return handle

    def _begin(self, what: str, where: str) -> None:
        if self._is_dead:
            raise ProcessKilled
        self._world.turn(what, where)

    def _opened(self, file: SimulatedFile) -> int:
        handle = self._take_handle()
        self._handles[handle] = file
        return handle

    def _take_handle(self) -> int:
        self._next_handle += 1
        return self._next_handle
