"""A machine's disk as it may behave: a cache that a loss of power empties, sectors and names that reach the platter in
any order, flushes that fail and then pretend, room that runs out, and old bytes in new files."""

from __future__ import annotations

import errno
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


class ProcessKilled(BaseException):
    """What a process meets when it is killed: nothing of its code goes on, and nothing catches it."""


class PowerLost(BaseException):
    """The machine is off."""


@dataclass(slots=True, eq=False)
class SimulatedFile:
    """What the system shows (`cache`), what the platter holds, and which sectors the system knows to differ."""

    cache: bytearray
    platter: bytearray
    dirty: set[int] = field(default_factory=set)
    is_size_dirty: bool = True


Folder = dict[str, SimulatedFile]


@dataclass(slots=True)
class DiskTraits:
    """How bad this disk is.

    sector       : bytes that reach the platter as one.
    capacity     : bytes for all files.
    shows_stale  : whether room that is taken from the disk shows what stood there before.
    """

    sector: int = 16
    capacity: int = 1 << 20
    shows_stale: bool = False


class Machine:
    """The files of all processes on it."""

    def __init__(self, rng: random.Random, traits: DiskTraits) -> None:
        self.rng = rng
        self.traits = traits
        self.folders: dict[str, Folder] = {}
        self.platter_folders: dict[str, Folder] = {}
        self.locks: set[str] = set()
        self.taken_by_others = 0
        self._buried: bytearray = bytearray()

    def identity(self, path: Path) -> str:
        """The identity of a spool's folder."""
        names = [name for name in self.folder(path) if name.startswith("identity-")]
        return names[0].removeprefix("identity-") if len(names) == 1 else ""

    def throw_away(self, path: Path) -> None:
        """Removes a folder with all that is in it, as somebody does who needs room."""
        for name in [name for name in self.folders if Path(name) == path or path in Path(name).parents]:
            del self.folders[name], self.platter_folders[name]

    def folder(self, path: Path) -> Folder:
        return self.folders.get(str(path), {})

    def make_folder(self, path: Path) -> None:
        """Durable at once: a spool's folder is made before anything is in it."""
        self.folders.setdefault(str(path), {})
        self.platter_folders.setdefault(str(path), {})

    def find(self, path: Path) -> SimulatedFile:
        folder, _, name = str(path).rpartition("/")
        file = self.folders.get(folder, {}).get(name)
        if file is None:
            raise FileNotFoundError(errno.ENOENT, "no such file", str(path))
        return file

    def create(self, path: Path, size: int) -> SimulatedFile:
        folder = self.folders[str(path.parent)]
        if path.name in folder:
            raise FileExistsError(errno.EEXIST, "file exists", str(path))
        if self.used() + size > self.traits.capacity:
            raise OSError(errno.ENOSPC, "no space left on device", str(path))
        stale = self._buried[:size] if self.traits.shows_stale else b""
        content = bytearray(stale) + bytearray(size - len(stale))
        file = folder[path.name] = SimulatedFile(content, bytearray(content))
        return file

    def used(self) -> int:
        files = {id(file): len(file.cache) for folder in self.folders.values() for file in folder.values()}
        return sum(files.values()) + self.taken_by_others

    def unlink(self, path: Path) -> None:
        self._buried = self.find(path).cache
        del self.folders[str(path.parent)][path.name]

    def write(self, file: SimulatedFile, data: bytes, offset: int) -> None:
        """Into the cache."""
        if not data:
            return
        end = offset + len(data)
        if end > len(file.cache):
            file.cache.extend(bytes(end - len(file.cache)))
            file.is_size_dirty = True
        file.cache[offset:end] = data
        sector = self.traits.sector
        file.dirty.update(range(offset // sector, (end - 1) // sector + 1))

    def flush(self, file: SimulatedFile) -> None:
        self._store(file, file.dirty)
        file.dirty.clear()
        file.is_size_dirty = False

    def fail_to_flush(self, file: SimulatedFile) -> None:
        """Some sectors reach the platter; the system takes all of them for written from now on."""
        self._store(file, {sector for sector in file.dirty if self.rng.random() < 0.5})
        file.dirty.clear()

    def flush_folder(self, path: Path) -> None:
        self.platter_folders[str(path)] = dict(self.folder(path))

    def lose_power(self) -> None:
        """Of what was not flushed, any part may have reached the platter."""
        chance = self.rng.choice((0.0, 0.3, 0.7, 1.0))
        for name, folder in self.folders.items():
            self._lose_names(folder, self.platter_folders[name], chance)
        self.folders = {name: dict(folder) for name, folder in self.platter_folders.items()}
        for file in {id(file): file for folder in self.folders.values() for file in folder.values()}.values():
            self._lose_sectors(file, chance)
        self.locks.clear()

    def holds_durably(self, content: bytes) -> bool:
        """Whether bytes stand on the platter, in a file whose name does too."""
        for folder in self.platter_folders.values():
            for file in folder.values():
                if content in file.platter:
                    return True
        return False

    def damage(self, file: SimulatedFile, offset: int) -> None:
        """Flips a bit, for good."""
        for content in (file.cache, file.platter):
            if offset < len(content):
                content[offset] ^= 1 << self.rng.randrange(8)

    def _store(self, file: SimulatedFile, sectors: set[int]) -> None:
        if len(file.platter) < len(file.cache):
            file.platter.extend(bytes(len(file.cache) - len(file.platter)))
        size = self.traits.sector
        for sector in sectors:
            part = slice(sector * size, (sector + 1) * size)
            file.platter[part] = file.cache[part]

    def _lose_names(self, folder: Folder, platter: Folder, chance: float) -> None:
        for name in sorted({*folder, *platter}):
            if folder.get(name) is not platter.get(name) and self.rng.random() < chance:
                if name in folder:
                    platter[name] = folder[name]
                else:
                    del platter[name]

    def _lose_sectors(self, file: SimulatedFile, chance: float) -> None:
        self._store(file, {sector for sector in sorted(file.dirty) if self.rng.random() < chance})
        if file.is_size_dirty and self.rng.random() < 0.3:
            del file.platter[self.rng.randrange(len(file.platter) + 1) :]
        file.cache = bytearray(file.platter)
        file.dirty = set()
        file.is_size_dirty = False


def partly(rng: random.Random, buffers: Sequence[bytes]) -> bytes:
    """The beginning of what was to be written."""
    whole = b"".join(buffers)
    return whole[: rng.randrange(len(whole) + 1)]
