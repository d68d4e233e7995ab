"""How much of a spool has not landed yet, for who looks at the folder while others write to it and land it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from exporter.archive.spool.disk import Disk
from exporter.archive.spool.files import first_of, open_file, spool_files
from exporter.archive.spool.frame import FILE_HEADER_BYTES, Frame, decode_file_header, frame_at, frames_behind
from exporter.archive.spool.identity import known_identity
from exporter.archive.spool.quarantine import Quarantine


@dataclass(frozen=True, slots=True)
class WaitingEntries:
    """What is in spool files and has not landed; size_bytes of its frames."""

    entries: int
    size_bytes: int


def waiting_entries(disk: Disk, spools: Path, offsets: Mapping[str, int]) -> WaitingEntries:
    """Of all spools in a folder, without their locks; `offsets` by origin, as the ledger has them.

    What is written or lands meanwhile may be counted or not.
    """
    frames = [
        frame
        for slot in disk.folders(spools)
        for frame in _frames_after(disk, spools / slot, _landed(disk, spools / slot, offsets))
    ]
    return WaitingEntries(len(frames), sum(frames))


def _landed(disk: Disk, directory: Path, offsets: Mapping[str, int]) -> int:
    """The last sequence of a spool that needs no landing any more."""
    identity = known_identity(disk, directory)
    if identity is None:
        return 0
    origin_end = f"/{directory.name}/{identity}"
    landed = max((offsets[origin] - 1 for origin in offsets if origin.endswith(origin_end)), default=0)
    return max(landed, Quarantine(disk, directory).last_entry(identity))


def _frames_after(disk: Disk, directory: Path, landed: int) -> Iterator[int]:
    """Bytes of each frame with a greater sequence; files that end before are not opened."""
    names = spool_files(disk, directory)
    behind = [first_of(later) for _, later in pairwise(names)]
    for name, next_first in zip(names, [*behind, landed + 2], strict=False):
        if next_first > landed + 1:
            yield from _frames_in(disk, directory / name, landed)


def _frames_in(disk: Disk, path: Path, landed: int) -> Iterator[int]:
    handle = open_file(disk, path)
    if handle is None:
        return
    try:
        data = disk.read(handle, 0, disk.size_of(handle))
    finally:
        disk.close(handle)
    header = decode_file_header(data, first_of(path.name))
    if header is None:
        return
    end, sequence = FILE_HEADER_BYTES, header.first
    while (frame := _next_frame(data, end, header.salt, sequence)) is not None:
        if frame.sequence > landed:
            yield frame.end - frame.start
        end, sequence = frame.end, frame.sequence + 1


def _next_frame(data: bytes, offset: int, salt: bytes, sequence: int) -> Frame | None:
    """The frame at an offset, or the next one that is whole."""
    frame = frame_at(data, offset, salt, sequence)
    return frame if isinstance(frame, Frame) else next(frames_behind(data, offset, salt, sequence), None)
