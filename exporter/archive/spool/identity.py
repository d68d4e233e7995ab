"""Who a spool is: a random name that lives and dies with its folder.

It is part of the spool's origin, under which the warm tier remembers how far it has landed. So a folder that was lost
begins as a new origin, and its first entries are not taken for the first ones of the folder before.
"""

from __future__ import annotations

from pathlib import Path

from exporter.archive.spool.disk import Disk
from exporter.archive.spool.group_log import Entropy

_PREFIX = "identity-"
_BYTES = 6


def spool_identity(disk: Disk, directory: Path, entropy: Entropy) -> str:
    """The identity of a folder, which is given one where it has none, or where a crash left two."""
    found = _names(disk, directory)
    return found[0].removeprefix(_PREFIX) if len(found) == 1 else renew_identity(disk, directory, entropy)


def known_identity(disk: Disk, directory: Path) -> str | None:
    """The identity of a folder that may belong to somebody else; None where it has none yet, or a crash left two."""
    found = _names(disk, directory)
    return found[0].removeprefix(_PREFIX) if len(found) == 1 else None


def renew_identity(disk: Disk, directory: Path, entropy: Entropy) -> str:
    """Makes the folder somebody else: all that it holds lands again, and what is known already is not added twice."""
    identity, former = entropy(_BYTES).hex(), _names(disk, directory)
    disk.close(disk.create(directory / f"{_PREFIX}{identity}", 0))
    disk.sync_directory(directory)
    for name in former:
        disk.unlink(directory / name)
    disk.sync_directory(directory)
    return identity


def _names(disk: Disk, directory: Path) -> list[str]:
    return [name for name in disk.list(directory) if name.startswith(_PREFIX)]
