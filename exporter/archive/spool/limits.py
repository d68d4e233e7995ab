"""How much a spool takes: of the disk, and of memory."""

from __future__ import annotations

from dataclasses import dataclass

from exporter.errors import InvalidSettings

MIB = 2**20


@dataclass(frozen=True, slots=True)
class SpoolLimits:
    """The sizes of one spool folder and of the queue before it.

    spool_bytes   : of all its files; beyond it an entry is refused until what is there has landed.
    file_bytes    : taken from the disk for a file before it is written to; an entry that is larger gets its own file.
    queue_entries : waiting for their flush, and queue_bytes theirs; beyond either an entry is refused.
    group_bytes   : the most that is written before a flush, beyond which only a single entry goes.
    retry_s       : how long every entry is refused after the disk, or the spool, was full.
    """

    spool_bytes: int = 4096 * MIB
    file_bytes: int = 64 * MIB
    queue_entries: int = 16_384
    queue_bytes: int = 128 * MIB
    group_bytes: int = 16 * MIB
    retry_s: float = 1.0

    def __post_init__(self) -> None:
        if 2 * self.file_bytes > self.spool_bytes:
            raise InvalidSettings(
                f"a spool of {self.spool_bytes:,} bytes with files of {self.file_bytes:,}: "
                "the limit of the spool must be at least two files, as the newest file is never deleted"
            )

    @property
    def entry_bytes(self) -> int:
        """The largest entry: a file with it and the file before it fit into the spool."""
        return self.spool_bytes // 2 - 64
